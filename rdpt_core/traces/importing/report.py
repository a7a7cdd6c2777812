"""What became of every file of an import: counts, refusals, and the proof that no response was altered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from typing import Any

from rdpt_core.records import Trace
from rdpt_core.traces.canonical.schema import trace_to_json


@dataclass(slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        format: the name of its format; None if the file was refused.
        refused: why the file was refused; None if it was read.
        left_out: what it is, if it is known to hold no traces of its own: the same file as another, a copy, the
            import's own output, a link in an archive, the description of a data set.
        n_checked: verdicts of the source for which our grade was looked for, too. `n_agreed` of them agree with it,
            `n_disputed` differ from it, and for the rest there is no grade of ours.
        n_renamed: ids of the source, of a trace or a question, that another text has, and that were changed; `renamed`
            is an example.
        n_copies: traces that are an earlier one again, word for word, and were set aside; `copy` is an example.
        n_copies_with_other_verdict: those of them whose verdict is not that of the trace that stays.
        n_alike: traces that read like an earlier one word for word and are no copies, so that they count; `alike` is an
            example.
        n_fields_left_out: fields of the source that are too long for `meta`, or no JSON, and are only named there.
        n_parts_left_out: parts of responses that are no text, such as images.
        n_tagged: stretches of responses that the source has tagged, which are kept in `meta.sentence_tags`.
        n_tags_not_placed: tagged texts that do not stand in the response, or more than once and out of order.
        n_tool_calls: tool calls in the conversations before the responses, which are kept.
        n_question_parts_left_out: parts of these conversations that are no text, such as images. No model sees them.
        n_reasoning_left_out: turns or parts of reasoning in them, readable or withheld.
        n_tool_calls_left_out: tool calls in them that name no function.
        lists_cut: for each mapped column that takes one element of a longer list, in how many records, and how many
            elements the longest of them has.
        n_other_records: what is no model's answer by its own kind, such as the spans of a tool; `other_records` names
            the kinds.
        characters_in: of the responses as the source holds them.
        characters_out: of the responses as the traces hold them.
        characters_added: of the markup put back around reasoning.
        characters_prefilled: of the beginnings that the model was given to continue; in + added + prefilled = out.
        characters_set_aside: of text that the source shows as the responses' and that the model did not write.
        n_prefilled: responses that begin with text which the model was given.
        n_set_aside: responses from which such text was left out.
        sha256_in: over the responses as the source holds them, in order.
        sha256_out: over the traces' responses without what was added or prefilled. Equal to `sha256_in`, or text was
            altered.
    """

    name: str
    format: str | None = None
    container: str | None = None
    refused: str | None = None
    left_out: str | None = None
    n_records: int = 0
    n_traces: int = 0
    n_rejects: int = 0
    n_truncated: int = 0
    n_graded: int = 0
    n_checked: int = 0
    n_agreed: int = 0
    n_disputed: int = 0
    n_without_question: int = 0
    n_requests: int = 0
    n_renamed: int = 0
    renamed: str | None = None
    n_copies: int = 0
    copy: str | None = None
    n_copies_with_other_verdict: int = 0
    n_alike: int = 0
    alike: str | None = None
    n_fields_left_out: int = 0
    n_parts_left_out: int = 0
    n_tagged: int = 0
    n_tags_not_placed: int = 0
    n_tool_calls: int = 0
    n_question_parts_left_out: int = 0
    n_reasoning_left_out: int = 0
    n_tool_calls_left_out: int = 0
    lists_cut: dict[str, list[int]] = field(default_factory=dict)
    n_other_records: int = 0
    other_records: dict[str, int] = field(default_factory=dict)
    characters_in: int = 0
    characters_out: int = 0
    characters_added: int = 0
    characters_prefilled: int = 0
    characters_set_aside: int = 0
    n_prefilled: int = 0
    n_set_aside: int = 0
    sha256_in: str = ""
    sha256_out: str = ""

    @property
    def n_refused(self) -> int:
        """1 for a file without traces."""
        return int(self.refused is not None)

    @property
    def n_left_out(self) -> int:
        """1 for a file that was left out."""
        return int(self.left_out is not None)

    def counts(self) -> tuple[int, ...]:
        """All counts as they are now, for `take_back`."""
        return _COUNTS(self)

    def take_back(self, counts: tuple[int, ...]) -> None:
        """Make the counts what they were: what was counted since then belongs to a trace that is none after all."""
        for name, count in zip(_COUNTED, counts, strict=True):
            setattr(self, name, count)


