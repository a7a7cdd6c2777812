"""What counts as one question: text without case and white space, ids, and both together; and its half."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.questions import HALVES, half_sql, n_alike, number_questions, text_hash_sql
from rdpt_core.analysis.run.group_shares import RunCounts, cross_tabulate, difference
from rdpt_core.analysis.run.run_agreement import load_agreement
from rdpt_core.analysis.run.shares import load_accuracy
from rdpt_core.analysis.run.trace_table import load_trace_table
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Message, ToolCall
from rdpt_core.store.reader import Reader, open_reader
from tests.support import synthetic


def hashes(path: Path) -> list[str | None]:
    with open_reader(path) as reader:
        found: list[str | None] = (
            reader.query(f"SELECT {text_hash_sql('t')} FROM traces AS t ORDER BY trace_no").column(0).to_pylist()
        )
        return found


def asked(path: Path, *questions: str) -> list[str | None]:
    traces = [synthetic.Sketch(f"t{i}", f"q{i}", [("So. ", "Shared")], question=q) for i, q in enumerate(questions)]
    synthetic.build(path, traces)
    return hashes(path)


def test_case_and_white_space_make_no_difference_and_all_else_does(tmp_path: Path) -> None:
    same = ("What is 2 + 3?", " what is  2 +\n3? ", "What\u00a0is 2 + 3?")
    # One letter with its accent, and with the accent apart.
    accents = ("Caf\u00e9?", "Cafe\u0301?")
    first, second, third, other, close, apart = asked(tmp_path / "a.duckdb", *same, "What is 2 + 4?", *accents)
    assert first is not None and first == second == third
    assert other != first
    assert close == apart != first


def test_system_messages_and_missing_texts(tmp_path: Path) -> None:
    path = tmp_path / "b.duckdb"
    asked(path, "Why?", "Why?", "Why?", "Why?", "Why?")
    user = '{"role": "user", "content": "Why?"}'
    messages = [
        f'[{{"role": "system", "content": "Be brief."}}, {user}]',
        f'[{user}, {{"role": "assistant", "content": "Because."}}, {user}]',
        '[{"role": "user", "content": "  "}]',
        "[]",
    ]
    with duckdb.connect(str(path)) as connection:
        for trace_no, text in enumerate(messages, 1):
            connection.execute("UPDATE traces SET messages = ? WHERE trace_no = ?", [text, trace_no])
        connection.execute("UPDATE traces SET prompt = 'Why?' WHERE trace_no = 4")
    plain, with_system, longer, blank, prompt = hashes(path)
    assert plain == with_system == prompt
    assert longer not in (plain, None)
    assert blank is None


def test_a_question_is_told_from_another_by_what_was_called(tmp_path: Path) -> None:
    path = tmp_path / "c.duckdb"
    asked(path, *["Why?"] * 4)
    talks = [
        [Message("user", "Why?"), Message("assistant", "", calls), Message("tool", "x")]
        for calls in ((), (ToolCall("f", "{}"),), (ToolCall("f", "{}"),), (ToolCall("g", "{}"),))
    ]
    with duckdb.connect(str(path)) as connection:
        for trace_no, talk in enumerate(talks):
            text = json.dumps([message.to_json() for message in talk])
            connection.execute("UPDATE traces SET messages = ? WHERE trace_no = ?", [text, trace_no])
    none, f, again, g = hashes(path)
    assert f == again and len({none, f, g}) == 3
    assert none == hashlib.md5(b"why?\x1f\x1fx").hexdigest()


def test_names_lead_from_one_to_another() -> None:
    names = [[("x", "1"), ("t1",)], [("y", "1"), ("t2",)], [("z", "9"), ("t1",), ("t3",)], [("y", "2"), ("t3",)]]
    assert number_questions(names).tolist() == [0, 1, 0, 0]
    assert number_questions([]).shape == (0,)
    assert number_questions([[], [], ["a"]]).tolist() == [0, 1, 2]


@given(st.lists(st.lists(st.integers(0, 12), max_size=3), max_size=12))
def test_numbers_are_those_of_a_slow_search(names: list[list[int]]) -> None:
    group = list(range(len(names)))
    for _ in names:
        for i, first in enumerate(names):
            for j, second in enumerate(names):
                if set(first) & set(second):
                    group[i] = group[j] = min(group[i], group[j])
    _, first_at, number = np.unique(group, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first_at))
    assert number_questions(names).tolist() == rank[number].tolist()


def test_alike_are_those_with_two_ids() -> None:
    assert n_alike([[("a", "1"), ("t",)], [("a", "2"), ("u",), ("b", "2")], [("c", "3"), ("c", "3")]]) == 1


# ── In a file: a benchmark, its copy under other ids in capitals, and a benchmark of its own ────────────────────────


N_QUESTIONS = 20


def sketch(benchmark: str, q: int, question: str, kind: str) -> synthetic.Sketch:
    kinds = [kind if i < 2 + q % 7 else "Shared" for i in range(10)]
    texts = [(f"{benchmark} {q} {i}. ", name) for i, name in enumerate(kinds)]
    return synthetic.Sketch(f"{benchmark}-{q}", f"{benchmark}{q}", texts, benchmark=benchmark, question=question)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alike") / "alike.duckdb"
    base = [sketch("base", q, f"How much is {q} + 1?", "Teacher") for q in range(N_QUESTIONS)]
    copy = [sketch("copy", q, f"HOW MUCH  is {q} + 1?", "Teacher") for q in range(N_QUESTIONS)]
    own = [sketch("own", q, f"How much is {q} + 2?", "Teacher") for q in range(N_QUESTIONS)]
    # `own` asks what `base` asks of the next number, but for another sum.
    own = [replace(s, question=s.question.replace("How much", "What")) for s in own]
    twice = replace(own[0], trace_id="own-twice", question_id="twice")
    synthetic.build(path, [*base, *copy, *own, twice], run_id="a" * 16)
    renamed = [replace(s, question_id=f"other-{s.question_id}", benchmark="renamed") for s in base]
    synthetic.build(path, renamed, run_id="b" * 16)
    return path


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    with open_reader(path) as opened:
        yield opened


def counts(reader: Reader, run_id: str, name: str = "run") -> RunCounts:
    traces = load_trace_table(reader, reader.run(run_id), Scope())
    teacher = 2.0 + traces.question % 7
    sentences = np.column_stack([teacher, 10 - teacher])
    return RunCounts(name, traces, sentences, np.full(len(teacher), 10))


def test_one_text_is_one_question_under_all_its_ids(reader: Reader) -> None:
    traces = load_trace_table(reader, reader.run("a" * 16), Scope())
    assert traces.n_questions == 2 * N_QUESTIONS and traces.n_alike == N_QUESTIONS + 1
    by_id = dict(zip(traces.trace_no.tolist(), traces.question.tolist(), strict=True))
    assert all(by_id[q] == by_id[N_QUESTIONS + q] != by_id[2 * N_QUESTIONS + q] for q in range(N_QUESTIONS))
    assert set(traces.question_keys) == {(b, f"{b}{q}") for b in ("base", "own") for q in range(N_QUESTIONS)}
    alone = load_trace_table(reader, reader.run("a" * 16), Scope(benchmark="copy"))
    assert alone.n_questions == N_QUESTIONS and alone.n_alike == 0


def test_benchmarks_with_the_same_texts_are_paired(reader: Reader) -> None:
    table = cross_tabulate([counts(reader, "a" * 16)], ("Teacher", "Shared"), "benchmark", None)
    assert [cell.row for cell in table.cells] == ["base", "copy", "own"] and table.n_alike == N_QUESTIONS + 1
    paired, apart = difference(table, 0, 1), difference(table, 0, 2)
    assert paired.is_paired and paired.n_shared == N_QUESTIONS
    assert apart.n_shared == 0
    # Every question has the same share in both, so that a paired difference does not vary at all. What is left is how
    # far the interval of one side reaches farther up than down.
    side = table.cells[0].intervals
    lopsided = abs((side.high[0] - side.share[0]) - (side.share[0] - side.low[0]))
    assert paired.high[0] == pytest.approx(lopsided, abs=1e-6) and paired.low[0] == pytest.approx(-lopsided, abs=1e-6)
    assert lopsided < 0.01 < 0.05 < apart.high[0] - apart.low[0]


def test_runs_with_the_same_texts_are_paired(reader: Reader) -> None:
    runs = [counts(reader, "a" * 16, "first"), counts(reader, "b" * 16, "second")]
    table = cross_tabulate(runs, ("Teacher", "Shared"), "run", "benchmark")
    names = [(cell.row, cell.column) for cell in table.cells]
    first, second = names.index(("first", "base")), names.index(("second", "renamed"))
    assert difference(table, first, second).is_paired
    assert difference(table, names.index(("first", "own")), second).n_shared == 0


def _digest(text: str) -> bytes:
    return hashlib.md5(text.encode()).digest()


def test_agreement_and_accuracy_count_a_question_once(reader: Reader) -> None:
    first = reader.run("a" * 16)
    assert load_agreement(reader, first, first, LabelRule.make(), Scope()).n_questions == 2 * N_QUESTIONS
    assert {group.group: group.intervals.n_questions for group in load_accuracy(reader, first)} == {
        "base": N_QUESTIONS,
        "copy": N_QUESTIONS,
        "own": N_QUESTIONS,
    }


def test_a_half_holds_whole_questions_under_all_their_names(reader: Reader) -> None:
    rows = reader.query(f"SELECT run_no, trace_no, {half_sql('t')} AS half FROM traces AS t ORDER BY ALL").to_pylist()
    half = {(row["run_no"], row["trace_no"]): row["half"] for row in rows}
    assert {*half.values()} == set(HALVES)
    for q in range(N_QUESTIONS):
        assert half[1, q] == half[1, N_QUESTIONS + q] == half[2, q]
    # The same in every version of the program, so that a link keeps its meaning.
    assert all(
        half[1, q] == HALVES[_digest("half 0" + _digest(f"how much is {q} + 1?").hex())[8] % 2] for q in range(20)
    )
    tables = [load_trace_table(reader, reader.run("a" * 16), Scope(half=name)) for name in HALVES]
    assert sum(table.n_questions for table in tables) == 2 * N_QUESTIONS
    assert not set(tables[0].question_keys) & set(tables[1].question_keys)
