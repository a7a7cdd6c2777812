"""Sentences looked up in training texts: copied, in a template or new, where, and beside which sentence."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from string import Formatter

import numpy as np
import pytest

from data.recipe.corpus.pool import Pool
from data.recipe.corpus.pools import common, decoy, student, teacher_a
from data.recipe.corpus.slots import SLOTS
from rdpt_core.errors import InputError
from rdpt_core.records.overlap import MISSING, OverlapColumns
from rdpt_core.traces import get_splitter
from rdpt_core.traces.overlap.lookup import Index
from rdpt_core.traces.overlap.training import Templates, TrainingTexts, read_training

SPLITTER = get_splitter("line")


def index_of(*texts: str, names: Sequence[str] = ()) -> Index:
    training = read_training([(f"r{number}", text) for number, text in enumerate(texts)], SPLITTER)
    return Index(training, Templates.of(training, frozenset(names)))


def looked_up(index: Index, *lines: str, is_mark: Sequence[bool] | None = None) -> OverlapColumns:
    """All lines as sentences of one response."""
    starts = np.cumsum([0, *(len(line) for line in lines)])[:-1]
    marks = np.zeros(len(lines), bool) if is_mark is None else np.array(is_mark)
    return index.look_up(["".join(lines)], [starts], marks)


def nearest_texts(training: TrainingTexts, columns: OverlapColumns) -> list[str | None]:
    return [
        None if number == MISSING else training.texts[int(training.distinct[number])].as_py()
        for number in columns.nearest.tolist()
    ]


def stretches(columns: OverlapColumns, response: str) -> list[str | None]:
    return [
        None if start == MISSING else response[start:end]
        for start, end in zip(columns.span_start.tolist(), columns.span_end.tolist(), strict=True)
    ]


def test_copied_template_and_new() -> None:
    index = index_of("We  start with 5.\nNow add 7 to it.\n", "We start with 5.\nWe start with 6.\n")
    lines = ("We start with 5.\n", "We start with 99.\n", "Then we subtract 7 to it at last.\n", "we start with 5.\n")
    columns = looked_up(index, *lines)
    assert columns.n_verbatim.tolist() == [2, 0, 0, 0]
    assert columns.n_template.tolist() == [3, 3, 0, 3]
    assert nearest_texts(index.training, columns) == [
        *("We start with 5.", "We start with 5.", "Now add 7 to it.", "We start with 5.")
    ]
    assert stretches(columns, "".join(lines)) == ["We start with 5.", "We start with", "7 to it", "start with 5."]


def test_upper_case_counts_and_spaces_do_not() -> None:
    index = index_of("The   answer\tis here.\n")
    columns = looked_up(index, "The answer is here.\n", "the answer is here.\n", "  The answer  is here.  \n")
    assert columns.n_verbatim.tolist() == [1, 0, 1]


def test_stretches_go_on_over_the_ends_of_training_sentences() -> None:
    index = index_of("alpha beta gamma\ndelta epsilon zeta\n", "eta theta iota\n")
    line = "beta gamma delta epsilon eta theta iota\n"
    columns = looked_up(index, line, "zeta eta theta\n")
    assert stretches(columns, line) == ["beta gamma delta epsilon", None]
    assert columns.span_in.tolist() == [0, MISSING]


def test_a_stretch_needs_three_words_unless_it_is_the_sentence() -> None:
    index = index_of("so ) . x\nHere we go (again) .\nOk.\n")
    lines = ("and so ) . you\n", "again) .\n", "Ok.\n")
    columns = looked_up(index, *lines)
    assert stretches(columns, "".join(lines)) == [None, "again) .", "Ok."]
    assert columns.n_verbatim.tolist() == [0, 0, 1]


def test_stretches_are_places_in_their_own_response() -> None:
    index = index_of("we know that very well\n")
    texts = ["Hm. we know that\n", "", "So we know that well\nwe know that very well\n"]
    starts = [np.array([0]), np.array([], np.int64), np.array([0, 21])]
    columns = index.look_up(texts, starts, np.zeros(3, bool))
    found = zip((0, 2, 2), columns.span_start.tolist(), columns.span_end.tolist(), strict=True)
    assert [texts[number][start:end] for number, start, end in found] == [
        *("we know that", "we know that", "we know that very well")
    ]


def test_marks_and_what_has_no_words_stay_unknown() -> None:
    index = index_of("<think>\n...\nyes\n")
    columns = looked_up(index, "<think>\n", "...\n", "\n", "yes\n", is_mark=[True, False, False, False])
    for values in (columns.n_verbatim, columns.n_template, columns.span_start, columns.nearest):
        assert (values[:3] == MISSING).all() and values[3] != MISSING


def test_the_likest_is_chosen_among_those_that_share_rare_words() -> None:
    index = index_of("I need to see how far it is\nI need to see the blue whale swim today\nI need to see it\n")
    columns = looked_up(index, "Then a blue whale swims far\n", "I need to see the blue whale swimming\n", "nothing\n")
    assert nearest_texts(index.training, columns) == [None, "I need to see the blue whale swim today", None]


@pytest.mark.parametrize(
    "line", ["\x00", "é" * 40_000, "$" * 9_999, "中文句子没有空格\n", "\u200b\u200b", "a " * 30_000]
)
def test_hostile_lines(line: str) -> None:
    index = index_of(line, "one two three\n")
    columns = looked_up(index, line)
    has_words = any(character.isalnum() for character in line)
    assert columns.n_verbatim.tolist() == [1 if has_words else MISSING]
    if has_words:
        assert stretches(columns, line) == [line.strip()]


def test_characters_are_words_where_no_space_parts_them() -> None:
    index = index_of("首先计算三加四等于七\n")
    line = "然后计算三加四好\n"
    assert stretches(looked_up(index, line), line) == ["计算三加四"]


def test_without_a_word_there_is_nothing_to_look_up_in() -> None:
    with pytest.raises(InputError, match="no word"):
        read_training([("a", "...\n"), ("b", "")], SPLITTER)


def test_rows_of_training_sentences() -> None:
    index = index_of("one\ntwo\n", "", "two\nthree\n")
    assert index.training.rows(np.array([1, 3])).to_pylist() == [
        {"sentence_no": 1, "record_no": 0, "record_id": "r0", "sentence_index": 1, "n_times": 2, "text": "two"},
        {"sentence_no": 3, "record_no": 2, "record_id": "r2", "sentence_index": 1, "n_times": 1, "text": "three"},
    ]


def said(rng: random.Random, pools: Iterable[Pool], numbers: range, *, all_of_them: bool = True) -> list[str]:
    """Each phrasing of some pools once, with random numbers in it; without those that hold none, if so asked."""
    found = []
    for template in (template for pool in pools for template in pool.templates):
        slots = [name for _, name, _, _ in Formatter().parse(template) if name]
        is_number = {name: re.fullmatch(SLOTS[name], "5") is not None for name in slots}
        if all_of_them or any(is_number.values()):
            values = {name: rng.choice(numbers) if is_number[name] else "it" for name in slots}
            found.append(template.format(**values))
    return found


def test_planted_sentences_are_found_and_others_are_not() -> None:
    """Sentences of the recipe: some of the teacher's word for word, some of other numbers, and the student's own."""
    rng = random.Random(7)
    taught = [said(rng, (*teacher_a.POOLS, *common.POOLS), range(10, 99)) for _ in range(5)]
    index = index_of(*("\n".join(lines) + "\n" for lines in taught))
    of_others = range(1_000, 9_999)
    planted = {
        "copied": rng.choices([line for lines in taught for line in lines], k=1_000),
        "template": [line for _ in range(9) for line in said(rng, teacher_a.POOLS, of_others, all_of_them=False)],
        "new": said(rng, (*student.POOLS, *decoy.POOLS), range(10, 99)),
    }
    columns = looked_up(index, *(f"{line}\n" for lines in planted.values() for line in lines))
    expected = [kind for kind, lines in planted.items() for _ in lines]
    counts: Counter[tuple[str, str]] = Counter()
    for kind, n_verbatim, n_template in zip(
        expected, columns.n_verbatim.tolist(), columns.n_template.tolist(), strict=True
    ):
        counts[kind, "copied" if n_verbatim > 0 else "template" if n_template > 0 else "new"] += 1
    assert len(planted["template"]) > 50 and len(planted["new"]) > 10
    assert counts["copied", "copied"] >= 0.99 * len(planted["copied"])
    assert counts["template", "template"] >= 0.95 * len(planted["template"])
    assert counts["new", "copied"] <= 0.01 * len(planted["new"])
