"""All recordings of a role's files, and which of them may hold the response of a trace.

A recording is found by the trace's id, or else by its text. Only the alignment decides.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from rdpt_core.errors import InputError
from rdpt_core.records import Role, Trace
from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.matching.texts import TextIndex, text_key
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.rows import RowReader, is_row
from rdpt_core.scoring.backends.recorded.spelling import spellings
from rdpt_core.traces.files.containers import open_container
from rdpt_core.traces.files.record import Bad
from rdpt_core.traces.files.source import Source

_LOGGER = logging.getLogger(__name__)


class Library:
    """Recordings, looked up by trace."""

    def __init__(self, recordings: Sequence[Recording], vocabulary: Mapping[int, str] | None) -> None:
        self.recordings = recordings
        self._by_key: dict[str, list[int]] = {}
        self._texts = TextIndex()
        for number, recording in enumerate(recordings):
            for key in recording.keys:
                self._by_key.setdefault(key, []).append(number)
            spelled = spellings(recording, vocabulary)
            if spelled:
                # The most particular reading of the tokens, which is plain text where there is nothing particular.
                self._texts.add(number, spelled[-1], is_prompt=recording.is_prompt)

    def candidates(self, trace: Trace) -> list[int]:
        """Numbers of the recordings that may hold this response, the likeliest kind only."""
        named = self._by_key.get(trace.trace_id)
        if named:
            return named
        key = text_key(trace.response)
        return self._texts.whole(key) or self._texts.partly(key)

    def cuts_hash(self) -> str:
        """A hash over the tokens that the recorded responses are cut into: equal where all tokens are equal."""
        digest = hashlib.sha256()
        for recording in sorted(self.recordings, key=lambda recording: recording.keys):
            digest.update(json.dumps([recording.keys, recording.texts], ensure_ascii=True).encode())
            for array in (recording.token_id, recording.char_start, recording.char_end):
                digest.update(b"|" if array is None else array.tobytes())
        return digest.hexdigest()[:16]


def read_library(role: Role, files: Sequence[str], vocabulary: Mapping[int, str] | None) -> Library:
    """Read all files of a role. What cannot be read is counted in a warning, and stops nothing.

    Raises:
        InputError: a file cannot be read, or holds no recorded logprobs for this role.
    """
    recordings: list[Recording] = []
    for name in files:
        rows, outputs, bad = RowReader(role), [], []
        for record in open_container(Source(Path(name).name, Path(name))).records():
            source = f"{Path(name).name}:{record.line}"
            if isinstance(record, Bad):
                bad.append(f"{source}: {record.reason}")
            elif is_row(record.value):
                rows.add(record.value, source)
            else:
                streams = recordings_of(record.value, source)
                outputs += streams
                if not streams:
                    bad.append(f"{source}: no logprobs in a form that is known")
        rows.finish()
        if not outputs and not rows.finished:
            other = f"; {rows.n_other_roles:,} rows of other roles" if rows.n_other_roles else ""
            raise InputError(
                "there are no recorded logprobs in this file",
                where=name,
                expected="rows of `export --what tokens`, or outputs of vLLM, SGLang, TGI or OpenAI with logprobs, "
                f"for the role {role}",
                got=(bad[0] if bad else "nothing") + other,
            )
        if bad:
            _LOGGER.warning("%s records of %s hold no logprobs, the first: %s", f"{len(bad):,}", name, bad[0])
        recordings += outputs + rows.finished
    return Library(recordings, vocabulary)
