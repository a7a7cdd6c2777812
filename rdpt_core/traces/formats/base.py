"""What every format is made of: the draft that it makes of a record, and how it says no.

A *draft* is a trace before it has its ids, its grade and its place in the import. Formats see neither bytes nor files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rdpt_core.records import Message, Trace
from rdpt_core.traces.files.record import Bad, Record, snippet


class RecordError(ValueError):
    """This record cannot become a trace. The message is the reason that the user reads."""


Origin = Literal["source", "added", "prefilled"]
"""Whose a piece of a response is: the model's, by the source; markup that was put back around reasoning; or the
beginning that the model was given to continue."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response as a sequence of pieces, each with its origin.

    Invariant: the pieces from the source alone are the source's characters, in order and unchanged.
    """

    pieces: tuple[tuple[str, Origin], ...]

    @classmethod
    def verbatim(cls, text: str) -> Response:
        """A response that the source holds in one piece."""
        return cls(((text, "source"),))

    @property
    def text(self) -> str:
        """The response as the trace will hold it."""
        if len(self.pieces) == 1:
            return self.pieces[0][0]
        return "".join(text for text, _ in self.pieces)


@dataclass(slots=True)
class Draft:
    """A trace before ids, grade and provenance are known.

    Attributes:
        messages: the conversation before the response.
        prompt: the exact rendered prompt, where the source holds one.
        trace_id: what the source calls the trace, or None: kept, unless another trace has it.
        source_id: what the source calls the question, or None.
        id_is_global: True if `source_id` names the question beyond its file and its benchmark (a uuid or a hash).
        sample: which response to the question, or None if the source does not number them.
        candidates: the answers to choose from in a multiple choice question; empty if there are none.
        finish_reason: why generation stopped, in the source's words.
        truncated: the source itself says that the response is incomplete.
        verdict: the field that `correct` came from; where `correct` is None, what the source says in place of a
            verdict, and then the answer is not graded either; None if the source has no verdict at all.
        reasoning: how reasoning that was given apart was put back; None if there was none.
        continues: the last of `messages` is the beginning of this response, which the model was given to continue.
        set_aside: text that the source shows as the response's and that the model did not write.
        tagged: series of (text, tags) of stretches of the response that the source has tagged, see `place_tags`.
        meta: the source's other fields, for showing.
        canonical: a finished trace that passes through unchanged. Everything else is ignored if it is set.
    """

    response: Response
    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    trace_id: str | None = None
    source_id: str | None = None
    id_is_global: bool = False
    sample: int | None = None
    benchmark: str | None = None
    domain: str | None = None
    model: str | None = None
    difficulty: str | None = None
    teacher_id: str | None = None
    gold: str | None = None
    correct: bool | None = None
    verdict: str | None = None
    candidates: tuple[str, ...] = ()
    finish_reason: str | None = None
    truncated: bool = False
    reasoning: Mapping[str, Any] | None = None
    continues: bool = False
    set_aside: str = ""
    tagged: tuple[tuple[tuple[Any, Any], ...], ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    canonical: Trace | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader may know beyond the record: where the file is, and what else the user said.

    Attributes:
        name: the file's name as shown to the user, with forward slashes.
        path: the file, or None for standard input.
        column_map: the user's own column names, canonical name to column.
        requests: what batch requests ask, by `custom_id`, from request files among the sources: the conversation, and
            the rendered prompt if the request holds one.
        columns_found: the columns of `column_map` that some record has had so far; filled by the reader.
        lists_cut: for each column of `column_map` that takes one element of a longer list, in how many records, and
            how many elements the longest has; filled by the reader.
        set_aside: what is no model's answer by its own kind, such as the spans of a tool, and how many; filled by the
            reader.
    """

    name: str
    path: Path | None = None
    column_map: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, tuple[tuple[Message, ...], str | None]] = field(default_factory=dict)
    columns_found: set[str] = field(default_factory=set)
    lists_cut: dict[str, tuple[int, int]] = field(default_factory=dict)
    set_aside: Counter[str] = field(default_factory=Counter)

    def folder(self, levels: int = 1) -> str:
        """Name of the folder `levels` above the file, or an empty string."""
        parts = (self.path.absolute().parts if self.path is not None else Path(self.name).parts)[:-1]
        return parts[-levels] if len(parts) >= levels else ""

    def sibling(self, name: str, limit_bytes: int = 1 << 20) -> Any:
        """A small JSON file in the same folder, or None if there is none that can be read."""
        return self.nearby(name, limit_bytes)

    def nearby(self, place: str, limit_bytes: int = 1 << 20) -> Any:
        """A small JSON file at a place seen from the file's folder, or None if there is none that can be read.

        Args:
            place: names that the format fixes, such as `../label/MODEL/1.json`; no text of a record but a checked one.
        """
        if self.path is None:
            return None
        path = self.path.parent / place
        try:
            if path.stat().st_size > limit_bytes:
                return None
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None


Detector = Callable[[Any], bool]
Reader = Callable[[Record, Context], Iterable["Draft | Bad"]]
Gatherer = Callable[[Iterable[Record], Context], Iterator["Draft | Bad"]]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how to know it, and how to read it.

    Attributes:
        name: what `--format` calls it.
        title: one line for people.
        looks_for: what the detector needs to see, by the names of the fields: for the message that nothing was
            recognised, which finds the nearest formats by these names.
        detect: True if a record's value is of this format. Must not raise, whatever the value is.
        read: makes drafts of one record. Raises `RecordError` if the record cannot be used.
        gather: makes drafts of all records together, where one response is spread over several records.
    """

    name: str
    title: str
    looks_for: str
    detect: Detector
    read: Reader | None = None
    gather: Gatherer | None = None


def why(error: RecordError | RecursionError) -> str:
    """The reason of a reject, for what reading a record may raise."""
    return str(error) if isinstance(error, RecordError) else "the record is nested too deeply"


def each(items: Iterable[Any], line: int, make: Callable[[Any], Iterable[Draft | Bad]]) -> Iterator[Draft | Bad]:
    """Drafts of the parts of one record: a part that fails is reported and stops none of the others."""
    for item in items:
        try:
            yield from make(item)
        except (RecordError, RecursionError) as error:
            yield Bad(line, why(error), snippet(item))


def each_part(parts: Sequence[Any], line: int, make: Callable[[Any], Iterable[Draft | Bad]]) -> Iterable[Draft | Bad]:
    """As `each`; but the only part of a record is the record, which is rejected as a whole if the part fails."""
    return make(parts[0]) if len(parts) == 1 else each(parts, line, make)
