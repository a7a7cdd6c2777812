"""Further models of a run beside its triple, as the database holds them.

columns  what they are called
views    a companion in the place of a role
checks   what must be true of them before anything of them is shown
names    what the models of the triple are called beside them
writer   claim companions, commit batches, finish
sums     which sentences still lack the numbers of one
"""

from __future__ import annotations

from rdpt_core.store.companions.columns import COLUMN_TYPES as COLUMN_TYPES
from rdpt_core.store.companions.columns import add_columns as add_columns
from rdpt_core.store.companions.columns import are_companions as are_companions
from rdpt_core.store.companions.columns import column as column
from rdpt_core.store.companions.columns import name_of as name_of
from rdpt_core.store.companions.columns import quoted as quoted
from rdpt_core.store.companions.views import SeenRun as SeenRun
from rdpt_core.store.companions.views import own_role as own_role
from rdpt_core.store.companions.views import see as see
from rdpt_core.store.companions.views import unsee as unsee
