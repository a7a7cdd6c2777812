"""Import: files of any known format in, canonical traces out.

    source → container (bytes to records) → format (records to drafts) → here: ids, truncation, grade, provenance

Nothing is dropped in silence: a record that cannot become a trace goes to the reject log, a file of a folder that is
no traces file goes into the report with the reason, and a file that was named and cannot be read is an error. Nothing
is altered: the characters of each response are counted and hashed as the source gave them and again as the trace
holds them, without the markup that was put back around reasoning.

Memory: one record, and an entry a trace for the ids; formats that gather say so in their files.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Message, Reject, Trace
from rdpt_core.traces.formats import FORMATS, SAMPLE_RECORDS, detect, format_named
from rdpt_core.traces.formats import pairs as pairs_format
from rdpt_core.traces.formats.base import Bad, Context, Draft, Format, Record, RecordError, snippet, why
from rdpt_core.traces.formats.containers import open_container
from rdpt_core.traces.formats.identity import Names
from rdpt_core.traces.formats.limits import is_bomb
from rdpt_core.traces.formats.openai_chat import request_of
from rdpt_core.traces.formats.reasoning import starts_inside_thinking, truncation
from rdpt_core.traces.formats.source import Source, unreadable
from rdpt_core.traces.grading import Grader

DEFAULTS = ("benchmark", "domain", "model", "difficulty", "question")
"""What a user may say for traces whose source does not say it."""

_BENCHMARKS = re.compile(
    r"(?:^|[^a-z0-9])(aime[-_]?(?:20)?2[0-9]|math[-_]?500|hendrycks_math_500|gsm8k|olympiad[-_]?bench|mmlu[-_]?pro|mmlu|gpqa"
    r"|amc[-_]?23|minerva[-_]?math|humaneval|mbpp|livecodebench|arc[-_]challenge|bbh|drop|hellaswag)(?![a-z0-9])"
)


class RejectSink(Protocol):
    """Takes the rejects: a `RejectLog`, or whatever else has `add`."""

    def add(self, reject: Reject) -> None:
        """Takes one reject."""


@dataclass(slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        format: the name of its format; None if the file was refused.
        refused: why the file was refused; None if it was read.
        characters_in: of the responses as the source holds them.
        characters_out: of the responses as the traces hold them.
        characters_added: of the markup put back around reasoning; in + added = out.
        sha256_in: over the responses as the source holds them, in order.
        sha256_out: over the traces' responses without the added markup. Equal to `sha256_in`, or text was altered.
    """

    name: str
    format: str | None = None
    container: str | None = None
    refused: str | None = None
    n_records: int = 0
    n_traces: int = 0
    n_rejects: int = 0
    n_truncated: int = 0
    n_graded: int = 0
    n_without_question: int = 0
    n_requests: int = 0
    characters_in: int = 0
    characters_out: int = 0
    characters_added: int = 0
    sha256_in: str = ""
    sha256_out: str = ""


