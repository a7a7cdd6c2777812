"""The canonical JSON Lines: read as a stream of traces, one object a line.

A line becomes a trace, or a `Reject` that says what was expected and what was found; it never stops the lines after
it and is never dropped in silence. Only a file that cannot be read as JSON Lines at all raises.

Choices where the contract leaves room:

* `null` counts as absent for every optional field, because tables written by other tools fill their gaps with it.
* A field that the format does not know is kept in `meta["extra"]`, one of a message under `messages[i].name`; the
  summary counts them.
* If `question` and `messages` are both there, the last user message must be the question; `messages` is then used.
* Memory holds one line, and one dictionary entry a trace to find duplicate ids.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Reject, Trace
from rdpt_core.traces.canonical.line_errors import LineError, shown
from rdpt_core.traces.canonical.pipes import PipeSpool
from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.canonical.schema import trace_of
from rdpt_core.traces.canonical.strict_json import load_object

MAX_LINE_BYTES = 256 * 2**20
"""A longer line is rejected without being read into memory as a whole."""

KEPT_OF_A_LONG_LINE = 2_000
"""So many bytes of a line over the limit go into its reject."""

_BOM = b"\xef\xbb\xbf"
_IMPORT_HINT = "Convert it first: rdpt import SOURCE --out FILE.jsonl"
_MAGIC = {
    b"\x1f\x8b": "gzip data",
    b"\x28\xb5\x2f\xfd": "Zstandard data",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3\0": "an SQLite database",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def iter_traces(
    paths: Sequence[Path], *, rejects: RejectLog, limit: int | None = None, spool: PipeSpool | None = None
) -> Iterator[Trace]:
    """The traces of canonical JSON Lines files, in order.

    The files are looked at when this is called, before the first trace is asked for, so that a wrong file is reported
    before a model is loaded.

    Args:
        paths: the files, read one after the other. A `trace_id` must be unique across all of them.
        rejects: takes every line that could not become a trace.
        limit: stop after so many traces.
        spool: keeps what comes through pipes for later passes; None reads a pipe once, as it comes.

    Raises:
        InputError: if a file is missing, empty or not JSON Lines; and, at the end, if there was not one trace.
        UsageError: if there are no paths, or the limit is negative.
    """
    if not paths:
        raise UsageError("there is no file of traces", expected="at least one file")
    if limit is not None and limit < 0:
        raise UsageError("the limit on traces is negative", expected="0 or more", got=str(limit))
    for path in paths:
        _check_file(path, spool)
    return itertools.islice(_iter_files(paths, rejects, spool), limit)


def _open(path: Path, spool: PipeSpool | None) -> BinaryIO:
    return path.open("rb") if spool is None else spool.open(path)


def _check_file(path: Path, spool: PipeSpool | None) -> None:
    expected = "a file of JSON Lines, one object a line"
    try:
        if path.is_dir():
            raise InputError("a folder was given as a file of traces", where=str(path), expected=expected)
        if spool is None and path.exists() and not path.is_file():
            return  # A pipe: looking at its beginning would take it away from the reader.
        with _open(path, spool) as file:
            head = file.read(1 << 16)
            whole = not file.read(1)
    except FileNotFoundError as error:
        raise InputError("there is no such file of traces", where=str(path), expected=expected) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    got = _why_not_json_lines(head, whole)
    if got is not None:
        hint = None if got == "an empty file" else _IMPORT_HINT
        raise InputError("a file of traces cannot be used", where=str(path), expected=expected, got=got, hint=hint)


def _why_not_json_lines(head: bytes, whole: bool) -> str | None:
    """What the file's beginning shows it to be, if not JSON Lines; `whole` says that `head` is all of it."""
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    content = head.removeprefix(_BOM).lstrip()
    if not content:
        return "an empty file" if whole else "a file that begins with 64 KiB of white space"
    first, _, rest = content.partition(b"\n")
    if first.rstrip() == b"{":
        return "one JSON object over several lines"
    # A single bad line that holds a list is a reject; an array that opens here and closes further down, or that is
    # all there is, is another format.
    if first.startswith(b"[") and (not rest.strip() or not first.rstrip().endswith(b"]")):
        return "a JSON array"
    return None


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError("a file of traces cannot be read", where=str(path), got=error.strerror or str(error))


def _iter_files(paths: Sequence[Path], rejects: RejectLog, spool: PipeSpool | None) -> Iterator[Trace]:
    seen: dict[str, tuple[Path, int]] = {}
    before = rejects.n
    for path in paths:
        try:
            with _open(path, spool) as file:
                for number, line in _iter_lines(file):
                    try:
                        trace = _accept(line, (path, number), seen)
                    except LineError as error:
                        rejects.add(Reject(str(path), number, str(error), line.text))
                    else:
                        yield trace
        except OSError as error:
            raise _unreadable(path, error) from error
    if not seen:
        _raise_no_trace(paths, rejects, rejects.n - before)


def _raise_no_trace(paths: Sequence[Path], rejects: RejectLog, n_rejected: int) -> NoReturn:
    got = "blank lines only"
    if n_rejected:
        got = f"{n_rejected} rejected lines" if n_rejected > 1 else "one rejected line"
        if n_rejected == rejects.n:
            first = rejects.first[0]  # Not that of another file read before with the same log.
            got += f", the first at {first.file}:{first.line}: {first.reason}"
    raise InputError(
        "there is not one trace",
        where=", ".join(map(str, paths)),
        expected="JSON Lines with at least `response` and one of `question`, `messages`, `prompt`",
        got=got,
        hint=_IMPORT_HINT if n_rejected else None,
    )


class _Line:
    """One line as it was read; `problem` is set if its bytes could not become text."""

    __slots__ = ("problem", "text")

    def __init__(self, raw: bytes) -> None:
        self.problem: str | None = None
        try:
            self.text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.text = raw.decode("utf-8", "backslashreplace")
            self.problem = (
                f"expected UTF-8; got the byte 0x{raw[error.start]:02x} at byte {error.start + 1} of the line"
            )


def _iter_lines(file: BinaryIO) -> Iterator[tuple[int, _Line]]:
    """(Line number from 1, line) of every line that is not blank."""
    for number in itertools.count(1):
        raw = file.readline(MAX_LINE_BYTES + 1)
        if not raw:
            return
        if number == 1:
            raw = raw.removeprefix(_BOM)
        if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            line = _Line(raw[:KEPT_OF_A_LONG_LINE])
            line.problem = f"expected a line of at most {MAX_LINE_BYTES} bytes; got a longer one, kept by its beginning"
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(1 << 20)
            yield number, line
        elif raw.strip():
            yield number, _Line(raw.rstrip(b"\r\n"))


def _accept(line: _Line, location: tuple[Path, int], seen: dict[str, tuple[Path, int]]) -> Trace:
    if line.problem is not None:
        raise LineError(line.problem)
    trace, made_id = trace_of(load_object(line.text))
    first = seen.setdefault(trace.trace_id, location)
    if first is not location:
        this_line, first_line = f"{location[0]}:{location[1]}", f"{first[0]}:{first[1]}"
        if made_id:
            raise LineError(
                f"identical to {first_line}: expected a `trace_id` or `sample` that tells them apart; "
                f"got at {this_line} the same question, response, sample and model"
            )
        raise LineError(
            f"`trace_id`: expected a new one; got {shown(trace.trace_id)} at {this_line}, used at {first_line}"
        )
    return trace
