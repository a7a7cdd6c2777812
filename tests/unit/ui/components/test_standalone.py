"""A trace as one file, of runs of every kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.trace import load_trace_attribution
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.analysis.which_teacher import seen_with
from rdpt_core.records import ROLE_SETS, ROLES, Message, Role, ToolCall
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import standalone_html
from tests.support import companions, synthetic
from tests.support.companions import references


def saved(path: Path) -> str:
    with open_reader(path) as reader:
        run = reader.run(None)
        return standalone_html(reader, run, load_trace_view(reader, run, 0, LabelRule.make()))


def test_what_is_not_known_of_a_model_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    unknown = {"n_parameters": None, "vocabulary_size": None, "context_length": None}
    models = [replace(synthetic.model(role), backend="openai", **unknown) for role in ROLES]
    synthetic.build(path, synthetic.sketches(1), models=models)
    assert "<td>unknown</td><td>no limit stated</td>" in saved(path)


@pytest.mark.parametrize("roles", ROLE_SETS)
def test_gained_is_never_passed_off_as_teacher(tmp_path: Path, roles: Sequence[Role]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(1), roles=roles)
    page = saved(path)
    assert ("Gained is not Teacher" in page) == (Role.TEACHER not in roles)
    assert ('<dd id="rule">α = ' in page) == (len(roles) == 3)


def test_tool_calls_of_the_conversation_are_text_on_the_page(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(1))
    call = ToolCall("<b>f</b>", '{"a": "</pre><script>alert(1)</script>"}', "c1")
    talk = Message("user", "?"), Message("assistant", "", (call,)), Message("tool", "3", (), "c1", "<i>f</i>")
    with duckdb.connect(str(path)) as connection:
        text = json.dumps([message.to_json() for message in talk])
        connection.execute("UPDATE traces SET messages = ? WHERE trace_no = 0", [text])
    page = saved(path)
    assert "tool call: &lt;b&gt;f&lt;/b&gt; {" in page and "<b>tool &lt;i&gt;f&lt;/i&gt;</b>" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("teacher", [None, "code"])
def test_whose_each_sentence_is_stands_on_the_page_where_the_run_can_tell(tmp_path: Path, teacher: str | None) -> None:
    path = tmp_path / "a.duckdb"
    companions.build(path, synthetic.sketches(1), models=companions.named_teacher())
    with open_reader(path) as reader:
        run = seen_with(reader.run(None), teacher)
        reader.see(run)
        view = load_trace_view(reader, run, 0, LabelRule.make())
        page = standalone_html(reader, run, view)
        strict = standalone_html(reader, run, view, AttributionRule.make(sure=0.99, shortfall=0.001))
        found = load_trace_attribution(reader, run, 0, LabelRule.make(), AttributionRule.make())
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    answers = data["text"]["answers"]
    assert [answer["name"] for answer in answers["list"]] == ["math", "code", "student", "several", "none"]
    assert "math or code" in answers["words"]
    told = {index: found.words(place) or None for place, index in enumerate(found.sentence_index.tolist())}
    assert answers["words"] == [told.get(index) for index in range(view.sentences.num_rows)]
    assert "Sentences were attributed over math, code, student" in page and "posterior of 0.9;" in page
    assert "posterior of 0.99;" in strict and strict.count('"none of these"') > page.count('"none of these"')
    # What else is on the page is of the teacher that the run is seen with.
    assert data["text"]["names"] == {"teacher": f"teacher {teacher or 'math'}"}
    assert data["text"]["strip"]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_evidence_stands_on_the_page_of_a_run_with_controls(tmp_path: Path, n: int) -> None:
    path = tmp_path / "a.duckdb"
    references.build(path, n, synthetic.sketches(4))
    page = saved(path)
    text = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["text"]
    assert ("evidence" in text) == ("<dt>evidence</dt>" in page) == (n > 0)
    if n:
        assert f"of {n} reference" in text["evidence"]["words"][0]
        assert (text["evidence"]["tint"] is not None) == (n == 5)
    assert page == rdpt.open(path).run().trace(synthetic.sketches(1)[0].trace_id).to_html()


def test_a_run_without_further_teachers_has_no_answers_on_its_page(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    companions.build(path, synthetic.sketches(1), ("checkpoint:200",))
    assert '"answers":{' not in saved(path) and "<dt>attribution</dt>" not in saved(path)


def test_a_recorded_role_says_how_it_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(1))
    assert "numbers of the" not in saved(path)
    stated = {"server": {"values": [["<i>x", 1]], "n_others": 0, "n_silent": 0}}
    with duckdb.connect(str(path)) as connection:
        environment = [{"recorded": {"student": {"stated": stated}}}]
        connection.execute("UPDATE runs SET environment = ?", [json.dumps(environment)])
    page = saved(path)
    told = "recorded with server &lt;i&gt;x (as its records say)"
    assert f"<dt>numbers of the student</dt><dd>{told}</dd>" in page
