"""What README and docs say of behaviours, of transfer and of overlap on the bundled data, recomputed from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.families import WORDING
from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from tests.integration.bundled.documented.test_documented_numbers import planted, readme
from tests.integration.bundled.documented.test_documented_tables import section

FROM_TEACHER = {"teacher_a", "both_teachers", "slip"}
LEVELS = ("seen", "half seen", "unseen")
ENDS = ("", "_low", "_high")


def told(numbers: Sequence[float], digits: int) -> str:
    """A share or a difference with its interval, in percent or points."""
    value, low, high = (f"{100 * number:.{digits}f}".replace("-", "−") for number in numbers)
    return f"{value} ({low} to {high})"


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


def test_what_the_docs_say_of_behaviours(demo_database: Path) -> None:
    run = rdpt.open(demo_database).run("bundled demo")
    truly = mostly_from_teacher(run)
    rows = run.behaviours().to_pylist()
    wordings = [row for row in rows if row["family"] == WORDING]
    only = [row for row in wordings if row["verdict"] == "only the teacher's"]
    n_again = sum(row["is_replicated"] for row in only)
    n_missed = sum(truly[row["kind"]] for row in wordings if row not in only)
    text = section("statistics", "Behaviours")
    assert f"tests {len(wordings)} wordings with seed 0: {len(only)} are found and only the teacher's, all" in text
    assert all(row["is_found"] and truly[row["kind"]] for row in only)
    assert f"of which {n_again} are replicated; {n_missed} that are truly the teacher's are missed." in text
    assert not any((row["excess_low"] or 0) > 0 for row in rows)


def test_what_the_docs_say_of_transfer(demo_database: Path) -> None:
    run = rdpt.open(demo_database).run("bundled demo")
    rows = run.transfer().to_pylist()
    levels = {row["level"]: row for row in rows if row["rows"] == "level"}
    text = section("statistics", "Transfer")

    def documented(name: str, key: str) -> str:
        cells = [told([levels[level][f"{key}{end}"] for end in ENDS], 0) for level in LEVELS]
        return f"| {name} | {' | '.join(cells)} |"

    assert documented("reach", "reach") in text
    # Below 2% a digit more is told.
    seen, half, unseen = (
        told([levels[one][f"label_share{end}"] for end in ENDS], int(one == "unseen")) for one in LEVELS
    )
    assert f"| Teacher | {seen} | {half} | {unseen} |" in text
    assert documented("Teacher with no teacher at all", "control_share") in text
    assert documented("excess, points", "excess") in text
    assert all(levels[level]["excess_high"] < 0 for level in LEVELS)
    for key in ("reach", "control_share"):
        assert levels["seen"][f"{key}_low"] > levels["half seen"][f"{key}_high"]
        assert levels["half seen"][f"{key}_low"] > levels["unseen"][f"{key}_high"]
    (fall,) = (row for row in run.transfer(part="steps").to_pylist() if row["number"] == "excess"
               and (row["level"], row["minus"]) == ("seen", "unseen"))  # fmt: skip
    falls = told([fall["difference"], fall["low"], fall["high"]], 0).replace(" (", " points (", 1)
    assert f"It does fall by {falls} from seen to unseen" in text
    by_overlap = run.transfer(levels_from="overlap").to_pylist()
    assert [row["level"] for row in by_overlap if row["rows"] == "benchmark"] == ["seen"] * 9


def test_what_the_docs_say_of_overlap(demo_database: Path) -> None:
    rows = rdpt.open(demo_database).run("bundled demo").sentences()
    at = {(trace_id, start): origin for (trace_id, start, _), origin in planted().items()}
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows.select(["trace_id", "char_start", "training_class"]).to_pylist():
        classes[at[row["trace_id"], row["char_start"]]][row["training_class"]] += 1
    text = section("method", "Overlap with training texts")
    n = sum(classes.values(), Counter[str]())
    copied, template, new = (f"{n[name]:,}" for name in ("copied", "template", "new"))
    parts = [f"{n[name] / n.total():.0%}" for name in ("copied", "template", "new")]
    assert f"{copied} of {n.total():,} sentences are copied ({parts[0]}), {template} are in a template" in text
    assert f"({parts[1]}) and {new} are new ({parts[2]})." in text

    def part(origin: str, name: str) -> str:
        return f"{classes[origin][name] / classes[origin].total():.0%}"

    assert f"the student was given ({part('student', 'copied')} copied)" in text
    teacher = f"{part('teacher_a', 'copied')} copied, {part('teacher_a', 'template')} in a template"
    assert f"the teacher was given ({teacher})" in text
    nobody = f"{part('none', 'copied')} are copied, {part('none', 'template')} are in a template"
    assert f"{nobody} and {part('none', 'new')} are new." in text
