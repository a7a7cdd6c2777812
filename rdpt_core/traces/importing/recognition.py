"""Opening files: which container, which format, and what must be known of a file before its first trace."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rdpt_core.errors import InputError
from rdpt_core.traces.files.containers import open_container
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.formats import FORMATS, SAMPLE_RECORDS, detect
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError
from rdpt_core.traces.formats.openai_chat import request_of
from rdpt_core.traces.formats.pairs import has_mapped_columns
from rdpt_core.traces.formats.requests import Asked
from rdpt_core.traces.importing.report import FileReport, ImportReport
from rdpt_core.traces.importing.unwrapping import is_wrapped, unwrapped
from rdpt_core.traces.thinking import starts_inside_thinking

_MAY_WRAP = ("JSON", "JSON Lines")


@dataclass(slots=True)
class OpenedFile:
    """A file whose format is known, not yet read.

    Attributes:
        closes_thinking: its responses begin inside the thinking, so that one that closes none was cut.
        is_named: the user named the file itself, not only a folder above it.
    """

    source: Source
    report: FileReport
    format: Format
    context: Context
    records: Iterator[Record | Bad]
    closes_thinking: bool
    is_named: bool


class Recogniser:
    """Opens the files of one import. Prompts of batch requests are kept for all of its files.

    Args:
        forced: the format of all files; None recognises each by its content.
        column_map: the user's own column names.
        report: gets an entry for every file that is looked at.
    """

    def __init__(self, forced: Format | None, column_map: Mapping[str, str], report: ImportReport) -> None:
        self._forced = forced
        self._column_map = column_map
        self._report = report
        self._requests: dict[str, Asked] = {}

    def open(self, source: Source, is_named: bool) -> OpenedFile | None:
        """Recognise a file. Of a folder's file that holds no traces, the report keeps the reason.

        Returns:
            None if the file holds no traces: it was refused, or it holds the requests of a batch.

        Raises:
            InputError: the file was named itself, and it cannot be read or is in no known format.
        """
        entry = FileReport(source.name)
        self._report.files.append(entry)
        try:
            container = open_container(source)
            entry.container = container.kind
            records = container.records()
            first = list(itertools.islice(records, SAMPLE_RECORDS))
            requests = _requests_in(itertools.chain(first, records), first)
            if requests:
                self._requests.update(requests)
                entry.format, entry.n_requests = "batch requests", len(requests)
                return None
            is_inside = container.kind in _MAY_WRAP and is_wrapped(first, self._claims)
            numbered = container.kind == "JSON"
            if is_inside:
                inner = unwrapped(container.records(), self._claims, numbered)
                first = list(itertools.islice(inner, SAMPLE_RECORDS))
            chosen = self._forced or detect(first, source.name, container.kind)
        except InputError as error:
            if is_named:
                raise
            entry.refused = str(error)
            return None
        entry.format = chosen.name
        # Open files are few this way, however many a folder has: what was read for recognition is read again.
        context = Context(source.name, source.path, self._column_map, self._requests)
        closes_thinking = _closes_thinking(chosen, first, context)
        records = container.records()
        if is_inside:
            records = unwrapped(records, self._claims, numbered, (chosen, context))
        return OpenedFile(source, entry, chosen, context, records, closes_thinking, is_named)

    def _claims(self, value: Any) -> bool:
        """Whether a value is a record, of the format that was asked for or of any."""
        if self._column_map:
            return has_mapped_columns(value, self._column_map)
        return any(known.detect(value) for known in ((self._forced,) if self._forced is not None else FORMATS))


def _closes_thinking(chosen: Format, first: list[Record | Bad], context: Context) -> bool:
    """Whether the file's responses begin inside the thinking: at least half of the first ones close what none opens.

    Then one that closes nothing was cut, although nothing in it says so.
    """
    read = chosen.read
    if read is None:
        return False
    drafts: list[Draft] = []
    for record in first:
        if not isinstance(record, Record):
            continue
        try:
            drafts += [item for item in read(record, context) if isinstance(item, Draft)]
        except (RecordError, RecursionError):
            continue
        if len(drafts) > SAMPLE_RECORDS:
            break
    texts = [draft.response.text for draft in drafts]
    return len(texts) >= 4 and 2 * sum(starts_inside_thinking(text) for text in texts) >= len(texts)


def _requests_in(records: Iterator[Record | Bad], first: list[Record | Bad]) -> dict[str, Asked]:
    """The prompts of a batch request file by `custom_id`; empty if the file is none."""
    if not any(isinstance(record, Record) and request_of(record.value) is not None for record in first[:3]):
        return {}
    pairs = (request_of(record.value) for record in records if isinstance(record, Record))
    return dict(pair for pair in pairs if pair is not None)
