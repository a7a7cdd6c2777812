"""All recordings of a role's files, and which of them may hold the response of a trace.

A recording is found by the trace's id, by the name from which `import` made that id, or by its text. Only the alignment
decides.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from rdpt_core.errors import InputError
from rdpt_core.records import Trace
from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of, why_none
from rdpt_core.scoring.backends.recorded.matching.texts import TextIndex, text_key
from rdpt_core.scoring.backends.recorded.recording import UNKNOWN_ID, Recording
from rdpt_core.scoring.backends.recorded.requests import Requests
from rdpt_core.scoring.backends.recorded.rows import RowReader, is_row
from rdpt_core.scoring.backends.recorded.spelling import spellings
from rdpt_core.scoring.backends.recorded.streams.reader import StreamReader
from rdpt_core.traces.files.containers import open_container
from rdpt_core.traces.files.record import Bad
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.importing.ids import in_ids

_LOGGER = logging.getLogger(__name__)

_N_COMPARED = 100


class Library:
    """Recordings, looked up by trace. `unspelled` are the numbers of those that nothing says the text of."""

    def __init__(self, recordings: Sequence[Recording], vocabulary: Mapping[int, str] | None) -> None:
        self.recordings = recordings
        self.unspelled: list[int] = []
        self._by_key: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._texts = TextIndex()
        for number, recording in enumerate(recordings):
            for key in recording.keys:
                self._by_key.setdefault(key, []).append(number)
                for name in {key, in_ids(key)}:
                    self._by_name.setdefault(name, []).append(number)
            spelled = spellings(recording, vocabulary)
            if not spelled and recording.char_start is None and recording.fault is None:
                self.unspelled.append(number)
            if spelled:
                # The most particular reading of the tokens, which is plain text where there is nothing particular.
                self._texts.add(number, spelled[-1], is_prompt=recording.is_prompt)

    def candidates(self, trace: Trace) -> list[int]:
        """Numbers of the recordings that may hold this response, the likeliest kind only."""
        if trace.trace_id in self._by_key:
            return self._by_key[trace.trace_id]
        key = text_key(trace.response)
        named, alike = self._named_like(trace), self._texts.whole(key)
        return [number for number in alike if number in named] or alike or named or self._texts.partly(key)

    def _named_like(self, trace: Trace) -> list[int]:
        """Recordings under the name that the trace's source gave it, from which `import` makes ids."""
        benchmark = f"{in_ids(trace.benchmark)}-"
        names = [name.removeprefix(benchmark) for name in (trace.trace_id, trace.question_id)]
        names.append(names[0].removesuffix(f"-s{trace.sample}"))
        return list(dict.fromkeys(number for name in names for number in self._by_name.get(name, ())))

    def cuts_hash(self) -> str:
        """A hash over the tokens that the recorded responses are cut into: equal where all tokens are equal."""
        digest = hashlib.sha256()
        for recording in sorted(self.recordings, key=lambda recording: recording.keys):
            digest.update(json.dumps([recording.keys, recording.texts], ensure_ascii=True).encode())
            for array in (recording.token_id, recording.char_start, recording.char_end):
                digest.update(b"|" if array is None else array.tobytes())
        return digest.hexdigest()[:16]


def read_library(role: str, files: Sequence[str], vocabulary: Mapping[int, str] | None) -> Library:
    """Read all files of a role. What cannot be read is counted in a warning, and stops nothing.

    Raises:
        InputError: a file cannot be read, or holds no recorded logprobs for this role.
    """
    recordings: list[Recording] = []
    requests = Requests()
    for name in files:
        n_requests = len(requests.sources)
        rows, parts, outputs, bad = RowReader(role), StreamReader(), [], []
        for record in open_container(Source(Path(name).name, Path(name))).records():
            source = f"{Path(name).name}:{record.line}"
            if isinstance(record, Bad):
                bad.append(f"{source}: {record.reason}")
            elif is_row(record.value):
                rows.add(record.value, source)
            elif not parts.add(record.value, source):
                streams = recordings_of(record.value, source)
                outputs += streams
                if not streams and not requests.add(record.value, source):
                    bad.append(f"{source}: {why_none(record.value)}")
        rows.finish()
        parts.finish()
        outputs += parts.finished
        bad += [f"{source}: a stream without logprobs" for source in parts.silent]
        if not outputs and not rows.finished and len(requests.sources) == n_requests:
            other = f"; {rows.n_other_roles:,} rows of other roles" if rows.n_other_roles else ""
            raise InputError(
                "there are no recorded logprobs in this file",
                where=name,
                expected=f"rows of `export --what tokens` for the role {role}, or logprobs in a form that is listed in "
                "docs/served.md",
                got=(bad[0] if bad else "nothing") + other,
            )
        if bad:
            _LOGGER.warning("%s records of %s hold no logprobs, the first: %s", f"{len(bad):,}", name, bad[0])
        recordings += outputs + rows.finished
    if requests.sources and not recordings:
        raise InputError(
            "there are requests, and no recorded logprobs",
            where=files[0],
            expected="the replies to them, with their logprobs",
            got=f"{len(requests.sources):,} requests, the first: {requests.sources[0]}",
            hint="Give the file of replies beside that of requests.",
        )
    recordings = requests.completed(recordings)
    library = Library(recordings, vocabulary)
    if recordings and len(library.unspelled) == len(recordings):
        raise InputError(
            "nothing says which text the recorded tokens stand for",
            where=recordings[0].source,
            expected="tokens with their texts, or ids and the tokenizer that made them",
            got="ids alone" if vocabulary is None else "neither texts nor ids that this tokenizer knows",
            hint="Give the role's tokenizer: `tokenizer = …` in its table, or recorded:FILE,tokenizer=FOLDER.",
        )
    _check_vocabulary(role, recordings, vocabulary)
    return library


def _check_vocabulary(role: str, recordings: Sequence[Recording], vocabulary: Mapping[int, str] | None) -> None:
    """Warn if the first recorded tokens have other texts than the tokenizer's of these ids: the ids are believed, and
    those of another tokenizer spell nothing that any trace has."""
    pairs = (
        (_letters(vocabulary.get(int(token_id), "")), _letters(text))
        for recording in recordings[:_N_COMPARED]
        for token_id, text in zip(recording.token_id, recording.texts or (), strict=False)
        if vocabulary is not None and token_id != UNKNOWN_ID and not text.startswith("token_id:")
    )
    same = [theirs == ours for theirs, ours in pairs if ours]
    if same and sum(same) < len(same) / 2:
        _LOGGER.warning(
            "%s: %s of %s recorded tokens are other texts than `tokenizer` has for their ids: it is another model's, "
            "or not needed",
            role,
            f"{len(same) - sum(same):,}",
            f"{len(same):,}",
        )


def _letters(text: str) -> str:
    """What of a token is the same however vocabularies write it."""
    return "".join(sign for sign in text if sign.isascii() and sign.isalnum())
