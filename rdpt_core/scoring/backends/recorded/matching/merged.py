"""Tokens of which only the last one's logprob was kept.

llama.cpp writes one entry for a character that took several tokens: the text is the whole character's, the id and the
logprob are those of its last piece. The others are lost, and so is the logprob of the character.

With the model's vocabulary, the id of such an entry is seen to stand for less than the entry's text. Without it, the
server's count tells that tokens are missing, and any entry that holds a character of several bytes may be short of
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import Bools
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Recording
from rdpt_core.scoring.backends.recorded.spelling import spelled_ids

_SERVER = "llama.cpp"


@dataclass(frozen=True, slots=True)
class Merged:
    """Which entries may be short of tokens, and why. Shape of `is_short`: (n_tokens,)."""

    is_short: Bools
    detail: str


def merged_tokens(recording: Recording, vocabulary: Mapping[int, str] | None) -> Merged | None:
    """The entries whose logprob may be that of a character's last token alone; None if there are none."""
    entries = _entries(recording)
    if entries is None:
        return None
    is_wide = np.array([not entry.isascii() for entry in entries], dtype=bool)
    if not is_wide.any():
        return None
    is_short = _by_ids(recording, entries, is_wide, vocabulary)
    if is_short is None:
        is_short = is_wide if _counts_tell(recording, entries) else np.zeros_like(is_wide)
        how = "may be such; with `tokenizer`, ids can tell"
    else:
        how = "are such, as their ids tell"
    if not is_short.any():
        return None
    first = int(np.flatnonzero(is_short)[0])
    made = "an unknown number of" if recording.n_generated is None else f"{recording.n_generated:,}"
    text = entries[first].decode("utf-8", "replace")
    return Merged(
        is_short,
        f"{made} tokens were made, {len(recording):,} are recorded: {_SERVER} writes a character of several tokens "
        f"down with the logprob of its last token alone; {int(is_short.sum()):,} tokens {how} (the first: token "
        f"{first}, {text!r})",
    )


def _entries(recording: Recording) -> Sequence[bytes] | None:
    """The bytes of every entry, if the record can be llama.cpp's. Who writes pieces apart does not merge them."""
    server = None if recording.sampling is None else recording.sampling.server
    if server not in (None, _SERVER) or recording.is_prompt or recording.fault is not None:
        return None
    if recording.raw is None and (recording.texts is None or server != _SERVER):
        return None
    entries = recording.raw if recording.raw is not None else [text.encode() for text in recording.texts or ()]
    if server != _SERVER and (any(_is_piece(entry) for entry in entries) or (recording.token_id == UNKNOWN_ID).any()):
        return None
    return entries


def _is_piece(entry: bytes) -> bool:
    try:
        entry.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _by_ids(
    recording: Recording, entries: Sequence[bytes], is_wide: Bools, vocabulary: Mapping[int, str] | None
) -> Bools | None:
    """Entries that are more than their id stands for; None if ids do not tell, as those of another tokenizer."""
    if vocabulary is None or (recording.token_id == UNKNOWN_ID).any():
        return None
    for spelled in spelled_ids(recording.token_id, vocabulary):
        is_own = np.array([_is_own(entry, own) for entry, own in zip(entries, spelled, strict=True)], dtype=bool)
        is_last = [_is_last_piece(entry, own) for entry, own in zip(entries, spelled, strict=True)]
        is_short: Bools = is_wide & ~is_own & np.array(is_last, dtype=bool)
        # The entry of an end-of-text has no text, whatever its id stands for.
        is_empty = np.array([not entry for entry in entries], dtype=bool)
        if bool((is_own | is_short | is_empty).all()):
            return is_short
    return None


def _is_own(entry: bytes, own: bytes | None) -> bool:
    return own is not None and entry.removeprefix(b" ") == own.removeprefix(b" ")


def _is_last_piece(entry: bytes, own: bytes | None) -> bool:
    """Whether a token's own bytes are the end of an entry and begin inside a character of it."""
    return bool(own) and own is not None and own[0] & 0xC0 == 0x80 and len(own) < len(entry) and entry.endswith(own)


def _counts_tell(recording: Recording, entries: Sequence[bytes]) -> bool:
    """Whether tokens are missing that merging explains, or may be, where llama.cpp's own count is lost.

    A stream has no entry for the token that ends it, so that one missing token may be that. It may as well be a piece,
    so that it is proof of nothing, and all that is in doubt stays so.
    """
    is_known = recording.sampling is not None and recording.sampling.server == _SERVER
    if recording.n_generated is None:
        return is_known
    n_missing = recording.n_generated - len(recording)
    if n_missing < 1 or is_known:
        return n_missing >= 1
    # Counts differ for other reasons, too: hidden reasoning is counted. A piece has a byte at least.
    most = sum(len(entry) - 1 for entry in entries if not entry.isascii())
    return n_missing <= most + 1
