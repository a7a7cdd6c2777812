"""What is concluded from a label's share beside its controls."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.evidence.control_shares import Compared
from rdpt_core.analysis.evidence.controls import NO_TEACHER, Control, ControlKind
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.trace_table import TraceTable
from rdpt_core.ui.parts import control_words

LABELS = ("Teacher", "Shared", "Student", "Boosted")


def compared(pairs: dict[tuple[int, int], int], n_questions: int = 40) -> Compared:
    """Every question has one trace with so many sentences of each pair of labels: with the teacher, under the control.

    Even and odd questions differ by one sentence of the first pair, so that nothing is certain.
    """
    counts = np.zeros((n_questions, 4, 4))
    for pair, n in pairs.items():
        counts[:, pair[0], pair[1]] = n
    first = next(iter(pairs))
    counts[::2, first[0], first[1]] += 1
    numbers = np.arange(n_questions)
    keys = tuple(("set", f"q{i}") for i in range(n_questions))
    traces = TraceTable(numbers.astype(np.int32), numbers, keys, {}, {}, np.full(n_questions, -1, np.int8))
    n = counts.sum(axis=(1, 2)).astype(np.int64)
    sides = [RunCounts("true", traces, counts.sum(axis=2), n), RunCounts("control", traces, counts.sum(axis=1), n)]
    table = cross_tabulate(sides, LABELS, "run", None)
    true, control = (cell.intervals for cell in table.cells)
    return Compared("all traces", LABELS, true, control, difference(table, 0, 1), int(n.sum()), counts, numbers)


def test_where_the_control_finds_more_the_share_is_no_evidence() -> None:
    text = control_words.without_teacher(compared({(0, 0): 4, (1, 0): 3, (1, 1): 4}))
    assert "is no evidence that the teacher was needed" in text
    assert "What the teacher adds is what it rejects." in text
    # 4.5 of 11.5 with the teacher, 7.5 of them under the control.
    assert f"**Teacher** {4.5 / 11.5:.0%}" in text
    assert f"**with no teacher at all, {7.5 / 11.5:.0%}**" in text
    assert f"{100 * (4.5 - 7.5) / 11.5:+.1f} points" in text
    assert "the teacher rejects 40%" in text
    assert "100%" in text


def test_where_it_finds_less_that_is_said_and_nothing_else() -> None:
    text = control_words.without_teacher(compared({(0, 0): 2, (0, 1): 5, (1, 1): 4}))
    assert "**More sentences are called Teacher with the teacher than without one.**" in text
    assert "no evidence" not in text
    assert f"Of the Teacher sentences, {2.5 / 7.5:.0%}" in text


def test_where_both_find_as_many_the_share_is_no_evidence() -> None:
    text = control_words.without_teacher(compared({(0, 0): 4, (1, 1): 4}))
    assert "is no evidence" in text
    assert "+0.0 points" in text


def test_few_questions_say_nothing_about_others() -> None:
    text = control_words.without_teacher(compared({(0, 0): 4, (0, 1): 3, (1, 1): 4}, n_questions=4))
    assert text.endswith("So few questions say nothing about others.")
    assert "no interval: only 4 questions" in text


def test_a_control_that_finds_nothing_rejects_nothing() -> None:
    text = control_words.without_teacher(compared({(1, 1): 4, (1, 2): 2}))
    assert "rejects" not in text
    assert "stay Teacher" not in text


@pytest.mark.parametrize("n_others", [0, 1, 2])
def test_the_one_that_finds_most_is_named(n_others: int) -> None:
    decoys = [Control(f"control:*{i}*", f"*{i}*", ControlKind.IN_PLACE, "all", "nothing") for i in range(2)]
    found = [
        (decoys[0], compared({(0, 0): 1, (0, 1): 5})),
        (decoys[1], compared({(0, 0): 3, (0, 1): 3})),
    ][:n_others]
    text = control_words.against_others(found)
    assert (text == "") == (n_others == 0)
    if n_others:
        # Its name is its user's: nothing in it may be read as Markdown.
        assert rf"**\*{n_others - 1}\***" in text
        assert ("Of 2 other models" in text) == (n_others == 2)


def test_close_to_all_there_is_a_decimal() -> None:
    assert [control_words.percent(share) for share in (0.9914, 1.0, 0.5, 0.05)] == ["99.1%", "100%", "50%", "5.0%"]
    assert control_words.name(NO_TEACHER) == "no teacher"
