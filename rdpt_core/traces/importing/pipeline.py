"""Import: files of any known format in, canonical traces out.

    named files, each once → recognition (container, format) → format (records to drafts) → normalisation (traces)
    → checksums

Nothing is dropped in silence: a record that cannot become a trace goes to the reject log, a file of a folder that is
no traces file goes into the report with the reason, and a file that was named and cannot be read is an error. Nothing
is altered: the characters of each response are counted and hashed as the source gave them and again as the trace
holds them, without the markup that was put back around reasoning.

Memory: one record, and two entries a trace, for its id and to know its copies; formats that gather say so in their
files.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Reject, Trace
from rdpt_core.traces.canonical.rejects import RejectSink
from rdpt_core.traces.files.bundles import with_members
from rdpt_core.traces.files.limits import is_bomb
from rdpt_core.traces.files.named_files import named_files
from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.formats import FORMATS, format_named
from rdpt_core.traces.formats import pairs as pairs_format
from rdpt_core.traces.formats.base import Draft, Format, RecordError, why
from rdpt_core.traces.formats.fields import whole
from rdpt_core.traces.grading.first_use import GraderOnFirstUse
from rdpt_core.traces.importing.checksums import ResponseChecksums, encoded_pieces
from rdpt_core.traces.importing.copies import CopyError
from rdpt_core.traces.importing.ids import IdRegistry
from rdpt_core.traces.importing.normalisation import Normaliser
from rdpt_core.traces.importing.recognition import OpenedFile, Recogniser
from rdpt_core.traces.importing.repeats import without_repeats
from rdpt_core.traces.importing.report import FileReport, ImportReport
from rdpt_core.traces.importing.thinking_seen import ThinkingSeen

__all__ = [
    "DEFAULTS",
    "FileReport",
    "ImportReport",
    "import_source",
    "import_traces",
    "list_formats",
    "parse_column_map",
]

DEFAULTS = ("benchmark", "domain", "model", "difficulty", "question")
"""What a user may say for traces whose source does not say it."""


OnTrace = Callable[[FileReport, int], None]
"""Called with the report of a file and the line of it that a trace stands on."""


def list_formats() -> list[tuple[str, str]]:
    """(name, one line) of every format, for help texts."""
    return [(known.name, known.title) for known in FORMATS]


def import_traces(
    sources: Sequence[Path | Literal["-"]],
    *,
    format: str | None = None,
    column_map: Mapping[str, str] | None = None,
    grade: bool = True,
    check_verdicts: bool = False,
    defaults: Mapping[str, str] | None = None,
    outputs: Sequence[Path] = (),
    keep_copies: bool = False,
    rejects: RejectSink,
    report: ImportReport | None = None,
    on_trace: OnTrace | None = None,
) -> Iterator[Trace]:
    """Traces of files, folders or standard input (`-`), in the order in which they were named.

    Arguments are checked and named files are opened before the first trace; the rest happens while it is drawn.

    Args:
        sources: files and folders; a folder stands for every file in it, sorted, hidden ones left out.
        format: the name of a format, for all files; None recognises each by its content.
        column_map: the file's column for each of our names, such as `{"question": "prompt"}`. Implies `pairs`.
        grade: set `correct` where there is a gold answer and no verdict.
        check_verdicts: grade what the source has a verdict on as well, into `meta`; the verdict stays.
        defaults: see `DEFAULTS`; used where the source says nothing.
        outputs: the files that the import writes, which are no sources where they lie in a folder.
        keep_copies: keep traces that are an earlier one again, see `CopyRegistry`.
        rejects: takes every record that became no trace.
        report: filled with counts, hashes and refusals.
        on_trace: called before each trace with the report of its file and the line that it stands on.

    Raises:
        UsageError: an argument names something that does not exist, or two contradict each other.
        InputError: a named file cannot be read or is in no known format; or nothing in a folder is.
        MissingPackageError: a package that a file or the grading needs is not installed.
    """
    forced = _forced(format, column_map)
    defaults = {name: value for name, value in (defaults or {}).items() if value}
    unknown = set(defaults) - set(DEFAULTS)
    if unknown:
        raise UsageError("there is no such default", where=", ".join(sorted(unknown)), expected=", ".join(DEFAULTS))
    if not sources:
        raise UsageError("there is nothing to import", expected="at least one file or folder, or - for standard input")
    report = ImportReport() if report is None else report
    named = itertools.chain.from_iterable(named_files(source) for source in sources)
    files = without_repeats(with_members(without_repeats(named, outputs, report)), (), report)
    importing = _Import(
        forced,
        dict(column_map or {}),
        defaults,
        rejects,
        report,
        grade,
        check_verdicts=check_verdicts,
        keep_copies=keep_copies,
        on_trace=on_trace,
    )
    return importing.traces(files)


def parse_column_map(text: str) -> dict[str, str]:
    """`question=prompt,response=output` as a column map.

    Raises:
        UsageError: a part is not of the form `name=column`, or names one of our fields twice.
    """
    columns: dict[str, str] = {}
    for part in text.split(","):
        name, sign, column = (piece.strip() for piece in part.partition("="))
        if not (name and sign and column) or name in columns:
            raise UsageError("--map cannot be read", where=part, expected="name=column, each name once")
        columns[name] = column
    return columns


def import_source(
    source: Source, rejects: RejectSink, *, grade: bool = False, format: str | None = None
) -> Iterator[Trace]:
    """Traces of one source that is no file, such as bytes in memory.

    Raises:
        RdptError: as `import_traces`.
    """
    return _Import(_forced(format, None), {}, {}, rejects, ImportReport(), grade).traces([(source, True)])


def _forced(format: str | None, column_map: Mapping[str, str] | None) -> Format | None:
    if not column_map:
        return format_named(format) if format is not None else None
    if format not in (None, pairs_format.FORMAT.name):
        raise UsageError("--map goes with the format pairs only", got=str(format))
    unknown = set(column_map) - set(pairs_format.NAMES)
    if unknown:
        names = ", ".join(pairs_format.NAMES)
        raise UsageError(
            "--map names a field that traces do not have", where=", ".join(sorted(unknown)), expected=names
        )
    return pairs_format.FORMAT


def _check_columns(file: OpenedFile) -> None:
    """A column that no record has is a slip: what was guessed in its place is not what was asked for."""
    missing = set(file.context.column_map.values()) - file.context.columns_found
    if missing and file.report.n_records:
        raise InputError(
            "--map names a column that no record has",
            where=file.source.name,
            expected="a column of the file",
            got=", ".join(sorted(missing)),
        )


def _count_copy(entry: FileReport, line: int, copy: CopyError) -> None:
    entry.n_copies += 1
    entry.n_copies_with_other_verdict += copy.has_other_verdict
    entry.copy = entry.copy or f"record {line} is {copy.first} again"


def _count_left_out(entry: FileReport, draft: Draft) -> None:
    """What the source holds beside the text of a response, and `meta` only counts or names."""
    left_out = draft.meta.get("left_out")
    entry.n_fields_left_out += len(left_out) if isinstance(left_out, list) else 0
    entry.n_parts_left_out += whole(draft.meta.get("parts_that_are_no_text")) or 0


class _Import:
    """One import: it draws the files one after the other, and sends what becomes no trace to the rejects."""

    def __init__(
        self,
        forced: Format | None,
        column_map: Mapping[str, str],
        defaults: Mapping[str, str],
        rejects: RejectSink,
        report: ImportReport,
        grade: bool,
        check_verdicts: bool = False,
        keep_copies: bool = False,
        on_trace: OnTrace | None = None,
    ) -> None:
        self._recogniser = Recogniser(forced, column_map, report)
        self._defaults = defaults
        self._rejects = rejects
        self._report = report
        self._grade = grade
        self._check_verdicts = check_verdicts
        self._thinking = ThinkingSeen()
        self._ids = IdRegistry(keep_copies)
        self._on_trace = on_trace

    def traces(self, files: list[tuple[Source, bool]]) -> Iterator[Trace]:
        opened: list[OpenedFile] = []
        lost: list[tuple[FileReport, Bad]] = []
        for source, is_named in files:
            file = self._recogniser.open(source, is_named)
            if file is not None:
                opened.append(file)
            elif source.trouble is not None:  # what lies in an archive and cannot be had may well be traces
                lost.append((self._report.files[-1], Bad(0, str(source.trouble), "")))
        if not opened:
            reasons = [why for file in self._report.files if (why := file.refused or file.left_out) is not None]
            raise InputError(
                "there are no traces in what was named",
                where=", ".join(file.name for file in self._report.files[:3]),
                got=reasons[0] if reasons else "requests without answers",
            )
        return self._drawn(opened, lost)

    def _drawn(self, opened: list[OpenedFile], lost: list[tuple[FileReport, Bad]]) -> Iterator[Trace]:
        for entry, bad in lost:
            self._reject(entry, bad)
        with GraderOnFirstUse() as grader:
            checker = grader if self._check_verdicts else None
            normaliser = Normaliser(self._defaults, grader if self._grade else None, checker, self._ids)
            while opened:
                file = opened.pop(0)
                try:
                    yield from self._file(file, normaliser)
                except InputError as error:
                    # A file that turns out to be damaged half-way must not cost the rest of its folder.
                    if file.is_named:
                        raise
                    self._reject(file.report, Bad(0, f"{error}; nothing after it was read", ""))
                self._report.models_without_thinking = dict(self._thinking.missing())

    def _file(self, file: OpenedFile, normaliser: Normaliser) -> Iterator[Trace]:
        entry, context = file.report, file.context
        # Recognition has read the first records already.
        context.lists_cut.clear()
        context.set_aside.clear()
        checksums = ResponseChecksums(entry)
        try:
            yield from self._checked(file, normaliser, checksums)
        finally:
            checksums.finish()
        entry.lists_cut = {path: list(counts) for path, counts in context.lists_cut.items()}
        entry.n_other_records, entry.other_records = context.set_aside.total(), dict(context.set_aside)

    def _checked(self, file: OpenedFile, normaliser: Normaliser, checksums: ResponseChecksums) -> Iterator[Trace]:
        entry, size = file.report, file.source.size()
        for line, draft, original in self._drafts(file):
            counts = entry.counts()
            try:
                trace = normaliser.trace(draft, line, file)
                pieces = encoded_pieces(trace, draft)
            except CopyError as copy:
                entry.take_back(counts)
                _count_copy(entry, line, copy)
                continue
            except (RecordError, RecursionError) as error:
                entry.take_back(counts)
                self._reject(entry, Bad(line, why(error), original or snippet(draft.response.text)))
                continue
            self._ids.settle()
            checksums.add(trace, draft, pieces)
            self._thinking.add(trace)
            if draft.meta:
                _count_left_out(entry, draft)
            if is_bomb(size, entry.characters_out):
                raise InputError(
                    "a file yields far more text than it has bytes",
                    where=file.source.name,
                    got=f"{entry.characters_out} characters of {size} bytes so far",
                )
            if self._on_trace is not None:
                self._on_trace(entry, line)
            yield trace

    def _drafts(self, file: OpenedFile) -> Iterator[tuple[int, Draft, str]]:
        """Drafts with the line that they stand on and the record's text; what cannot become one is rejected."""
        chosen, entry = file.format, file.report
        made: Iterator[tuple[int, Draft | Bad, str]]
        if chosen.gather is not None:
            gathered = chosen.gather(self._readable(file), file.context)
            made = ((item.line or 0, item, "") for item in gathered)
        else:
            made = self._read_each(file)
        for line, item, original in made:
            if isinstance(item, Bad):
                self._reject(entry, item)
            else:
                yield item.line or line, item, original

    def _readable(self, file: OpenedFile) -> Iterator[Record]:
        for record in file.records:
            if isinstance(record, Bad):
                self._reject(file.report, record)
            else:
                file.report.n_records += 1
                yield record

    def _read_each(self, file: OpenedFile) -> Iterator[tuple[int, Draft | Bad, str]]:
        read = file.format.read
        if read is None:
            return
        for record in self._readable(file):
            try:
                for item in read(record, file.context):
                    yield record.line, item, record.text
            except (RecordError, RecursionError) as error:
                yield record.line, Bad(record.line, why(error), record.text or snippet(record.value)), ""
        _check_columns(file)

    def _reject(self, entry: FileReport, bad: Bad) -> None:
        entry.n_rejects += 1
        self._rejects.add(Reject(entry.name, bad.line, bad.reason, bad.text))
