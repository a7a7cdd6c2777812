"""What a pattern is, and what it is called where it has no name."""

from __future__ import annotations

from rdpt_core.store.beside.patterns import HOWS, How, Pattern, SavedPattern

__all__ = ["HOWS", "How", "Pattern", "SavedPattern", "described"]


def described(pattern: Pattern) -> str:
    """What the pattern looks for, in words: `text "wait"`, `opening "so the"`. Hostile text, not shortened."""
    how = pattern.family if pattern.how == "kind" and pattern.family else pattern.how
    exactly = ", case as it is" if pattern.match_case and pattern.how in ("text", "expression") else ""
    return f'{how} "{pattern.value}"{exactly}'
