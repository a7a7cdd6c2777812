"""What became of every file of an import: counts, refusals, and the proof that no response was altered."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from rdpt_core.traces.importing.thinking_seen import ThinkingSeen


@dataclass(slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        format: the name of its format; None if the file was refused.
        refused: why the file was refused; None if it was read.
        left_out: what it is, if it is known to hold no traces of its own: the same file as another, a copy, the
            import's own output, a link in an archive, the description of a data set.
        n_renamed: ids of the source, of a trace or a question, that another text has, and that were changed; `renamed`
            is an example.
        n_copies: traces that repeat an earlier one word for word, all of them kept; `copy` is an example.
        n_tool_calls: tool calls in the conversations before the responses, which are kept.
        n_parts_left_out: parts of these conversations that are no text, such as images. No model sees them.
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
    n_without_question: int = 0
    n_requests: int = 0
    n_renamed: int = 0
    renamed: str | None = None
    n_copies: int = 0
    copy: str | None = None
    n_tool_calls: int = 0
    n_parts_left_out: int = 0
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


@dataclass(slots=True)
class ImportReport:
    """What became of every file of an import. It is filled while the traces are drawn."""

    files: list[FileReport] = field(default_factory=list)
    thinking: ThinkingSeen = field(default_factory=ThinkingSeen)

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
            "models_without_thinking": dict(self.thinking.missing()),
            "files": [asdict(file) for file in self.files],
        }
