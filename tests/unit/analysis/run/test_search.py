"""Search agrees with a search by hand, whatever the text, the case and the filters are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.catalog import GRADES
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run import search as module
from rdpt_core.analysis.run.search import Passage, Query, SearchResult, find, passages
from rdpt_core.analysis.scope import Scope
from rdpt_core.errors import UsageError
from rdpt_core.store.reader import Reader, open_reader
from tests.support import synthetic
from tests.support.companions import overlap

RULE, EVERYWHERE = LabelRule.make(), Scope()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    path = tmp_path_factory.mktemp("db") / "find.duckdb"
    strange = [("İstanbul İ x. ", "Teacher"), ("ẞ ß ſ K. ", "Shared"), ("\U0010ffff cut \U0010fffe. ", "Student")]
    extra = synthetic.Sketch("strange", "strange", strange, benchmark="strange", correct=None)
    synthetic.build(path, [*synthetic.sketches(4), extra, synthetic.hostile_sketch()])
    synthetic.build(path, synthetic.sketches(1), run_id="feed", name="second", n_scored=1, finish=False)
    with open_reader(path) as opened:
        yield opened


def search(reader: Reader, query: Query, scope: Scope = EVERYWHERE, name: str = "synthetic") -> SearchResult:
    return find(reader, reader.run(name), query, scope, RULE)


def shown(reader: Reader, result: SearchResult, name: str = "synthetic") -> tuple[Passage, ...]:
    return passages(reader, reader.run(name), result.hits(0, 100))


def by_hand(reader: Reader, pattern: re.Pattern[str]) -> set[tuple[int, int | None]]:
    """(trace_no, sentence_index) of every hit, with Python's own regular expressions."""
    keys_by_hand = set()
    for trace in reader.query("SELECT trace_no, response FROM traces WHERE run_no = 1").to_pylist():
        spans = reader.query(
            "SELECT sentence_index, char_start, char_end FROM sentences WHERE run_no = 1 AND trace_no = ?",
            [trace["trace_no"]],
        ).to_pylist()
        for hit in pattern.finditer(trace["response"]):
            holding = [s["sentence_index"] for s in spans if s["char_start"] <= hit.start() < s["char_end"]]
            keys_by_hand.add((trace["trace_no"], holding[0] if holding else None))
    return keys_by_hand


def keys(result: SearchResult) -> set[tuple[int, int | None]]:
    return {(row["trace_no"], row["sentence_index"]) for row in result.sentences.to_pylist()}


@pytest.mark.parametrize(
    "text", ["12", "WAIT", "step. ", "here. Every", "\n\n", "没有", "<script>", "\u202e", "(7 + 5)", "\\["]
)
def test_a_text_is_found_as_by_hand(reader: Reader, text: str) -> None:
    result = search(reader, Query(text))
    assert result.is_complete
    assert keys(result) == by_hand(reader, re.compile(re.escape(text), re.IGNORECASE))
    assert keys(search(reader, Query(text, match_case=True))) == by_hand(reader, re.compile(re.escape(text)))