_COUNTED = tuple(name for name, kind in FileReport.__annotations__.items() if kind == "int")
_COUNTS = attrgetter(*_COUNTED)

SET_ASIDE: Mapping[str, tuple[str, str]] = {
    "n_rejects": ("record rejected", "records rejected"),
    "n_copies": ("copy", "copies"),
    "n_left_out": ("file left out", "files left out"),
    "n_refused": ("file without traces", "files without traces"),
    "n_parts_left_out": ("part that is no text in a response", "parts that are no text in responses"),
    "n_set_aside": ("text that the model did not write", "texts that the model did not write"),
    "n_question_parts_left_out": ("part that is no text in a question", "parts that are no text in questions"),
    "n_reasoning_left_out": ("thought of an earlier turn", "thoughts of earlier turns"),
    "n_tool_calls_left_out": ("tool call without a name", "tool calls without a name"),
    "n_other_records": ("record that is no answer of a model", "records that are no answers of a model"),
    "n_tags_not_placed": (
        "tagged text that its response does not hold",
        "tagged texts that their responses do not hold",
    ),
    "n_fields_left_out": ("field too long for `meta`", "fields too long for `meta`"),
}
"""What does not become text of a trace: counts of a `FileReport`, and what one and several of them are called.

To tell of another kind, add its count there and a row here.
"""


@dataclass(frozen=True, slots=True)
class Previewed:
    """What one record would become: a trace, or a reject with its reason.

    Attributes:
        file: its name.
        line: where the record stands in it.
        format: the format by which it was read.
        trace: None for a reject; so with `reason` for a trace.
    """

    file: str
    line: int
    format: str | None
    trace: Trace | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, the trace as its canonical line."""
        trace = None if self.trace is None else json.loads(trace_to_json(self.trace))
        return {"file": self.file, "line": self.line, "format": self.format, "trace": trace, "reason": self.reason}


@dataclass(slots=True)
class ImportReport:
    """What became of every file of an import. It is filled while the traces are drawn.

    Attributes:
        models_without_thinking: models that always think and none of whose traces holds any thinking, and how many.
        preview: what a dry run saw; None if the traces were written.
    """

    files: list[FileReport] = field(default_factory=list)
    models_without_thinking: dict[str, int] = field(default_factory=dict)
    preview: list[Previewed] | None = None

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
    def left_out(self) -> list[FileReport]:
        """Files that are known to hold no traces of their own, such as copies of others."""
        return [file for file in self.files if file.left_out is not None]

    @property
    def is_mostly_rejected(self) -> bool:
        """Whether more of what was read was rejected than kept."""
        return self.n_rejects > self.n_traces + sum(file.n_copies for file in self.files)

    @property
    def set_aside(self) -> dict[str, int]:
        """How much of each kind in `SET_ASIDE` did not become text of a trace."""
        return {name: sum(getattr(file, name) for file in self.files) for name in SET_ASIDE}

    def set_aside_text(self) -> str:
        """The same in words, without the kinds of which there are none: `2 records rejected, 1 copy`."""
        return ", ".join(f"{n:,} {SET_ASIDE[name][n != 1]}" for name, n in self.set_aside.items() if n)

    @property
    def is_unaltered(self) -> bool:
        """Whether every response came out as it went in, apart from what the report counts as added or prefilled."""
        return all(
            file.sha256_in == file.sha256_out
            and file.characters_in + file.characters_added + file.characters_prefilled == file.characters_out
            for file in self.files
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return {
            "n_traces": self.n_traces,
            "n_rejects": self.n_rejects,
            "n_files_refused": len(self.refused),
            "n_files_left_out": len(self.left_out),
            "is_unaltered": self.is_unaltered,
            "models_without_thinking": self.models_without_thinking,
            "set_aside": self.set_aside,
            "files": [asdict(file) for file in self.files],
        } | ({} if self.preview is None else {"preview": [one.to_dict() for one in self.preview]})
