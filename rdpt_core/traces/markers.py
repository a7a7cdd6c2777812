"""Marks of format: the text by which templates tell thinking, answers and turns apart. It is written, but no reasoning.

One expression knows them. It is written in what Python and RE2 share, so that a database can ask it of stored texts.
"""

from __future__ import annotations

import re

from rdpt_core.traces.splitters.scan import ANSWER_TAGS, HEADER_NAMES, HEADER_TOKENS, THINKING_TAGS
from rdpt_core.traces.thinking import TAGS

# Longer than every token that opens a header.
_LEAD = 24
# Between a span and what stands before it. A span that holds this control character is no mark.
_CUT = r"\x1f"
_SPACE = r"[\t\n\v\f\r ]*"

_OPENS_HEADER = rf"(?:<\|(?:{HEADER_TOKENS})\|>|<\|(?:channel|turn)>|<start_of_turn>)"
_HEADER = rf"(?:{HEADER_NAMES})(?: to=[A-Za-z0-9_.-]{{1,60}})?"
# No two of these may match the same text, or a long row of them would be tried in every combination.
_FORMS = (
    rf"</?(?:[a-z]{{1,16}}:)?(?i:{THINKING_TAGS})(?::[a-z]{{1,16}})?>|</?(?i:{ANSWER_TAGS})>",
    r"<\|[A-Za-z][A-Za-z0-9_ ]{2,38}\|>",
    r"<｜[^｜<>\n]{1,40}｜>",
    r"<\|(?:channel|turn|think)>|<(?:channel|turn)\|>",
    r"<(?:start|end)_of_turn>|</?s>|<[be]os>",
    rf"{_OPENS_HEADER}{_SPACE}{_HEADER}",
)


def _one_marker() -> str:
    """An expression for one marker: the forms above, and whatever tags of `thinking` none of them knows."""
    known = re.compile(rf"(?:(?:{'|'.join(_FORMS)}){_SPACE})+")
    tags = dict.fromkeys(tag.strip() for pair in TAGS for tag in pair)
    return "|".join((*_FORMS, *(re.escape(tag) for tag in tags if not known.fullmatch(tag))))


_MARKER = _one_marker()
_PATTERN = (
    rf"[^{_CUT}]*{_CUT}{_SPACE}(?:(?:{_MARKER}){_SPACE})+"
    rf"|[^{_CUT}]*{_OPENS_HEADER}{_SPACE}{_CUT}{_SPACE}{_HEADER}{_SPACE}"
)
_MARK = re.compile(_PATTERN)


def is_mark(response: str, char_start: int, char_end: int) -> bool:
    """Whether a span of a response holds markers, the space around them, and nothing else.

    The name in a header (`assistant`, `analysis`) counts if the token that opens the header stands before the span.
    """
    before = response[max(0, char_start - _LEAD) : char_start]
    return _MARK.fullmatch(f"{before}\x1f{response[char_start:char_end]}") is not None


# Finding a place in a text takes DuckDB longer than all the rest, so it looks only where a response holds a marker.
_BEFORE = f"least(char_start, {_LEAD})"
_PIECE = f"substring(response, char_start - {_BEFORE} + 1, char_end - char_start + {_BEFORE})"
IS_MARK_SQL = (
    f"regexp_matches(response, '{_MARKER}') AND regexp_full_match("
    f"left({_PIECE}, {_BEFORE}) || chr(31) || substring({_PIECE}, {_BEFORE} + 1), '{_PATTERN}')"
)
"""`is_mark` in DuckDB's SQL, over columns of these names."""