@dataclass(slots=True)
class ImportReport:
    """What became of every file of an import. It is filled while the traces are drawn."""

    files: list[FileReport] = field(default_factory=list)

    @property
    def n_traces(self) -> int:
        """Traces of all files."""
        return sum(file.n_traces for file in self.files)

    @property
    def n_rejects(self) -> int:
        """Records that became no trace."""
        return sum(file.n_rejects for file in self.files)

    @property
    def refused(self) -> list[FileReport]:
        """Files of folders that hold no traces."""
        return [file for file in self.files if file.refused is not None]

    @property
    def is_unaltered(self) -> bool:
        """True if every response came out as it went in, apart from the markup that the report counts."""
        return all(
            file.sha256_in == file.sha256_out and file.characters_in + file.characters_added == file.characters_out
            for file in self.files
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return {
            "n_traces": self.n_traces,
            "n_rejects": self.n_rejects,
            "n_files_refused": len(self.refused),
            "is_unaltered": self.is_unaltered,
            "files": [asdict(file) for file in self.files],
        }


def list_formats() -> list[tuple[str, str]]:
    """(name, one line) of every format, for help texts."""
    return [(known.name, known.title) for known in FORMATS]


def import_traces(
    sources: Sequence[Path | Literal["-"]],
    *,
    format: str | None = None,
    column_map: Mapping[str, str] | None = None,
    grade: bool = True,
    defaults: Mapping[str, str] | None = None,
    rejects: RejectSink,
    report: ImportReport | None = None,
) -> Iterator[Trace]:
    """Traces of files, folders or standard input (`-`), in the order in which they were named.

    Arguments are checked and named files are opened before the first trace; the rest happens while it is drawn.

    Args:
        sources: files and folders; a folder stands for every file in it, sorted, hidden ones left out.
        format: the name of a format, for all files; None recognises each by its content.
        column_map: the file's column for each of our names, such as `{"question": "prompt"}`. Implies `pairs`.
        grade: set `correct` where there is a gold answer and no verdict.
        defaults: see `DEFAULTS`; used where the source says nothing.
        rejects: takes every record that became no trace.
        report: filled with counts, hashes and refusals.

    Raises:
        UsageError: an argument names something that does not exist, or two contradict each other.
        InputError: a named file cannot be read or is in no known format; or nothing in a folder is.
        MissingPackageError: a package that a file or the grading needs is not installed.
    """
    forced = _forced(format, column_map)
    defaults = {name: value for name, value in (defaults or {}).items() if value}
    unknown = set(defaults) - set(DEFAULTS)
    if unknown:
        raise UsageError("There is no such default", where=", ".join(sorted(unknown)), expected=", ".join(DEFAULTS))
    if not sources:
        raise UsageError("There is nothing to import", expected="at least one file or folder, or - for standard input")
    found = list(itertools.chain.from_iterable(_sources(source) for source in sources))
    run = _Import(forced, dict(column_map or {}), defaults, rejects, report or ImportReport(), grade)
    return run.traces(found)


def parse_column_map(text: str) -> dict[str, str]:
    """`question=prompt,response=output` as a column map.

    Raises:
        UsageError: a part is not of the form `name=column`, or names one of our fields twice.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        name, sign, column = (piece.strip() for piece in part.partition("="))
        if not (name and sign and column) or name in found:
            raise UsageError("--map cannot be read", where=part, expected="name=column, each name once")
        found[name] = column
    return found


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


def _sources(given: Path | Literal["-"]) -> Iterator[tuple[Source, bool]]:
    """Files of what the user named, and whether the user named the file itself."""
    if given == "-":
        yield Source.of_stream("standard input", sys.stdin.buffer), True
        return
    if not given.exists():
        raise InputError("There is no such file or folder", where=str(given))
    if given.is_file():
        yield Source(given.name, given), True
        return
    if not given.is_dir():  # a pipe, which can be read only once
        try:
            with given.open("rb") as stream:
                yield Source.of_stream(given.name, stream), True
        except OSError as error:
            raise unreadable(given.name, error) from error
        return
    files = sorted(path for path in given.rglob("*") if path.is_file() and not _is_hidden(path.relative_to(given)))
    if not files:
        raise InputError("A folder is empty", where=str(given), expected="files of traces")
    for path in files:
        yield Source(path.relative_to(given).as_posix(), path), False


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


@dataclass(slots=True)
class _Opened:
    source: Source
    report: FileReport
    format: Format
    records: Iterator[Record | Bad]
    closes_thinking: bool
    is_named: bool


class _Import:
    """One import: what must be known across its files is here."""

    def __init__(
        self,
        forced: Format | None,
        column_map: dict[str, str],
        defaults: dict[str, str],
        rejects: RejectSink,
        report: ImportReport,
        grade: bool,
    ) -> None:
        self._forced = forced
        self._column_map = column_map
        self._defaults = defaults
        self._rejects = rejects
        self._report = report
        self._grade = grade
        self._requests: dict[str, tuple[Message, ...]] = {}
        self._names = Names()

    def traces(self, found: list[tuple[Source, bool]]) -> Iterator[Trace]:
        opened = [file for source, is_named in found if (file := self._open(source, is_named)) is not None]
        if not opened:
            refused = self._report.refused
            raise InputError(
                "There are no traces in what was named",
                where=", ".join(file.name for file in self._report.files[:3]),
                got=refused[0].refused if refused else "requests without answers",
            )
        return self._drawn(opened)

    def _drawn(self, opened: list[_Opened]) -> Iterator[Trace]:
        with Grader() as grader:
            while opened:
                file = opened.pop(0)
                try:
                    yield from self._file(file, grader)
                except InputError as error:
                    # A file that turns out to be damaged half-way must not cost the rest of its folder.
                    if file.is_named:
                        raise
                    self._reject(file.report, Bad(0, f"{error}; nothing after it was read", ""))

    def _open(self, source: Source, is_named: bool) -> _Opened | None:
        """Recognises a file. Of a folder's file that is no traces file, the report keeps the reason."""
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
            chosen = self._forced or detect(first, source.name, container.kind)
        except InputError as error:
            if is_named:
                raise
            entry.refused = str(error)
            return None
        entry.format = chosen.name
        # Open files are few this way, however many a folder has: what was read for recognition is read again.
        context = Context(source.name, source.path, self._column_map, self._requests)
        return _Opened(source, entry, chosen, container.records(), _closes_thinking(chosen, first, context), is_named)

    def _file(self, file: _Opened, grader: Grader) -> Iterator[Trace]:
        context = Context(file.source.name, file.source.path, self._column_map, self._requests)
        size = file.source.size()
        sha_in, sha_out = hashlib.sha256(), hashlib.sha256()
        entry = file.report
        for line, draft, original in self._drafts(file, context):
            try:
                trace = self._trace(draft, line, context, file, grader)
                texts = _encoded(trace, draft)
            except (RecordError, RecursionError) as error:
                self._reject(entry, Bad(line, why(error), original or snippet(draft.response.text)))
                continue
            for text, data in texts:
                sha_in.update(data)
                entry.characters_in += len(text)
            at = 0
            for text, is_from_source in draft.response.pieces:
                if is_from_source and draft.canonical is None:
                    sha_out.update(trace.response[at : at + len(text)].encode())
                entry.characters_added += 0 if is_from_source else len(text)
                at += len(text)
            if draft.canonical is not None:
                sha_out.update(trace.response.encode())
            entry.characters_out += len(trace.response)
            entry.n_traces += 1
            entry.sha256_in, entry.sha256_out = sha_in.hexdigest(), sha_out.hexdigest()
            if is_bomb(size, entry.characters_out):
                raise InputError(
                    "A file yields far more text than it has bytes",
                    where=file.source.name,
                    got=f"{entry.characters_out} characters of {size} bytes so far",
                )
            yield trace

    def _drafts(self, file: _Opened, context: Context) -> Iterator[tuple[int, Draft, str]]:
        """Drafts with the line that they stand on and the record's text; what cannot become one is rejected."""
        chosen, entry = file.format, file.report
        made: Iterator[tuple[int, Draft | Bad, str]]
        if chosen.gather is not None:
            gathered = chosen.gather(self._readable(file), context)
            made = ((item.line or 0, item, "") for item in gathered)
        else:
            made = self._read_each(file, context)
        for line, item, original in made:
            if isinstance(item, Bad):
                self._reject(entry, item)
            else:
                yield item.line or line, item, original

    def _readable(self, file: _Opened) -> Iterator[Record]:
        for record in file.records:
            if isinstance(record, Bad):
                self._reject(file.report, record)
            else:
                file.report.n_records += 1
                yield record

    def _read_each(self, file: _Opened, context: Context) -> Iterator[tuple[int, Draft | Bad, str]]:
        read = file.format.read
        if read is None:
            return
        for record in self._readable(file):
            try:
                for item in read(record, context):
                    yield record.line, item, record.text
            except (RecordError, RecursionError) as error:
                yield record.line, Bad(record.line, why(error), record.text or snippet(record.value)), ""

    def _reject(self, entry: FileReport, bad: Bad) -> None:
        entry.n_rejects += 1
        self._rejects.add(Reject(entry.name, bad.line, bad.reason, bad.text))

    def _trace(self, draft: Draft, line: int, context: Context, file: _Opened, grader: Grader) -> Trace:
        if draft.canonical is not None:
            return self._names.keep(draft.canonical)
        response, entry = draft.response.text, file.report
        about: dict[str, Any] = {"format": entry.format, "file": entry.name, "line": line}
        if draft.verdict is not None and draft.correct is not None:
            about["verdict"] = draft.verdict
        if draft.reasoning is not None:
            about["reasoning"] = draft.reasoning
        draft.prompt = draft.prompt or None
        messages = self._messages(draft, about, entry)
        if messages and messages[-1].role == "assistant":
            raise RecordError("the conversation before the response ends with a turn of the assistant")
        meta: dict[str, Any] = {"import": about}
        if draft.meta:
            meta["source"] = draft.meta
        cut = truncation(response, draft.prompt, draft.finish_reason, draft.truncated, file.closes_thinking)
        if draft.finish_reason is not None:
            about["finish_reason"] = draft.finish_reason
        if cut is not None:
            meta["truncated"] = cut
            entry.n_truncated += 1
        correct = draft.correct
        if correct is None and draft.gold is not None and self._grade:
            question = messages[-1].content if messages else draft.prompt or ""
            grade = grader.grade(
                response, draft.gold, question=question, candidates=draft.candidates, prompt=draft.prompt
            )
            correct, meta["grading"] = grade.correct, grade.to_meta()
            entry.n_graded += 1
        trace = Trace(
            trace_id="",
            question_id="",
            response=response,
            messages=messages,
            prompt=draft.prompt,
            benchmark=self._benchmark(draft, context, about),
            domain=draft.domain or self._defaults.get("domain"),
            model=draft.model or self._defaults.get("model"),
            difficulty=draft.difficulty or self._defaults.get("difficulty"),
            gold=draft.gold,
            correct=correct,
            sample=draft.sample or 0,
            meta=meta,
        )
        return self._names.give(trace, draft)

    def _messages(self, draft: Draft, about: dict[str, Any], entry: FileReport) -> tuple[Message, ...]:
        if draft.messages or draft.prompt is not None:
            return draft.messages
        question = self._defaults.get("question")
        about["question"] = "missing" if question is None else "default"
        if question is None:
            entry.n_without_question += 1
        return (Message("user", question or ""),)

    def _benchmark(self, draft: Draft, context: Context, about: dict[str, Any]) -> str:
        given = draft.benchmark or self._defaults.get("benchmark")
        if given is not None:
            return given
        for part in (Path(context.name).name, context.folder(1), context.folder(2)):
            match = _BENCHMARKS.search(part.lower())
            if match is not None:
                about["benchmark"] = f"from the name {part!r}"
                plain = match[1].replace("-", "").replace("_", "")
                return plain.removeprefix("hendrycks").replace("aime20", "aime")
        return "unknown"


def _closes_thinking(chosen: Format, first: list[Record | Bad], context: Context) -> bool:
    """True if the file's responses begin inside the thinking: at least half of the first ones close what none opens.

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


def _requests_in(records: Iterator[Record | Bad], first: list[Record | Bad]) -> dict[str, tuple[Message, ...]]:
    """The prompts of a batch request file by `custom_id`; empty if the file is none."""
    if not any(isinstance(record, Record) and request_of(record.value) is not None for record in first[:3]):
        return {}
    pairs = (request_of(record.value) for record in records if isinstance(record, Record))
    return dict(pair for pair in pairs if pair is not None)


def _encoded(trace: Trace, draft: Draft) -> list[tuple[str, bytes]]:
    """The source's pieces of a response with their UTF-8, after a look at everything that has to be written.

    Raises:
        RecordError: some text holds half of a surrogate pair, which is no character and cannot be written as UTF-8.
    """
    texts = [trace.prompt or "", trace.gold or "", *(message.content for message in trace.messages)]
    texts += [trace.benchmark, trace.domain or "", trace.model or "", trace.difficulty or "", trace.trace_id]
    try:
        for text in texts:
            text.encode()
        json.dumps(trace.meta, ensure_ascii=False, allow_nan=False).encode()
        return [(text, text.encode()) for text, is_from_source in draft.response.pieces if is_from_source]
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        what = (
            f"byte 0x{code - 0xDC00:02x}, which is not UTF-8"
            if 0xDC80 <= code <= 0xDCFF
            else f"the lone surrogate U+{code:04X}"
        )
        raise RecordError(f"the text holds {what}; it cannot be kept as it is") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordError(f"the record's other fields cannot be written as JSON: {error}") from error