@given(st.text(st.sampled_from("12 .+\\[]()ae<这\n\u200b$^*?|{}"), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_taken_as_it_is(reader: Reader, text: str) -> None:
    assert keys(search(reader, Query(text))) == by_hand(reader, re.compile(re.escape(text), re.IGNORECASE))


@pytest.mark.parametrize(
    "expression", [r"\d+ [-+] \d", r"\bwe\b", r"^Okay|right", r"a(p+)(l)e?", r"(?s)step\..*?We", "[这步]+"]
)
def test_an_expression_is_found_as_by_hand(reader: Reader, expression: str) -> None:
    result = keys(search(reader, Query(expression, regex=True)))
    assert result == by_hand(reader, re.compile(expression, re.IGNORECASE))


@pytest.mark.parametrize("expression", ["(", "a{2000}{2000}", r"(a)\1", "(?=a)", "a*", "", "x|"])
def test_what_is_no_usable_expression_is_explained(reader: Reader, expression: str) -> None:
    with pytest.raises(UsageError, match="regular expression"):
        search(reader, Query(expression, regex=True))


def test_a_complaint_quotes_only_what_was_written(reader: Reader) -> None:
    with pytest.raises(UsageError) as caught:
        search(reader, Query("(wait", regex=True))
    assert caught.value.got is not None and caught.value.got.endswith(": (wait")


def test_letters_that_change_their_length_with_their_case(reader: Reader) -> None:
    strange = Scope(benchmark="strange")
    (row,) = search(reader, Query("x."), strange).sentences.to_pylist()
    assert (row["sentence_index"], row["hit_start"], row["hit_length"]) == (0, [11], [2])
    (row,) = search(reader, Query("cut"), strange).sentences.to_pylist()
    assert row["hit_start"] == [len("İstanbul İ x. ẞ ß ſ K. \U0010ffff ")]


def test_filters(reader: Reader) -> None:
    everywhere = search(reader, Query("12"))
    assert 0 < search(reader, Query("12"), Scope(benchmark="shop")).n_found < everywhere.n_found
    students = search(reader, Query("12", label="Student"))
    assert set(students.sentences.column("label").to_pylist()) == {"Student"}
    assert students.n_found == everywhere.sentences.column("label").to_pylist().count("Student")
    for grade in GRADES:
        result = search(reader, Query("12"), Scope(grade=grade))
        assert {passage.trace["grade"] for passage in shown(reader, result)} == {grade}


def test_a_trace_that_is_not_scored_yet_is_found_without_a_sentence(reader: Reader) -> None:
    loose = [p for p in shown(reader, search(reader, Query("12"), name="second"), "second") if p.sentence_index is None]
    assert loose and all(passage.label is None for passage in loose)
    assert [piece.text for piece in loose[0].pieces if piece.is_inside] == ["12"]


def test_the_search_stops_and_says_so(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SENTENCES", 10)
    monkeypatch.setattr(module, "_SENTENCES_AT_ONCE", 5)
    result = search(reader, Query("e"))
    assert result.n_searched < result.n_traces
    assert 10 <= result.n_found < 40
    assert not result.is_complete


def test_passages_are_the_response_with_the_hits_marked(reader: Reader) -> None:
    for text in ("12", "here. Every", "\u200b", "xx"):
        result = search(reader, Query(text))
        for passage in shown(reader, result):
            (response,) = (
                reader.query(
                    "SELECT response FROM traces WHERE run_no = ? AND trace_id = ?",
                    [passage.run.run_no, passage.trace["trace_id"]],
                )
                .column(0)
                .to_pylist()
            )
            assert "".join(p.text for p in passage.pieces) == response[passage.char_start : passage.char_end]
            assert any(piece.is_hit for piece in passage.pieces)
            assert len(response[passage.char_start : passage.char_end]) <= module.LONGEST + 2 * module.CONTEXT
            hit = "".join(piece.text for piece in passage.pieces if piece.is_hit)
            assert hit.lower().startswith(text.lower())


def test_given_sentences_come_in_the_order_asked_for_with_what_is_sought_marked(reader: Reader) -> None:
    run, query = reader.run("synthetic"), Query("12")
    found = search(reader, query).hits(0, 100)
    chosen = [hit for hit in found if hit.sentence_index is not None][5::-2]
    trace_nos = tuple(hit.trace_no for hit in chosen)
    # No trace of this run has marks of format, so that a place is an index.
    places = tuple(hit.sentence_index for hit in chosen if hit.sentence_index is not None)
    assert module.hits_at(reader, run, RULE, trace_nos, places, query) == tuple(chosen)
    unmarked = module.hits_at(reader, run, RULE, trace_nos, places)
    assert [(hit.trace_no, hit.sentence_index, hit.label) for hit in unmarked] == [
        (hit.trace_no, hit.sentence_index, hit.label) for hit in chosen
    ]
    assert {hit.hit_start for hit in unmarked} == {()}
    for with_marks, without in zip(passages(reader, run, chosen), passages(reader, run, unmarked), strict=True):
        inside = ["".join(p.text for p in passage.pieces if p.is_inside) for passage in (with_marks, without)]
        assert inside[0] == inside[1] and "12" in inside[0]
        assert any(piece.is_hit for piece in with_marks.pieces)
        assert not any(piece.is_hit for piece in without.pieces)


def test_places_skip_marks_of_format_that_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "marks.duckdb"
    marked = synthetic.Sketch("m", "m", [("<think>\n", "Shared"), ("One. ", "Teacher"), ("Two. ", "Student")])
    synthetic.build(path, [marked])
    with open_reader(path) as opened:
        run = opened.run(None)
        index = {
            marks: [
                hit.sentence_index for hit in module.hits_at(opened, run, LabelRule.make(marks=marks), (0, 0), (0, 1))
            ]
            for marks in (False, True)
        }
    assert index == {False: [1, 2], True: [0, 1]}


def test_a_class_keeps_its_own_sentences_and_none_of_another_run(tmp_path: Path) -> None:
    path, sketches = tmp_path / "overlap.duckdb", synthetic.sketches(4)
    synthetic.build(path, sketches)
    synthetic.build(path, sketches, run_id="feed", name="second")
    classes = overlap.by_turns(sketches)
    overlap.insert(path, sketches, classes)
    with open_reader(path) as opened:
        places = {(trace, index) for trace, index in keys(search(opened, Query("e"))) if index is not None}
        for name in overlap.CLASSES:
            wanted = {(trace, index) for trace, index in places if classes[trace][index] == name}
            assert wanted and keys(search(opened, Query("e", training=name))) == wanted
            of_teacher = {(trace, index) for trace, index in wanted if sketches[trace].sentences[index][1] == "Teacher"}
            assert keys(search(opened, Query("e", label="Teacher", training=name))) == of_teacher
            assert not keys(search(opened, Query("e", training=name), name="second"))
