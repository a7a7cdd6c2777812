"""From the file to answers: the same numbers by every road, whatever the run is seen with."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.attribution.behind import sentences_behind
from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.methods import attribution_sentence
from rdpt_core.analysis.attribution.rule import SHORTEST, AttributionRule
from rdpt_core.analysis.attribution.sources import answer_names, can_attribute, sources_of
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.errors import UsageError
from tests.support import companions, synthetic

LABELS = LabelRule.make()
# Sentences of the synthetic run have a handful of tokens, so likelihoods are taken at their word.
RULE = AttributionRule.make(temper=1.0)


def stored(path, columns):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            f"SELECT {columns} FROM sentences WHERE NOT is_mark ORDER BY trace_no, sentence_index"
        ).fetchnumpy()


def test_sources_are_teachers_student_and_controls(data):
    sources = sources_of(data.run)
    assert [source.name for source in sources.named] == ["math", "code", "student"]
    assert [source.role for source in sources.controls] == ["control:decoy"]
    assert answer_names(data.run) == ("math", "code", "student", "several", "none")
    assert can_attribute(data.run)
    assert sources_of(data.run.seen(teacher="teacher:code")) == sources


def test_no_two_answers_are_called_alike(data):
    run = data.run
    nameless = replace(run, own_models=tuple(replace(model, name=None) for model in run.own_models))
    for name in ("teacher", "Controls", "none", "Several", "student"):
        companions = tuple(
            replace(c, model=replace(c.model, role=f"teacher:{name}", name=name)) if c.role == "teacher:code" else c
            for c in run.companions
        )
        names = answer_names(replace(nameless, companions=companions))
        assert names == ("teacher", f"teacher:{name}", "student", "several", "none")


def test_evidence_is_what_is_stored(scored, data):
    evidence = attribution_of(data)._evidence(False, False)
    columns = ["teacher", "teacher_code", "student", "control_decoy", "distilled"]
    found = stored(scored, ", ".join(f"logprob_sum_{c} AS {c}" for c in columns) + ", n_tokens_distilled AS n")
    sums = np.ma.stack([np.ma.asarray(found[c]) for c in columns]).filled(np.nan)
    best = sums[:3].max(axis=0)
    for row, values in zip(sums[:4], evidence.relative, strict=True):
        np.testing.assert_allclose(values, row - best, rtol=1e-3, atol=1e-3)
    count = np.maximum(np.ma.asarray(found["n"]).filled(0), SHORTEST)
    np.testing.assert_allclose(evidence.shortfall, (sums[4] - best) / count, rtol=2e-3, atol=1e-3)
    assert np.isnan(evidence.shortfall).any()


def test_one_trace_and_rows_give_the_answers_of_the_run(scored, data):
    answers = attribution_of(data).answers(LABELS, RULE)
    for i in (0, 5, len(answers.trace_no) - 1):
        own = slice(answers.start[i], answers.start[i + 1])
        trace = attribution_of(data).trace(int(answers.trace_no[i]), LABELS, RULE)
        assert trace.code.tolist() == answers.codes[own].tolist()
        assert trace.members.tolist() == answers.members[own].tolist()
        assert [bool(trace.words(k)) for k in range(len(trace.code))] == (trace.code > 0).tolist()
        scored_rows = trace.code > 0
        np.testing.assert_allclose(trace.posterior[scored_rows].sum(axis=1), 1, atol=1e-5)
        assert np.isnan(trace.posterior[~scored_rows]).any(axis=1).all()
    rows = rdpt.open(scored).run().attribution(RULE)
    names = ["", *answers.sources.answers]
    assert [name or "" for name in rows.column("attribution").to_pylist()] == [names[c] for c in answers.codes]
    assert rows.column("attribution").null_count == (answers.codes == 0).sum() > 0
    assert rows.column("posterior_math").null_count == rows.column("attribution").null_count
    assert "posterior_controls" in rows.column_names


def test_answers_do_not_depend_on_what_the_run_is_seen_with(data):
    other = replace(data, run=data.run.seen(teacher="teacher:code", distilled="checkpoint:400"))
    mine, others = (attribution_of(d).answers(LABELS, RULE) for d in (data, other))
    assert mine.codes.tolist() == others.codes.tolist()
    fresh = replace(other, keep=lambda family, key, make: make())
    assert attribution_of(fresh).answers(LABELS, RULE).codes.tolist() == mine.codes.tolist()


def test_other_thresholds_of_labels_ask_nothing_anew(data):
    opened = []

    def open_reader(*runs):
        opened.append(runs)
        return data.open_reader(*runs)

    counting = replace(data, open_reader=open_reader)

    def everything(rule):
        own = attribution_of(counting)
        found = own.verdict(rule, RULE, Scope()), own.table(rule, RULE, Scope()), own.scales(rule, RULE, Scope())
        return *found, own.set_table(rule, RULE, Scope()), own.trace(0, rule, RULE)

    first, n_opened = everything(LABELS), len(opened)
    assert n_opened > 0
    again = everything(LabelRule.make(0.01, 0.2))
    assert all(mine is others for mine, others in zip(first, again, strict=True))
    assert len(opened) == n_opened
    assert everything(LabelRule.make(marks=True))[-1] is not first[-1]


def test_what_the_teacher_alone_finds_likely_is_its_own(data):
    with data.open_reader() as reader:
        texts = reader.query(
            "SELECT substring(response, char_start + 1, char_end - char_start) AS text FROM sentences "
            "JOIN traces USING (run_no, trace_no) WHERE NOT is_mark ORDER BY trace_no, sentence_index"
        ).column("text")
    names = np.array(["", *answer_names(data.run)])[attribution_of(data).answers(LABELS, RULE).codes]
    opening = np.array([text.startswith("Okay, let me think") for text in texts.to_pylist()])
    assert set(names[opening]) == {"math"}
    start = np.array([text.startswith("We start with") for text in texts.to_pylist()])
    assert set(names[start]) == {"several"}


def test_the_table_adds_up_and_leads_to_its_sentences(scored, data):
    attribution = attribution_of(data)
    table = attribution.table(LABELS, RULE, Scope(), "benchmark")
    codes = attribution.answers(LABELS, RULE).codes
    assert table.counts.sum(axis=0).tolist() == [(codes == k).sum() for k in range(1, 6)]
    assert table.total.n_sentences == (codes > 0).sum()
    for row in table.rows:
        for k, answer in enumerate(table.answers):
            found = sentences_behind(data, LABELS, RULE, Scope(), "benchmark", row.row, answer)
            assert (found.n > 0) == (row.intervals.share[k] > 0)
            for trace_no, index in zip(found.trace_no[:3], found.sentence_index[:3], strict=True):
                trace = attribution.trace(trace_no, LABELS, RULE)
                assert trace.code[trace.sentence_index.tolist().index(index)] == k + 1
    everything = sentences_behind(data, LABELS, RULE, Scope(), "routed", None, "math")
    assert everything.n > 0
    shares = rdpt.open(scored).run().attribution_shares("benchmark", RULE).to_pylist()
    math = sum(
        row["n_sentences"] for row in shares if row["attribution"] == "math" and row["benchmark"] != "all traces"
    )
    assert math == (codes == 1).sum()


def test_a_benchmark_that_is_called_like_all_of_them_is_not_taken_for_them(tmp_path: Path) -> None:
    first, *others = synthetic.sketches(4)
    path = tmp_path / "run.duckdb"
    companions.build(path, [replace(first, benchmark="all traces"), *others], models=companions.named_teacher())
    run = rdpt.open(path).run()
    data = run._data()
    table = attribution_of(data).table(LABELS, RULE, Scope(), "benchmark")
    assert table.total.row == "(all traces)"
    (named,) = (row for row in table.rows if row.row == "all traces")
    assert 0 < named.n_sentences < table.total.n_sentences
    for k, answer in enumerate(table.answers):
        found = sentences_behind(data, LABELS, RULE, Scope(), "benchmark", "all traces", answer)
        assert found.n == (named.intervals.share[k] > 0)
    shares = run.attribution_shares("benchmark", RULE).to_pylist()
    rows = [(row["benchmark"], row["attribution"]) for row in shares]
    assert len(set(rows)) == len(rows)


def test_a_scope_without_sentences_gives_a_table_with_its_columns(scored: Path) -> None:
    run = rdpt.open(scored).run()
    for shares in (run.attribution_shares, run.shares):
        whole, empty = shares("benchmark"), shares("benchmark", benchmark="week", correct=True)
        assert (empty.num_rows, empty.schema) == (0, whole.schema)


def test_more_teachers_than_can_be_told_apart_are_not_attributed(data) -> None:
    code = data.run.companions[0]
    models = [replace(code.model, role=f"teacher:t{k}", name=f"t{k}") for k in range(29)]
    many = tuple(replace(code, model=model) for model in models)
    assert can_attribute(replace(data.run, companions=many[:28]))
    assert not can_attribute(replace(data.run, companions=many))
    with pytest.raises(UsageError, match="fewer than 30"):
        sources_of(replace(data.run, companions=many))


def test_a_scope_leaves_out_what_is_outside(data):
    attribution = attribution_of(data)
    some = attribution.table(LABELS, RULE, Scope(benchmark="clock"), "benchmark")
    both = attribution.table(LABELS, RULE, Scope(), "benchmark")
    assert [row.row for row in some.rows] == ["clock"]
    clock = [row.row for row in both.rows].index("clock")
    assert some.counts[0].tolist() == both.counts[clock].tolist()
    assert some.total.n_sentences == some.rows[0].n_sentences


def test_weights_verdict_scales_and_controls_come_together(data):
    attribution = attribution_of(data)
    weights = attribution.weights(LABELS, RULE, Scope())
    assert weights.names == ("math", "code", "student", "none")
    assert weights.weight.sum() == pytest.approx(1)
    verdict = attribution.verdict(LABELS, RULE, Scope())
    assert [source.name for source in verdict.sources] == ["math", "code"]
    assert verdict.sentence.endswith("(95% confidence).")
    credit = attribution.control_credit(LABELS, RULE, Scope()).to_pylist()
    assert [row["control"] for row in credit] == ["decoy"]
    assert 0 <= credit[0]["low"] <= credit[0]["share"] <= credit[0]["high"] <= 1
    scales = attribution.scales(LABELS, RULE, Scope()).to_pylist()
    assert {(row["model"], row["kind"]) for row in scales} == {
        ("math", "teacher"),
        ("code", "teacher"),
        ("decoy", "control"),
    }
    assert all(row["temperature"] is None for row in scales)


def test_scales_are_means_over_tokens(scored, data):
    found = stored(scored, "logprob_sum_teacher_code - logprob_sum_student AS ratio, n_tokens_distilled AS n")
    ratio, n = (np.ma.asarray(found[name]) for name in ("ratio", "n"))
    rows = [row for row in attribution_of(data).scales(LABELS, RULE, Scope()).to_pylist() if row["model"] == "code"]
    total = sum(row["mean"] * row["n_tokens"] for row in rows)
    assert total == pytest.approx(float(ratio.sum()))
    assert sum(row["n_tokens"] for row in rows) == int(n[~np.ma.getmaskarray(ratio)].sum())


def test_temperatures_bring_models_to_one_scale_and_are_shown(data):
    calibrated = AttributionRule.make(temper=1.0, calibrated=True)
    temperatures = attribution_of(data).temperatures(False)
    assert set(temperatures) >= {"teacher", "student"}
    shown = attribution_of(data).scales(LABELS, calibrated, Scope()).to_pylist()
    assert {row["temperature"] for row in shown if row["model"] == "math"} == {temperatures["teacher"]}
    plain, scaled = (attribution_of(data)._evidence(flag, False) for flag in (False, True))
    assert not np.array_equal(plain.relative[0], scaled.relative[0], equal_nan=True)


def test_rules_out_of_range_are_refused():
    for given in ({"sure": 0.5}, {"sure": 1}, {"several": 0}, {"shortfall": -1}, {"temper": 0}, {"temper": 2}):
        with pytest.raises(UsageError):
            AttributionRule.make(**given)


def test_unknown_rows_are_refused(data):
    with pytest.raises(UsageError):
        attribution_of(data).table(LABELS, RULE, Scope(), "colour")


def test_a_run_with_nothing_to_tell_apart_says_so(tmp_path):
    path = tmp_path / "plain.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    run = rdpt.open(path).run()
    assert not can_attribute(run.info)
    # One teacher is still attributed, against its student alone.
    assert run.attribution().num_rows > 0


def test_the_methods_sentence_names_sources_and_thresholds(data):
    words = attribution_sentence(data.run, RULE)
    for part in ("math, code, student", "decoy", "power 1", "0.9", "0.3"):
        assert part in words
