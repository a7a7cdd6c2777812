"""What must be true of a database before anything of it is shown: it may come from anywhere.

Tables must be ours, what is written as JSON must be what it should be, numbers must be in range, and the sentences of a
trace must tile it. Whatever is not so makes one error; nothing is repaired, left out or passed on.

parsing     the error, and what is written as JSON
tables      tables and columns
rows        the rows of a run
tokens      the tokens of a trace
importance  how important its sentences are
overlap     how far they stand in training texts
"""

from __future__ import annotations

from rdpt_core.store.soundness.parsing import damaged as damaged
from rdpt_core.store.soundness.parsing import parsed as parsed
from rdpt_core.store.soundness.parsing import parsed_environment as parsed_environment
from rdpt_core.store.soundness.parsing import parsed_messages as parsed_messages
from rdpt_core.store.soundness.rows import check_count as check_count
from rdpt_core.store.soundness.rows import check_end as check_end
from rdpt_core.store.soundness.rows import check_run as check_run
from rdpt_core.store.soundness.rows import check_texts as check_texts
from rdpt_core.store.soundness.rows import check_words as check_words
from rdpt_core.store.soundness.tables import check_tables as check_tables
from rdpt_core.store.soundness.tokens import check_token_ends as check_token_ends
from rdpt_core.store.soundness.tokens import checked_tokens as checked_tokens
