"""From recorded tokens to the bytes that they stand for.

Programs write tokens as text, as the vocabulary has them (`Ġthe`, `▁the`, `<0xE6>`), as escaped bytes, or as ids. A
token whose bytes cannot be known, because it was decoded alone in the middle of a character, is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from rdpt_core.arrays import SmallInts
from rdpt_core.scoring.backends.recorded.recording import Recording

Spelled = Sequence[bytes | None]

_ESCAPED = re.compile(r"bytes:((?:\\x[0-9a-fA-F]{2})+)\Z")
_ID = re.compile(r"token_id:([0-9]{1,18})\Z")
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>\Z")
_REPLACEMENT = "\ufffd"


def _byte_alphabet() -> dict[str, int]:
    """The printable characters with which byte-level vocabularies write the 256 bytes (GPT-2's table)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {**{chr(byte): byte for byte in plain}, **{chr(256 + number): byte for number, byte in enumerate(rest)}}


_BYTE_OF = _byte_alphabet()


def spellings(recording: Recording, vocabulary: Mapping[int, str] | None) -> list[Spelled]:
    """Every way in which the recorded tokens may be meant, the likeliest first."""
    if recording.raw is not None:
        return [list(recording.raw)]
    texts = recording.texts
    named = texts is not None and any(_ID.match(text) for text in texts)
    if named and vocabulary is None:
        return []
    if vocabulary is not None and (named or not bool((recording.token_id < 0).any())):
        if not named or texts is None:
            return spelled_ids(recording.token_id, vocabulary)
        texts = [vocabulary.get(int(match.group(1)), "") if (match := _ID.match(text)) else text for text in texts]
        return [[spell(text) for text in texts] for spell in (_byte_level, _sentencepiece)]
    if texts is None:
        return []
    ways: list[Callable[[str], bytes | None]] = [_plain]
    if not all(text.isascii() for text in texts) and all(sign in _BYTE_OF for text in texts for sign in text):
        ways.append(_byte_level)
    if any("▁" in text or _BYTE.match(text) for text in texts):
        ways.append(_sentencepiece)
    return [[spell(text) for text in texts] for spell in ways]


def spelled_ids(token_id: SmallInts, vocabulary: Mapping[int, str]) -> list[Spelled]:
    """What tokens stand for by their ids alone, in every way in which a vocabulary may be meant."""
    texts = [vocabulary.get(int(one), "") for one in token_id]
    return [[spell(text) for text in texts] for spell in (_byte_level, _sentencepiece)]


def _plain(text: str) -> bytes | None:
    escaped = _ESCAPED.match(text)
    if escaped:
        return bytes.fromhex(escaped.group(1).replace("\\x", ""))
    return None if _REPLACEMENT in text else text.encode("utf-8", "surrogatepass")


def _byte_level(text: str) -> bytes | None:
    """A special token is in the vocabulary as it is; it has signs that the alphabet lacks, such as a space."""
    if all(sign in _BYTE_OF for sign in text):
        return bytes(_BYTE_OF[sign] for sign in text)
    return text.encode("utf-8", "surrogatepass")


def _sentencepiece(text: str) -> bytes | None:
    single = _BYTE.match(text)
    if single:
        return bytes([int(single.group(1), 16)])
    return _plain(text.replace("▁", " "))
