"""What became of every file of an import: counts, refusals, and the proof that no response was altered."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        format: the name of its format; None if the file was refused.
        refused: why the file was refused; None if it was read.
        left_out: what it is again, if the import met it twice: the same file as another, a copy, or its own output.
        n_checked: verdicts of the source for which an own grade was looked for, too. `n_agreed` of them agree with it,
            `n_disputed` differ from it, and for the rest there is no own grade.
        n_renamed: ids of the source, of a trace or a question, that another text has, and that were changed; `renamed`
            is an example.
        n_copies: traces that repeat an earlier one word for word, all of them kept; `copy` is an example.
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
    def left_out(self) -> list[FileReport]:
        """Files that were met twice, and read once or not at all."""
        return [file for file in self.files if file.left_out is not None]

    @property
    def is_unaltered(self) -> bool:
        """Whether every response came out as it went in, apart from the markup that the report counts."""
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
            "n_files_left_out": len(self.left_out),
            "is_unaltered": self.is_unaltered,
            "files": [asdict(file) for file in self.files],
        }
