"""What the README says of behaviours and of transfer on the bundled data, recomputed from them."""

from __future__ import annotations

from pathlib import Path

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.families import WORDING
from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from tests.integration.bundled.documented.test_documented_numbers import planted, readme

FROM_TEACHER = {"teacher_a", "both_teachers", "slip"}


def mostly_from_teacher(run: rdpt.ScoredRun) -> dict[str, bool]:
    """Wording → whether most of its sentences were only in the data of teachers."""
    at = {(trace_id, start): origin for (trace_id, start, _), origin in planted().items()}
    rows = run.sentences().select(["trace_id", "char_start"]).to_pylist()
    is_theirs = [at[row["trace_id"], row["char_start"]] in FROM_TEACHER for row in rows]
    (wordings,) = (family for family in kinds_of(run._data(), False) if family.family == WORDING)
    places = {name: wordings.places(name).tolist() for name in wordings.names}
    return {name: sum(is_theirs[place] for place in of) > len(of) / 2 for name, of in places.items()}


def test_what_the_readme_says_of_behaviours(demo_database: Path) -> None:
    run = rdpt.open(demo_database).run("bundled demo")
    truly = mostly_from_teacher(run)
    rows = [row for row in run.behaviours().to_pylist() if row["family"] == WORDING]
    only = [row for row in rows if row["verdict"] == "only the teacher's"]
    assert all(truly[row["kind"]] for row in only)
    n_missed = sum(truly[row["kind"]] for row in rows if row not in only)
    n_again = sum(row["is_replicated"] for row in only)
    text = readme()
    assert f"Of {len(rows)} wordings, tested on one half of the questions, {len(only)} are only the" in text
    assert f"all of them truly, and {n_missed} are missed; {n_again} are found again on the other half." in text
    assert all(row["excess_low"] is None or row["excess_low"] <= 0 for row in rows)


def test_what_the_readme_says_of_transfer(demo_database: Path) -> None:
    rows = rdpt.open(demo_database).run("bundled demo").transfer().to_pylist()
    levels = {row["level"]: row for row in rows if row["rows"] == "level"}
    own = [levels[level]["label_share"] for level in ("seen", "half seen", "unseen")]
    control = [levels[level]["control_share"] for level in ("seen", "half seen", "unseen")]
    text = readme()
    assert "Where it taught, {:.0%} of sentences are Teacher, where it did in part {:.0%},".format(*own[:2]) in text
    told = "elsewhere {:.1%}; with no teacher {:.0%}, {:.0%} and {:.0%}"
    assert told.format(own[2], *control) in text
