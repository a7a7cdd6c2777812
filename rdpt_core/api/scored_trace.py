"""One trace of a run: its text, its sentences and tokens as tables, and the reader of the app in a notebook."""

from __future__ import annotations

import os
from collections.abc import Callable
from html import escape
from pathlib import Path

import pyarrow as pa

from rdpt_core.analysis.evidence.p_values.data import evidence_of
from rdpt_core.analysis.export.rows import export_trace, write_text
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.trace.view import question_text
from rdpt_core.api.outputs import check_outputs
from rdpt_core.errors import UsageError
from rdpt_core.records import Trace

_HEIGHT_PX = 720


class ScoredTrace:
    """A trace under a label rule. Made by `ScoredRun.trace`.

    In Jupyter and marimo it shows itself as the app would: the response with every sentence coloured by its label.
    Nothing is fetched, and nothing that stands in the trace can run.

    Attributes:
        info: the trace as its file gave it.
        rule: thresholds, unit and space.
        sentences: one row a sentence, with the columns of `export --what sentences`.
    """

    def __init__(self, data: Callable[[], RunData], rule: LabelRule, trace_no: int) -> None:
        # Asked for anew at every use: the file may go on while a notebook holds the trace.
        self._data = data
        self._view = data().trace_view(trace_no, rule)
        self.info: Trace = self._view.trace
        self.rule = rule
        self.sentences: pa.Table = self._rows("sentences")

    @property
    def id(self) -> str:
        """The trace's id."""
        return self.info.trace_id

    @property
    def question(self) -> str:
        """What was asked, as text."""
        return question_text(self.info)

    @property
    def response(self) -> str:
        """What the model answered, verbatim."""
        return self.info.response

    @property
    def label_counts(self) -> dict[str, int]:
        """Sentences of each label, zeros included."""
        return {str(count.label): count.n_sentences for count in self._view.label_counts()}

    def tokens(self) -> pa.Table:
        """One row a token and role, with the columns of `export --what tokens`."""
        return self._rows("tokens")

    def to_html(self) -> str:
        """The trace as one HTML file that works offline; the same trace and rule give the same bytes."""
        # Reading rows needs no component; only whoever looks pays for loading it.
        from rdpt_core.ui.components.reader.evidence import evidence_of_trace
        from rdpt_core.ui.components.standalone import standalone_html

        data = self._data()
        evidence = evidence_of_trace(evidence_of(data), self._view)
        with data.open_reader() as reader:
            return standalone_html(reader, data.run, self._view, evidence=evidence)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write `to_html` to a file; it appears whole or not at all.

        Raises:
            UsageError: the name does not end in .html, or a database has it.
            InputError: the folder does not exist or cannot be written to.
        """
        target = Path(path)
        if target.suffix not in (".html", ".htm"):
            raise UsageError("the ending of the file fits no page", where=str(target), expected=".html")
        check_outputs({"save": target}, {})
        write_text(self.to_html(), target)
        return target

    def _rows(self, what: str) -> pa.Table:
        data = self._data()
        with data.open_reader() as reader:
            return export_trace(reader, data.run, what, self.rule, self._view.trace_no, evidence_of(data))

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {label}" for label, n in self.label_counts.items())
        return f"<ScoredTrace {self.id!r}: {counts if self._view.is_scored else 'not scored yet'}>"

    def _repr_html_(self) -> str:
        # A frame of its own: what it holds can neither see the notebook nor change it.
        return (
            f'<iframe sandbox="allow-scripts" title="Trace {escape(self.id)}" srcdoc="{escape(self.to_html())}" '
            f'style="width: 100%; height: {_HEIGHT_PX}px; border: 0"></iframe>'
        )
