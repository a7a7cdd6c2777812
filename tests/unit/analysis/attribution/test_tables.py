"""Tables of answers and of sets: relatives in a column of their own, and nothing counted twice or lost."""

import numpy as np
import pytest

from rdpt_core.analysis.attribution import tables
from rdpt_core.analysis.attribution.answers import answer_all
from rdpt_core.analysis.attribution.behind import sentences_behind, sentences_of_sets
from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.relatives import find_relatives
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from tests.support.companions.sources import SIBLING, A, B, World, draw

LABELS = LabelRule.make()
RULE = AttributionRule.make(sure=0.95, several=0.6)
ANSWERS = ("A", "sibling", "B", "A or sibling", "student", "several", "none")


@pytest.fixture(scope="module")
def world():
    """A run in which A and its sibling know the same sentences: answers, columns, sentences of each set by trace."""
    sample = draw(World(teachers=(A, SIBLING, B)), 1)
    answers = answer_all(sample.evidence, AttributionRule.make())
    members, counts = answers.sets()
    member = (members[:, None] >> np.arange(5) & 1).astype(bool)
    columns = tables.make_columns(answers.sources, members, find_relatives(member, counts.sum(axis=0), 3))
    return sample, answers, columns, counts


def test_relatives_have_a_column_and_everything_is_counted_once(world):
    sample, answers, columns, counts = world
    assert columns.answers == ANSWERS
    assert columns.groups == (("A or sibling", ("A", "sibling")),)
    table = tables.tabulate(columns, counts, sample.traces, "benchmark")
    codes = dict(zip(answers.sources.answers, np.bincount(answers.codes, minlength=7)[1:], strict=True))
    found = dict(zip(table.answers, table.counts.sum(axis=0), strict=True))
    pair = np.count_nonzero(answers.members == 0b011)
    assert pair > 0
    assert found == codes | {"A or sibling": pair, "several": codes["several"] - pair}
    assert table.total.n_sentences == np.count_nonzero(answers.codes)


def test_what_the_relatives_wrote_is_mostly_in_their_column(world):
    sample, answers, columns, _ = world
    own = np.isin(answers.members, columns.sets_of("A or sibling"))
    assert own[sample.of("A")].mean() > 0.9
    assert own[~sample.of("A")].mean() < 0.02


def test_without_relatives_columns_are_the_answers(world):
    _, answers, columns, _ = world
    plain = tables.make_columns(answers.sources, columns.members, [[0], [1], [2]])
    assert plain.answers == answers.sources.answers
    assert plain.groups == ()
    counted = plain.count(answers.sets()[1])
    assert np.array_equal(counted, answers.counts()[:, 1:])


def test_sets_add_up_to_all_that_names_more_than_one(world):
    sample, answers, columns, counts = world
    table = tables.tabulate_sets(answers.sources, columns, counts, sample.traces.question, most=2)
    assert table.names[-1] == tables.OTHER_SETS
    assert len(table.names) == 3
    assert table.n_sentences[0] >= table.n_sentences[1]
    joint = [bits for bits in answers.members.tolist() if bits.bit_count() > 1]
    assert table.n_sentences.sum() == len(joint)
    for bits, n in zip(table.members, table.n_sentences, strict=True):
        assert n == np.isin(joint, bits).sum()
    np.testing.assert_allclose(table.intervals.share[:3], table.n_sentences / np.count_nonzero(answers.codes))
    rows = tables.set_rows(table).to_pylist()
    assert all(row["low"] < row["share_of_sentences"] < row["high"] for row in rows)
    by_name = {row["attributed_to"]: row["counted_as"] for row in rows}
    assert by_name["A or sibling"] == "A or sibling"
    assert by_name["A, sibling, B, student or none of these"] == "several"
    assert by_name[tables.OTHER_SETS] is None


def test_a_single_other_set_is_listed_by_name(world):
    sample, answers, columns, counts = world
    everything = tables.tabulate_sets(answers.sources, columns, counts, sample.traces.question, most=100)
    n_sets = len(everything.names)
    assert tables.OTHER_SETS not in everything.names
    for most in (n_sets - 1, n_sets):
        table = tables.tabulate_sets(answers.sources, columns, counts, sample.traces.question, most)
        assert table.names == everything.names


def test_no_set_of_two_makes_an_empty_table(world):
    sample, answers, columns, counts = world
    table = tables.tabulate_sets(answers.sources, columns, np.zeros_like(counts), sample.traces.question)
    assert table.names == ()
    assert tables.set_rows(table).num_rows == 0


def test_a_set_leads_to_its_sentences(data):
    attribution = attribution_of(data)
    table = attribution.set_table(LABELS, RULE, Scope())
    assert len(table.names) > 1
    for name, bits, n in zip(table.names, table.members, table.n_sentences, strict=True):
        found = sentences_of_sets(data, LABELS, RULE, Scope(), bits, name, limit=10_000)
        assert sum(found.numbers[f"sentences: {name}"]) == n
        for trace_no, index in list(zip(found.trace_no, found.sentence_index, strict=True))[:3]:
            trace = attribution.trace(trace_no, LABELS, RULE)
            assert int(trace.members[trace.sentence_index.tolist().index(index)]) in bits
            assert trace.words(trace.sentence_index.tolist().index(index)) == name or name == tables.OTHER_SETS
    # So strict that no sentence tells the two teachers apart.
    for answer in ("math or code", "several"):
        found = sentences_behind(data, LABELS, RULE, Scope(), "routed", None, answer, limit=10_000)
        own = [n for n, counted in zip(table.n_sentences, table.answers, strict=True) if counted == answer]
        assert sum(found.numbers[f"sentences: {answer}"]) == sum(own) > 0
