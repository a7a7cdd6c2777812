"""The chain from a file to the tables of the page, through the API that notebooks use."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.transfer.data import ratio_rule, transfer_of
from rdpt_core.analysis.labels import LabelRule, Space
from rdpt_core.analysis.scope import Scope
from rdpt_core.api.scored_run import ScoredRun
from rdpt_core.errors import UsageError
from tests.unit.analysis.evidence.transfer.conftest import LEVELS, TRACES

SHARED = 3 * 8


def share(benchmark: str, kinds: tuple[str, ...]) -> float:
    own = [kind for sketch in TRACES if sketch.benchmark == benchmark for _, kind in sketch.sentences]
    scored = [kind for kind in own if kind != "unscored"]
    return sum(kind in kinds for kind in scored) / len(scored)


def test_reach_beside_no_teacher_and_the_students_own_text(scored: ScoredRun) -> None:
    rows = scored.transfer().to_pylist()
    assert [row["name"] for row in rows] == [*LEVELS, "seen", "half seen", "unseen"]
    for row, benchmark in zip(rows, LEVELS, strict=False):
        assert row["level_from"] == "domain"
        assert row["reach"] == pytest.approx(share(benchmark, ("Teacher", "Uncertain", "Boosted")))
        assert row["label_share"] == pytest.approx(share(benchmark, ("Teacher", "Uncertain")))
        assert row["control_share"] == pytest.approx(share(benchmark, ("Teacher", "Uncertain", "Boosted")))
        assert row["excess"] == pytest.approx(row["label_share"] - row["control_share"])
        assert row["student_text"] < row["reach"]
        assert row["n_questions"] == 10


def test_steps_and_trend(scored: ScoredRun) -> None:
    rows = scored.transfer(part="steps").to_pylist()
    assert {row["number"] for row in rows} == {"reach", "label_share", "control_share", "excess"}
    reach = [row for row in rows if row["number"] == "reach"]
    assert [(row["level"], row["minus"]) for row in reach] == [
        ("seen", "half seen"),
        ("half seen", "unseen"),
        ("seen", "unseen"),
    ]
    assert reach[-1]["low"] > 0
    # Three benchmarks have six orders: two of them are as steep as any can be.
    assert [row["trend_p_value"] for row in reach] == [pytest.approx(2 / 6)] * 3
    assert {(row["trend_shuffles"], row["trend_n_units"]) for row in reach} == {("benchmarks", 3)}


def test_a_reader_chooses_the_levels(scored: ScoredRun) -> None:
    rows = scored.transfer(by="domain", seen=["unseen"]).to_pylist()
    level = {row["name"]: row["level"] for row in rows if row["rows"] == "domain"}
    assert level == {"unseen": "seen", "half-seen": "unseen", "seen": "unseen"}
    assert {row["level_from"] for row in rows} == {"chosen"}
    for wrong in (
        {"by": "model"},
        {"part": "all"},
        {"levels_from": "overlap"},
        {"levels_from": "guess"},
        {"seen": ["none"]},
        {"part": "copied"},
    ):
        with pytest.raises(UsageError):
            scored.transfer(**wrong)  # type: ignore[arg-type]


def test_accuracy_and_spread(scored: ScoredRun) -> None:
    rows = scored.transfer(part="accuracy").to_pylist()
    # Of ten questions the numbers 0, 3, 6 and 9 are wrong.
    assert [row["correct"] for row in rows] == [pytest.approx(0.6)] * 6
    assert {row["student_correct"] for row in rows} == {None}
    spread = scored.transfer(part="spread").to_pylist()
    assert {row["space"] for row in spread} == {"ratio", "difference"}
    table = scored.sentences().to_pydict()
    gap = np.log(np.array(table["p_teacher"], float)) - np.log(np.array(table["p_student"], float))
    own = np.array([name == "shop" for name in table["benchmark"]]) & ~np.isnan(gap)
    (shop,) = [row for row in spread if (row["space"], row["name"]) == ("ratio", "shop")]
    assert shop["sd"] == pytest.approx(gap[own].std(), rel=1e-5)
    assert shop["n_sentences"] == own.sum()


def test_standardised_reach_is_that_of_scaled_thresholds(scored: ScoredRun) -> None:
    rows = {row["name"]: row for row in scored.transfer(standardised=True).to_pylist()}
    spread = {row["name"]: row["sd"] for row in scored.transfer(part="spread").to_pylist() if row["space"] == "ratio"}
    rule = ratio_rule(LabelRule.make())
    for benchmark in LEVELS:
        scale = spread[benchmark] / spread["all groups"]
        moved = scored.sentences(
            alpha=rule.alpha * scale, beta=rule.beta * scale, space="ratio", benchmark=benchmark
        ).to_pylist()
        labelled = [row for row in moved if row["label"] is not None]
        reached = [row for row in labelled if row["label"] == "Teacher" or row["direction"] == "up"]
        assert rows[benchmark]["reach"] == pytest.approx(len(reached) / len(labelled))
        assert rows[benchmark]["control_share"] is None


def test_the_rule_of_log_ratios_keeps_what_was_chosen() -> None:
    chosen = LabelRule.make(alpha=0.1, beta=0.9, space="ratio")
    assert ratio_rule(chosen) is chosen
    found = ratio_rule(LabelRule.make(beta=0.2, unit="common_token", marks=True))
    assert (found.space, found.unit, found.marks) == (Space.RATIO, "common_token", True)


def test_traces_behind_a_group_begin_with_the_most_reached(scored: ScoredRun) -> None:
    transfer, rule, scope = transfer_of(scored._data()), LabelRule.make(), Scope()
    assignment = transfer.assignments(rule, "benchmark")["domain"]
    row = transfer.table(rule, scope, assignment).groups[1]
    listed = transfer.behind(rule, scope, row)
    assert listed.n == 10
    n = list(listed.numbers["reached sentences"])
    assert n == sorted(n, reverse=True)
    shop = [number for number, sketch in enumerate(TRACES) if sketch.benchmark == "shop"]
    assert sorted(listed.trace_no) == shop
    assert set(listed.sentence_index) == {0}


def test_a_filter_holds_for_the_students_text_as_far_as_it_can(scored: ScoredRun) -> None:
    rows = scored.transfer(benchmark="shop", correct=True).to_pylist()
    assert [row["name"] for row in rows] == ["shop", "half seen"]
    # Of the eight questions that the student answered, 0, 3 and 6 are answered wrong by the run.
    assert rows[0]["student_text"] is not None
