"""What a tool says of the traces in its own log. Used by the writers, each of which runs in its tool's environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TRICKY = 'Ünïcödé 😀 "quoted"\r\nCRLF,\ttab; <b>tag</b> \\boxed{4} \u2028 and\u00a0spaces \n'
"""Text that a careless reader or writer alters."""


def rejoined(reasoning: str, text: str) -> str:
    """A response as a model of an unknown family writes it, from the parts that a tool keeps apart."""
    return f"<think>\n{reasoning}\n</think>\n\n{text}"


class Expectations:
    """Collects cases; `write` leaves them in FOLDER/expected.json, where check.py reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases: list[dict[str, Any]] = []

    def add(self, source: str, traces: list[dict[str, Any]], *, rejects: int = 0, refused: str | None = None) -> None:
        """One file or folder, relative to the folder of logs.

        Args:
            source: the file or folder.
            traces: what the tool says of each trace, under the names of canonical fields, and `truncated`. A field
                that a trace leaves out is not compared.
            rejects: how many records are no trace.
            refused: a part of the message with which the whole file is refused.
        """
        self.cases.append({"source": source, "traces": traces, "rejects": rejects, "refused": refused})

    def write(self) -> None:
        """Leave the cases beside the logs."""
        text = json.dumps(self.cases, ensure_ascii=True, indent=1)
        (self.folder / "expected.json").write_text(text, encoding="utf-8")
