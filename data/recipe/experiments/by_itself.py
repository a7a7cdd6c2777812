"""Teacher by itself against planted truth: `python -m data.recipe.experiments.by_itself --db demo.duckdb`.

The database needs a pass with the prompt in view of all three models:
`rdpt local --db demo.duckdb --with-prompt --roles teacher,student,distilled`. Only sentences with a longer past count.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.recipe.measuring.tables import markdown
from rdpt_core.analysis.evidence.context import REFERENCES, flags_sql, short_context
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.errors import UsageError
from rdpt_core.records import Label, Role
from rdpt_core.store.reader import open_reader

PLANTED = {Label.TEACHER: "teacher_a", Label.STUDENT: "student"}
"""The origin whose sentences a label should find: those of one side's training data alone."""


@dataclass(frozen=True, slots=True)
class Found:
    """How well a label finds the sentences that were in one side's data alone.

    Attributes:
        reference: one of `REFERENCES`.
        label: the label.
        by_itself: whether it must hold by itself, too.
        n: sentences that are found.
        n_right: those of them with the origin.
        n_planted: all with the origin.
    """

    reference: str
    label: Label
    by_itself: bool
    n: int
    n_right: int
    n_planted: int


def measure(database: Path, rule: LabelRule | None = None) -> list[Found]:
    """Count the run `bundled demo` of a file, with and without the teacher, asking for the label with and without the
    flag."""
    found = []
    with open_reader(database) as reader:
        run = reader.run("bundled demo")
        context = short_context(reader, run)
        if context is None or Role.DISTILLED not in context.roles:
            raise UsageError("no pass of all three models", where=str(database), expected="local --with-prompt")
        rows = reader.query("SELECT trace_no, meta FROM traces WHERE run_no = ?", [run.run_no]).to_pylist()
        origins = {
            (row["trace_no"], item["char_start"], item["char_end"]): item["origin"]
            for row in rows
            for item in json.loads(row["meta"])["planted"]
        }
        for reference, without_teacher in zip(REFERENCES, (False, True), strict=True):
            query = flags_sql(run, rule or LabelRule.make(), context, without_teacher=without_teacher)
            table = reader.query(
                f"SELECT trace_no, char_start, char_end, label, by_itself FROM ({query}) WHERE NOT sees_all"
            ).to_pylist()
            for row in table:
                row["origin"] = origins.get((row["trace_no"], row["char_start"], row["char_end"]))
            for label, origin in PLANTED.items():
                n_planted = sum(row["origin"] == origin for row in table)
                for by_itself in (False, True):
                    chosen = [row for row in table if row["label"] == label and (row["by_itself"] or not by_itself)]
                    n_right = sum(row["origin"] == origin for row in chosen)
                    found.append(Found(reference, label, by_itself, len(chosen), n_right, n_planted))
    return found


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m data.recipe.experiments.by_itself", description=__doc__.partition("\n\n")[2]
    )
    parser.add_argument("--db", type=Path, required=True, metavar="FILE", help="what `rdpt demo` and `rdpt local` made")
    rows = [
        [
            one.reference,
            f"{one.label}{', by itself' if one.by_itself else ''}",
            f"{one.n:,}",
            f"{one.n_right / one.n:.2f}" if one.n else "–",
            f"{one.n_right / one.n_planted:.2f}" if one.n_planted else "–",
        ]
        for one in measure(parser.parse_args(arguments).db)
    ]
    show(markdown(["labelled", "found by", "n", "precision", "recall"], rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
