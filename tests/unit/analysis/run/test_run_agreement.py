"""Two runs of one file: matched by characters, counted by hand, κ against its definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run import run_agreement
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic
from tests.support.synthetic import Sketch

RULE = LabelRule.make()
TRACES = [*synthetic.sketches(9), synthetic.unscored_sketch()]
LABEL = {"Boosted-down": "Boosted", "Boosted-between": "Boosted", "Uncertain": "Teacher", "unscored": None}
# In the second run every third sentence has other probabilities.
TURNED = {"Teacher": "Student", "Shared": "Boosted", "Student": "Student"}


def turned(sketch: Sketch) -> Sketch:
    kinds = [(text, TURNED.get(kind, kind) if i % 3 == 0 else kind) for i, (text, kind) in enumerate(sketch.sentences)]
    return replace(sketch, sentences=kinds)


def joined(sketch: Sketch) -> Sketch:
    """Another splitter: the first two sentences are one, the rest is cut as before."""
    (first, kind), (second, _), *rest = sketch.sentences
    return replace(sketch, sentences=[(first + second, kind), *rest])


SECOND = [turned(sketch) for sketch in TRACES]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(database, TRACES, run_id="a" * 16)
    synthetic.build(database, SECOND, run_id="b" * 16)
    synthetic.build(database, [joined(sketch) for sketch in TRACES], run_id="c" * 16)
    synthetic.build(database, TRACES[2:], run_id="d" * 16, roles=(Role.TEACHER, Role.STUDENT))
    reworded = replace(TRACES[0], sentences=[("Another response. ", "Teacher")])
    synthetic.build(database, [reworded, replace(TRACES[1], trace_id="elsewhere"), *TRACES[2:]], run_id="e" * 16)
    return database


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    with open_reader(path) as opened:
        yield opened


def runs(reader: Reader, names: str) -> tuple[Run, Run]:
    first, second = (reader.run(name * 16) for name in names)
    return first, second


def label(kind: str) -> str | None:
    return LABEL.get(kind, kind)


def by_hand(scope: Scope) -> tuple[Counter[tuple[str, str]], int]:
    pairs: Counter[tuple[str, str]] = Counter()
    unscored = 0
    for first, second in zip(TRACES, SECOND, strict=True):
        if scope.benchmark in (None, first.benchmark):
            for (_, kind), (_, second_kind) in zip(first.sentences, second.sentences, strict=True):
                first_label, second_label = label(kind), label(second_kind)
                if first_label is None or second_label is None:
                    unscored += 1
                else:
                    pairs[first_label, second_label] += 1
    return pairs, unscored


@pytest.mark.parametrize("scope", [Scope(), Scope(benchmark="clock")], ids=Scope.words)
def test_labels_are_compared_sentence_by_sentence(reader: Reader, scope: Scope) -> None:
    agreement = run_agreement.load_agreement(reader, *runs(reader, "ab"), RULE, scope)
    pairs, unscored = by_hand(scope)
    want = [[pairs[str(a), str(b)] for b in agreement.labels] for a in agreement.labels]
    assert agreement.joint.tolist() == want
    assert (agreement.n_matched, agreement.n_unscored, agreement.n_unmatched) == (sum(pairs.values()), unscored, (0, 0))
    assert agreement.agreement.value == pytest.approx(np.trace(want) / np.sum(want))
    share = np.array(want) / np.sum(want)
    chance = float(share.sum(axis=1) @ share.sum(axis=0))
    assert agreement.kappa.value == pytest.approx((np.trace(share) - chance) / (1 - chance))
    for k, shift in enumerate(agreement.shift):
        assert shift.value == pytest.approx(share[:, k].sum() - share[k].sum())
        assert shift.low is not None and shift.high is not None
        assert shift.low <= shift.value <= shift.high
    mine = [sketch for sketch in TRACES if scope.benchmark in (None, sketch.benchmark)]
    assert agreement.n_traces == len(mine)
    assert agreement.n_questions == len({sketch.question_id for sketch in mine})


def test_a_run_agrees_with_itself(reader: Reader) -> None:
    first, _ = runs(reader, "ab")
    agreement = run_agreement.load_agreement(reader, first, first, RULE, Scope())
    assert agreement.agreement.value == pytest.approx(1) and agreement.kappa.value == pytest.approx(1)
    assert all(shift.value == 0 for shift in agreement.shift)
    # Few questions cannot exclude that some sentence elsewhere moves, in either direction.
    low = agreement.agreement.low
    assert low is not None and agreement.kappa.low is not None
    assert low < 0.97 and agreement.kappa.low < low and agreement.kappa.high == pytest.approx(1)
    for shift in agreement.shift:
        assert shift.low is not None and shift.high is not None
        assert shift.low < -0.01 and shift.high == pytest.approx(-shift.low)
    assert run_agreement.load_moved(reader, first, first, RULE, Scope(), None).num_rows == 0


def test_other_arguments_of_a_chat_template_are_a_difference(reader: Reader) -> None:
    run = reader.runs()[0]
    models = {"teacher": {"template_arguments": {"thinking": True}}}
    changes = run_agreement.differences(run, replace(run, identity={"models": models}))
    assert changes == ["settings of the teacher's template: none → thinking = true"]


def test_other_cuts_match_where_most_characters_are_shared(reader: Reader) -> None:
    agreement = run_agreement.load_agreement(reader, *runs(reader, "ac"), RULE, Scope())
    # Of the two sentences that were joined, the longer one has a partner if it is more than half of both.
    matched = unmatched = 0
    for sketch in TRACES:
        n_first, n_second = (len(text) for text, _ in sketch.sentences[:2])
        partner = 2 * max(n_first, n_second) > n_first + n_second
        matched += len(sketch.sentences) - 2 + partner
        unmatched += 2 - partner
    assert agreement.n_matched + agreement.n_unscored == matched
    assert agreement.n_unmatched[0] == unmatched
    assert agreement.n_unmatched[1] == sum(len(joined(sketch).sentences) for sketch in TRACES) - matched


def test_a_run_without_a_distilled_model_is_compared_by_three_labels(reader: Reader) -> None:
    agreement = run_agreement.load_agreement(reader, *runs(reader, "ad"), RULE, Scope())
    assert [str(name) for name in agreement.labels] == ["Teacher", "Common", "Student"]
    assert agreement.agreement.value == pytest.approx(1)
    assert agreement.n_traces_only == (2, 0)


def test_traces_with_other_texts_are_counted_and_not_matched(reader: Reader) -> None:
    agreement = run_agreement.load_agreement(reader, *runs(reader, "ae"), RULE, Scope())
    assert agreement.n_other_text == 1
    assert agreement.n_traces_only == (0, 0)
    assert agreement.n_traces == len(TRACES) - 1


def test_a_trace_with_another_id_is_found_by_question_and_response(reader: Reader, tmp_path: Path) -> None:
    agreement = run_agreement.load_agreement(reader, *runs(reader, "ae"), RULE, Scope())
    assert agreement.n_by_text == 1
    path = tmp_path / "other-ids.duckdb"
    second = [replace(sketch, trace_id=f"x-{sketch.trace_id}", benchmark="other") for sketch in SECOND]
    # Equal texts of another question must not match, and neither must another response to the same question.
    second = [replace(sketch, question=synthetic.question_of(TRACES[k])) for k, sketch in enumerate(second)]
    second[0] = replace(second[0], question="Something else?")
    second[1] = replace(second[1], sentences=[("Another response. ", "Teacher")])
    synthetic.build(path, TRACES, run_id="a" * 16)
    synthetic.build(path, second, run_id="b" * 16)
    with open_reader(path) as opened:
        pair = runs(opened, "ab")
        agreement = run_agreement.load_agreement(opened, *pair, RULE, Scope())
        moved = run_agreement.load_moved(opened, *pair, RULE, Scope(), None).to_pylist()
        clock = run_agreement.load_agreement(opened, *pair, RULE, Scope(benchmark="clock"))
    assert (agreement.n_by_text, agreement.n_traces_only) == (len(TRACES) - 2, (2, 2))
    assert agreement.n_traces == len(TRACES) - 2
    assert moved and all(row["second_trace_id"] == f"x-{row['trace_id']}" for row in moved)
    assert clock.n_by_text == sum(sketch.benchmark == "clock" for sketch in TRACES)


def test_moved_sentences_are_those_with_another_label(reader: Reader) -> None:
    first, second = runs(reader, "ab")
    rows = run_agreement.load_moved(reader, first, second, RULE, Scope(), None).to_pylist()
    pairs, _ = by_hand(Scope())
    assert len(rows) == min(run_agreement.N_MOVED, sum(n for (a, b), n in pairs.items() if a != b))
    changes = [abs(row["first_gap"] - row["second_gap"]) for row in rows]
    assert changes == sorted(changes, reverse=True)
    texts = {(sketch.trace_id, i + 1): text for sketch in TRACES for i, (text, _) in enumerate(sketch.sentences)}
    for row in rows:
        assert row["first_label"] != row["second_label"]
        assert row["text"] == texts[row["trace_id"], row["first_sentence"]]
        assert row["first_sentence"] == row["second_sentence"]
    one_way = run_agreement.load_moved(reader, first, second, RULE, Scope(), ("Teacher", "Student"))
    assert one_way.num_rows == min(run_agreement.N_MOVED, pairs["Teacher", "Student"])


def test_few_questions_give_numbers_without_intervals(tmp_path: Path) -> None:
    path = tmp_path / "one.duckdb"
    synthetic.build(path, TRACES[:1], run_id="a" * 16)
    synthetic.build(path, SECOND[:1], run_id="b" * 16)
    with open_reader(path) as reader:
        agreement = run_agreement.load_agreement(reader, *runs(reader, "ab"), RULE, Scope())
    assert agreement.refused is not None and "only 1 question;" in agreement.refused
    assert agreement.kappa.low is None and agreement.agreement.value > 0


def test_nothing_in_common_is_no_error(reader: Reader) -> None:
    agreement = run_agreement.load_agreement(reader, *runs(reader, "ab"), RULE, Scope(benchmark="nowhere"))
    assert (agreement.n_matched, agreement.n_questions) == (0, 0)
    assert np.isnan(agreement.kappa.value)


def test_intervals_cover_the_truth_though_questions_cluster() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    n_simulated = 100
    for _ in range(n_simulated):
        # Each question has its own chance to agree, around 0.8; two labels of equal size.
        chance = rng.beta(8, 2, size=60)
        agreeing = rng.binomial(20, chance) / 2
        joint = np.stack([agreeing, 10 - agreeing, 10 - agreeing, agreeing], axis=1).reshape(60, 2, 2)
        agreement, _, _, _ = run_agreement._estimates(joint)
        assert agreement.low is not None and agreement.high is not None
        covered += agreement.low <= 0.8 <= agreement.high
    assert 89 <= covered <= 100
