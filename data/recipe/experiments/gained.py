"""How often a Gained sentence is the teacher's: `python -m data.recipe.experiments.gained --db demo.duckdb`.

A run without a teacher labels Gained, Kept and Lost by p_D − p_S. The bundled data know the rest: which label the same
sentence has with the teacher, and whose training data it was planted in.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import rdpt_core as rdpt
from data.recipe.corpus.origins import ORIGINS, ORIGINS_OF
from data.recipe.measuring.tables import markdown
from data.recipe.traces import read_jsonl
from rdpt_core.analysis.labels import LabelRule, apply_rule
from rdpt_core.analysis.schemes import TRIPLE, WITHOUT_TEACHER
from rdpt_core.bundled import DATA
from rdpt_core.records import Label

_TRACES = DATA / "traces.jsonl"


@dataclass(frozen=True, slots=True)
class Gained:
    """Labels without a teacher, counted by what else is known of the sentences.

    Attributes:
        by_origin: planted origin → how often each label; origins that no sentence has are left out.
        by_label: label with the teacher → the same, of all sentences.
    """

    by_origin: Mapping[str, Counter[str]]
    by_label: Mapping[str, Counter[str]]

    @property
    def n_gained(self) -> int:
        """All Gained sentences."""
        return sum(counts[Label.GAINED] for counts in self.by_label.values())

    @property
    def of_teacher(self) -> Counter[str]:
        """Labels of the sentences that the teacher's training data held and the student's did not."""
        held = ORIGINS_OF["teacher_a"] - ORIGINS_OF["student"]
        return sum((counts for origin, counts in self.by_origin.items() if origin in held), Counter())

    @property
    def n_gained_known(self) -> int:
        """Gained sentences with a planted origin."""
        return sum(counts[Label.GAINED] for counts in self.by_origin.values())


def recall(counts: Counter[str]) -> float:
    """Share of sentences that are Gained."""
    return counts[Label.GAINED] / counts.total()


def measure_gained(database: Path, rule: LabelRule | None = None) -> Gained:
    """Count the run `bundled demo` of a file: the bundled traces, scored by all three models."""
    rule = rule or LabelRule.make()
    table = rdpt.open(database).run("bundled demo").sentences(alpha=rule.alpha, beta=rule.beta)
    values = {str(role): table.column(f"p_{role}").to_numpy() for role in WITHOUT_TEACHER.roles}
    labels = apply_rule(rule.alpha, rule.beta, values).label.tolist()
    planted = _planted()
    by_origin: dict[str, Counter[str]] = {origin: Counter() for origin in ORIGINS}
    by_label: dict[str, Counter[str]] = {str(label): Counter() for label in TRIPLE.labels}
    columns = (table.column(name).to_pylist() for name in ("trace_id", "char_start", "char_end", "label"))
    for label, trace_id, char_start, char_end, full_label in zip(labels, *columns, strict=True):
        by_label[full_label][label] += 1
        origin = planted.get((trace_id, char_start, char_end))
        if origin is not None:
            by_origin[origin][label] += 1
    return Gained({origin: counts for origin, counts in by_origin.items() if counts}, by_label)


def _planted() -> dict[tuple[str, int, int], str]:
    """Trace and characters of every planted sentence → its origin."""
    return {
        (trace["trace_id"], item["char_start"], item["char_end"]): item["origin"]
        for trace in read_jsonl(_TRACES)
        for item in trace["meta"]["planted"]
    }


def gained_table(groups: Mapping[str, Counter[str]], first_column: str) -> str:
    """One row a group: how many, the share of each label, and the group's part of all Gained sentences."""
    n_gained = sum(counts[Label.GAINED] for counts in groups.values())
    rows = [
        [
            name,
            f"{counts.total():,}",
            *(f"{counts[label] / counts.total():.2f}" for label in WITHOUT_TEACHER.labels),
            f"{counts[Label.GAINED] / n_gained:.2f}",
        ]
        for name, counts in groups.items()
    ]
    return markdown([first_column, "n", *WITHOUT_TEACHER.labels, "part of Gained"], rows)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> int:
    """Prints the tables."""
    description = __doc__.partition("\n\n")[2]
    parser = argparse.ArgumentParser(prog="python -m data.recipe.experiments.gained", description=description)
    parser.add_argument("--db", type=Path, required=True, metavar="FILE", help="what `rdpt demo` made")
    gained = measure_gained(parser.parse_args(arguments).db)
    show(gained_table(gained.by_origin, "planted origin"))
    show("")
    show(gained_table(gained.by_label, "label with the teacher"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
