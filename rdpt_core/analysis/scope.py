"""Which traces an analysis looks at: one benchmark, domain, model, difficulty, grade or half, or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.questions import half_sql
from rdpt_core.analysis.sentences import sentences_sql
from rdpt_core.store.reader import Reader, Run

_GRADE_SQL = {GRADES[0]: "{t}correct", GRADES[1]: "NOT {t}correct", GRADES[2]: "{t}correct IS NULL"}


@dataclass(frozen=True, slots=True)
class Scope:
    """The traces that fit every value that is set; None lets everything through.

    `model` is the name of whoever wrote the trace, as its file gave it; `grade` is one of `GRADES`; `half` is one of
    `HALVES`, by question (see `questions`).
    """

    benchmark: str | None = None
    domain: str | None = None
    grade: str | None = None
    model: str | None = None
    difficulty: str | None = None
    half: str | None = None

    def items(self) -> tuple[tuple[str, str], ...]:
        """Name and value of every filter that is set, in a fixed order."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return tuple((name, value) for name, value in pairs if value is not None)

    def where(self, alias: str = "") -> tuple[str, list[Any]]:
        """A condition over rows of the table `traces`, and its parameters; `TRUE` if nothing is filtered.

        Args:
            alias: how the query calls the table; none if columns stand alone.
        """
        t = f"{alias}." if alias else ""
        parts, parameters = [], []
        for name, value in self.items():
            if name == "grade":
                parts.append(_GRADE_SQL[value].format(t=t))
            elif name == "half":
                parts.append(f"{half_sql(alias)} = ?")
                parameters.append(value)
            else:
                parts.append(f"{t}{name} = ?")
                parameters.append(value)
        return " AND ".join(parts) or "TRUE", parameters

    def sentences(self, run_no: int, rule: LabelRule) -> tuple[str, list[Any]]:
        """`sentences_sql` for what is in scope, and its parameters."""
        condition, parameters = self.where()
        if not parameters and condition == "TRUE":
            return sentences_sql(run_no, rule), []
        traces = f"SELECT trace_no FROM traces WHERE run_no = {run_no:d} AND {condition}"
        return sentences_sql(run_no, rule, f"trace_no IN ({traces})"), parameters

    def words(self) -> str:
        """The scope in words, for a caption or a methods paragraph: `all traces`, or `benchmark = aime, ...`."""
        named = (("half of the questions" if name == "half" else name, value) for name, value in self.items())
        return ", ".join(f"{name} = {value}" for name, value in named) or "all traces"


FILTERS: tuple[str, ...] = tuple(field.name for field in fields(Scope) if field.name != "half")
"""The filters by what the traces themselves say, which may leave no choice."""


def load_choices(reader: Reader, run: Run) -> pa.Table:
    """Which values occur together: one row a combination of all filters that some trace has, with its count.

    Columns: the names in `FILTERS`, each NULL where traces have none (a grade always has a value), and n_traces.
    """
    return reader.query(
        "SELECT benchmark, domain, "
        f"CASE WHEN correct THEN '{GRADES[0]}' WHEN NOT correct THEN '{GRADES[1]}' ELSE '{GRADES[2]}' END AS grade, "
        "model, difficulty, count(*) AS n_traces FROM traces WHERE run_no = ? GROUP BY ALL ORDER BY ALL",
        [run.run_no],
    )


def in_natural_order(values: Sequence[str]) -> list[str]:
    """Sorted, whole numbers by size and before words: `2` stands before `10`."""
    return sorted(values, key=lambda value: (not value.isdecimal(), int(value) if value.isdecimal() else 0, value))
