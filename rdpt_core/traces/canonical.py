"""The canonical JSON Lines: read as a stream of traces, one object a line, and written back.

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

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Message, Reject, Trace
from rdpt_core.traces.rejects import RejectLog

MAX_LINE_BYTES = 256 * 2**20
"""A longer line is rejected without being read into memory as a whole."""

KEPT_OF_A_LONG_LINE = 2_000
"""So many bytes of a line over the limit go into its reject."""

MAX_DEPTH = 100
"""Deeper nesting is rejected, so that whatever is accepted can also be written again."""

_BOM = b"\xef\xbb\xbf"
_IMPORT_HINT = "Convert it first: python -m rdpt_core import SOURCE --out FILE.jsonl"
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
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


# ── Reading files ────────────────────────────────────────────────────────────────────────────────────────────────


def iter_traces(paths: Sequence[Path], *, rejects: RejectLog, limit: int | None = None) -> Iterator[Trace]:
    """Yields the traces of canonical JSON Lines files, in order.

    The files are looked at when this is called, before the first trace is asked for, so that a wrong file is reported
    before a model is loaded.

    Args:
        paths: the files, read one after the other. A `trace_id` must be unique across all of them.
        rejects: takes every line that could not become a trace.
        limit: stop after so many traces.

    Raises:
        InputError: if a file is missing, empty or not JSON Lines; and, at the end, if there was not one trace.
        UsageError: if there are no paths, or the limit is negative.
    """
    if not paths:
        raise UsageError("There is no file of traces", expected="at least one file")
    if limit is not None and limit < 0:
        raise UsageError("The limit on traces is negative", expected="0 or more", got=str(limit))
    for path in paths:
        _check_file(path)
    return itertools.islice(_iter_files(paths, rejects), limit)


def _check_file(path: Path) -> None:
    expected = "a file of JSON Lines, one object a line"
    try:
        if path.is_dir():
            raise InputError("A folder was given as a file of traces", where=str(path), expected=expected)
        if path.exists() and not path.is_file():
            return  # A pipe: looking at its beginning would take it away from the reader.
        with path.open("rb") as file:
            head = file.read(1 << 16)
            whole = not file.read(1)
    except FileNotFoundError as error:
        raise InputError("There is no such file of traces", where=str(path), expected=expected) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    got = _why_not_json_lines(head, whole)
    if got is not None:
        hint = None if got == "an empty file" else _IMPORT_HINT
        raise InputError("A file of traces cannot be used", where=str(path), expected=expected, got=got, hint=hint)


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
    return InputError("A file of traces cannot be read", where=str(path), got=error.strerror or str(error))


def _iter_files(paths: Sequence[Path], rejects: RejectLog) -> Iterator[Trace]:
    seen: dict[str, tuple[Path, int]] = {}
    before = rejects.n
    for path in paths:
        try:
            with path.open("rb") as file:
                for number, line in _iter_lines(file):
                    try:
                        trace = _accept(line, (path, number), seen)
                    except _LineError as error:
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
        "There is not one trace",
        where=", ".join(map(str, paths)),
        expected="JSON Lines with at least `response` and one of `question`, `messages`, `prompt`",
        got=got,
        hint=_IMPORT_HINT if n_rejected else None,
    )


class _LineError(Exception):
    """Why a line cannot become a trace. Never leaves this module."""


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
    """Yields (line number from 1, line) for every line that is not blank."""
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


# ── From a line to a trace ───────────────────────────────────────────────────────────────────────────────────────

_Name = Annotated[str, Field(min_length=1)]


class _MessageModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    role: _Name
    content: str


class _TraceModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    response: str
    question: _Name | None = None
    messages: Annotated[list[_MessageModel], Field(min_length=1)] | None = None
    prompt: _Name | None = None
    trace_id: _Name | None = None
    question_id: _Name | None = None
    benchmark: str | None = None
    domain: str | None = None
    model: str | None = None
    difficulty: str | None = None
    gold: str | None = None
    correct: bool | None = None
    sample: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    meta: dict[str, Any] | None = None


_EXPECTED = {
    "response": "a string",
    "question": "a string that is not empty",
    "messages": "a list of {role, content} with at least one message",
    "role": "a string that is not empty",
    "content": "a string",
    "prompt": "a string that is not empty",
    "trace_id": "a string that is not empty",
    "question_id": "a string that is not empty",
    "correct": "true, false or null",
    "sample": "an integer from 0 to 2147483647",
    "meta": "an object",
}


def _accept(line: _Line, place: tuple[Path, int], seen: dict[str, tuple[Path, int]]) -> Trace:
    if line.problem is not None:
        raise _LineError(line.problem)
    trace, made_id = _to_trace(_load_object(line.text))
    first = seen.setdefault(trace.trace_id, place)
    if first is not place:
        here, there = f"{place[0]}:{place[1]}", f"{first[0]}:{first[1]}"
        if made_id:
            raise _LineError(
                f"identical to {there}: expected a `trace_id` or `sample` that tells them apart; got at {here} "
                "the same question, response, sample and model"
            )
        raise _LineError(f"`trace_id`: expected a new one; got {_shown(trace.trace_id)} at {here}, used at {there}")
    return trace


def _load_object(text: str) -> dict[str, Any]:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _LineError(f"expected JSON; got an error at column {error.pos + 1}: {error.msg}") from error
    except RecursionError as error:
        raise _LineError(f"expected at most {MAX_DEPTH} levels of nesting; got more") from error
    except ValueError as error:
        # The only plain ValueError of the decoder: Python refuses to convert integers of thousands of digits.
        raise _LineError("expected numbers of at most 4300 digits; got a longer integer") from error
    if not isinstance(value, dict):
        raise _LineError(f"expected an object; got {_described(value)}")
    _check_depth(value)
    if _ESCAPED_SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _LineError(f"expected each key once in an object; got {_shown(twice)} twice")
    return value


def _finite(literal: str) -> float:
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise _LineError(f"expected finite numbers; got {literal[:40]}, which is out of range")
    return value


def _refuse_constant(literal: str) -> NoReturn:
    raise _LineError(f"expected JSON; got {literal}, which JSON has no number for")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_float=_finite, parse_constant=_refuse_constant)


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return
    raise _LineError(f"expected at most {MAX_DEPTH} levels of nesting; got more")


def _check_surrogates(fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        try:
            json.dumps({name: value}, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            code = ord(error.object[error.start])
            shown = name.encode("ascii", "backslashreplace").decode()
            raise _LineError(
                f"`{shown}`: expected text; got the lone surrogate U+{code:04X}, which cannot be stored as UTF-8"
            ) from error


def _to_trace(fields: dict[str, Any]) -> tuple[Trace, bool]:
    """Returns the trace, and whether its `trace_id` was made here."""
    try:
        line = _TraceModel.model_validate(fields)
    except ValidationError as error:
        raise _LineError("; ".join(_explained(problem) for problem in error.errors(include_url=False))) from error
    messages = _conversation(line)
    benchmark = "unknown" if line.benchmark is None else line.benchmark
    sample = line.sample or 0
    asked = [[m.role, m.content] for m in messages] or line.prompt
    question_id = line.question_id or "q-" + _digest([asked, benchmark])
    trace_id = line.trace_id or "t-" + _digest([question_id, line.response, sample, line.model])
    trace = Trace(
        trace_id=trace_id,
        question_id=question_id,
        response=line.response,
        messages=messages,
        prompt=line.prompt,
        benchmark=benchmark,
        domain=line.domain,
        model=line.model,
        difficulty=line.difficulty,
        gold=line.gold,
        correct=line.correct,
        sample=sample,
        meta=_meta(line),
    )
    return trace, line.trace_id is None


def _conversation(line: _TraceModel) -> tuple[Message, ...]:
    if line.messages is None:
        if line.question is not None:
            return (Message("user", line.question),)
        if line.prompt is None:
            raise _LineError("expected one of `question`, `messages` and `prompt`; got none of them")
        return ()
    messages = tuple(Message(m.role, m.content) for m in line.messages)
    if messages[-1].role == "assistant":
        raise _LineError(
            "`messages`: expected the conversation before the response; got one that ends with an assistant message"
        )
    if line.question is not None:
        asked = next((m.content for m in reversed(messages) if m.role == "user"), None)
        if asked != line.question:
            raise _LineError(
                "`question`: expected the last user message of `messages`, or only one of the two fields; "
                f"got {_described(line.question)} beside {_described(asked)}"
            )
    return messages


def _meta(line: _TraceModel) -> dict[str, Any]:
    meta = dict(line.meta or {})
    extra = dict(line.__pydantic_extra__ or {})
    for index, message in enumerate(line.messages or ()):
        for name, value in (message.__pydantic_extra__ or {}).items():
            extra[f"messages[{index}].{name}"] = value
    if extra:
        kept = meta.get("extra", {})
        if not isinstance(kept, dict) or kept.keys() & extra.keys():
            names = ", ".join(f"`{name}`" for name in extra)
            raise _LineError(f"expected only known fields, or room for others in `meta.extra`; got {names}")
        meta["extra"] = kept | extra
    return meta


def _digest(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _explained(problem: Any) -> str:
    location = problem["loc"]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    last = location[-1]
    expected = "an object with role and content" if isinstance(last, int) else _EXPECTED.get(last, "a string or null")
    got = "nothing" if problem["type"] == "missing" else _described(problem["input"])
    return f"`{name}`: expected {expected}; got {got}"


def _described(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return "an empty string" if not value else f"the string {_shown(value)}"
        case int() | float():
            return f"the number {str(value)[:40]}"
        case list():
            return "an empty list" if not value else f"a list of {len(value)}"
        case _:
            return "an object"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


# ── From a trace to a line ───────────────────────────────────────────────────────────────────────────────────────


def trace_to_json(trace: Trace) -> str:
    """Writes a trace as one canonical line, without its line break.

    Fields stand in a fixed order, the keys of `meta` sorted; absent ones are left out. Reading the line gives an equal
    trace.

    Raises:
        InputError: if `meta` holds what JSON cannot say, or a text holds a lone surrogate.
    """
    record: dict[str, Any] = {"trace_id": trace.trace_id, "question_id": trace.question_id}
    record |= {
        name: value
        for name in ("benchmark", "domain", "model", "difficulty", "sample", "correct", "gold")
        if (value := getattr(trace, name)) is not None
    }
    if len(trace.messages) == 1 and trace.messages[0].role == "user" and trace.messages[0].content:
        record["question"] = trace.messages[0].content
    elif trace.messages:
        record["messages"] = [{"role": message.role, "content": message.content} for message in trace.messages]
    if trace.prompt is not None:
        record["prompt"] = trace.prompt
    record["response"] = trace.response
    try:
        # Sorted apart from the fields above, whose order is ours.
        meta = json.loads(json.dumps(dict(trace.meta), sort_keys=True, allow_nan=False)) if trace.meta else None
        line = json.dumps(record if meta is None else record | {"meta": meta}, ensure_ascii=False, allow_nan=False)
        line.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            "A trace cannot be written as JSON", where=f"trace {trace.trace_id}", got=str(error)
        ) from error
    return line
