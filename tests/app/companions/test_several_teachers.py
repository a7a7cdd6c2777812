"""Runs with several teachers: which one is T on every page, where it is said, and that others show nothing of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.records import Role
from rdpt_core.ui.components.reader import component
from rdpt_core.ui.data.cache import DatabaseSnapshot
from rdpt_core.ui.frame import links
from rdpt_core.ui.parts import export_panel
from tests.app.conftest import Open, page_text
from tests.app.test_app import PAGES
from tests.support import companions, synthetic

SEVERAL, PLAIN, PAIR = "a" * 16, "b" * 16, "c" * 16


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "several.duckdb"
    traces = [*synthetic.sketches(), synthetic.unscored_sketch()]
    several = companions.build(path, traces, run_id=SEVERAL, name="several", models=companions.named_teacher())
    late = companions.PROBABILITIES["control:decoy"]
    companions.add(path, several, traces, "teacher:late", n_scored=9, finish=False, probabilities=late)
    synthetic.build(path, traces, run_id=PLAIN, name="plain")
    companions.build(path, traces, ["teacher:code"], run_id=PAIR, name="pair", roles=(Role.STUDENT, Role.DISTILLED))
    return path


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the reader was sent of each trace; components are opaque to AppTest."""
    payloads: list[dict[str, Any]] = []
    real = component.text_payload

    def spy(view: TraceView, *arguments: Any) -> dict[str, Any]:
        payloads.append(real(view, *arguments))
        return payloads[-1]

    monkeypatch.setattr(component, "text_payload", spy)
    return payloads


def _teachers(app: AppTest) -> list[str]:
    return [box.label for box in app.selectbox if box.label == "Teacher"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_names_the_teacher_of_the_link(open_app: Open, database: Path, page: str) -> None:
    app = open_app(database, page, run=SEVERAL, teacher="code")
    assert app.selectbox(key="teacher_pick").value == "code"
    text = page_text(app)
    assert "Teacher: code." in text
    assert "cannot be opened" not in text
    assert app.query_params["teacher"] in ("code", ["code"])


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_shown_for_a_run_without_companions(open_app: Open, database: Path, page: str) -> None:
    app = open_app(database, page, run=PLAIN)
    assert not _teachers(app)
    assert "**Teacher: " not in page_text(app)
    assert "teacher" not in app.query_params


def test_the_box_lists_teachers_then_controls_and_only_finished_ones(open_app: Open, database: Path) -> None:
    app = open_app(database, run=SEVERAL)
    assert app.selectbox(key="teacher_pick").options == [
        "math · the run's own",
        "code",
        "decoy · control, for comparison",
    ]
    assert "Teacher: math." in page_text(app)


def test_a_choice_survives_pages_and_runs_that_have_it(open_app: Open, database: Path) -> None:
    app = open_app(database, run=SEVERAL)
    app.selectbox(key="teacher_pick").set_value("code").run()
    app.switch_page("pages/positions.py").run()
    assert "Teacher: code." in page_text(app)
    app.selectbox(key="run_pick").set_value(PAIR).run()
    assert "Teacher: code." in page_text(app)
    # A run without it says so, and is shown with its own.
    app.selectbox(key="run_pick").set_value(PLAIN).run()
    text = page_text(app)
    assert "This run has no teacher called code; it is shown with its own." in text
    assert "teacher" not in app.query_params
    # Back where it is.
    app.selectbox(key="run_pick").set_value(SEVERAL).run()
    assert app.selectbox(key="teacher_pick").value == "code"
    app.selectbox(key="teacher_pick").set_value("").run()
    assert "Teacher: math." in page_text(app)
    assert "teacher" not in app.query_params


@pytest.mark.parametrize("run", [SEVERAL, PLAIN])
def test_a_link_to_a_teacher_that_is_not_there_shows_no_other(open_app: Open, database: Path, run: str) -> None:
    app = open_app(database, "pages/trace.py", run=run, teacher="law")
    assert "asks for a teacher that this run does not have" in app.error[0].value
    assert app.code[0].value == "law"
    assert not app.header
    next(button for button in app.button if button.label == "Show the run with its own teacher").click().run()
    assert not app.error
    assert "teacher" not in app.query_params


def test_a_link_to_a_teacher_that_is_being_scored_says_so(open_app: Open, database: Path) -> None:
    app = open_app(database, run=SEVERAL, teacher="late")
    assert "still being scored" in page_text(app)
    assert not app.metric


def test_a_control_as_teacher_is_called_one(open_app: Open, database: Path) -> None:
    assert "**Teacher: decoy, a control.** It taught nobody" in page_text(
        open_app(database, run=SEVERAL, teacher="decoy")
    )


def test_a_run_without_a_teacher_seen_with_one_has_three_roles(open_app: Open, database: Path) -> None:
    app = open_app(database, run=PAIR)
    assert app.selectbox(key="teacher_pick").options == ["none: student and distilled model only", "code"]
    assert app.number_input(key="alpha").disabled
    app.selectbox(key="teacher_pick").set_value("code").run()
    assert not app.number_input(key="alpha").disabled
    assert "This run has no teacher, and Gained is not Teacher" not in page_text(app)


def test_the_reader_has_the_numbers_of_the_chosen_teacher(
    open_app: Open, database: Path, drawn: list[dict[str, Any]]
) -> None:
    query = {"run": SEVERAL, "trace": "shop-001-s0"}
    open_app(database, "pages/trace.py", **query)
    open_app(database, "pages/trace.py", teacher="code", **query)
    own, code = drawn[0], drawn[-1]
    assert own["names"] == {"teacher": "teacher math"}
    assert code["names"] == {"teacher": "teacher code"}
    by_key = {other["key"]: other for other in own["others"]}
    assert [other["group"] for other in own["others"]] == ["teachers", "controls", "checkpoints", "checkpoints"]
    assert code["values"]["teacher"] == by_key["teacher:code"]["values"]
    assert {other["key"]: other["values"] for other in code["others"]}["teacher"] == own["values"]["teacher"]
    # The reader tells the messages about one from those about the other.
    assert own["key"] != code["key"]


def test_the_reader_of_a_plain_run_is_sent_nothing_more(
    open_app: Open, database: Path, drawn: list[dict[str, Any]]
) -> None:
    open_app(database, "pages/trace.py", run=PLAIN, trace="shop-001-s0")
    assert not {"names", "others", "answers"} & set(drawn[-1])


def test_the_overview_lists_further_models_and_how_far_they_are(open_app: Open, database: Path) -> None:
    app = open_app(database, run=SEVERAL, teacher="code")
    (table,) = [frame.value for frame in app.dataframe if "kind" in frame.value.columns]
    assert table["name"].tolist() == ["code", "late", "decoy", "200", "400"]
    assert table["state"].tolist() == ["scored", "being scored: 9 of 37 traces", "scored", "scored", "scored"]
    assert table["seen as"].tolist()[0] == "teacher"
    # The triple stays what it is.
    (models,) = [frame.value for frame in app.dataframe if "role" in frame.value.columns]
    assert models["model"].tolist() == ["data/teacher", "data/student", "data/distilled"]


def test_two_runs_say_which_teacher_each_is_seen_with(open_app: Open, database: Path) -> None:
    query = {"run": SEVERAL, "teacher": "code", "run2": PLAIN}
    for page in ("pages/runs.py", "pages/compare.py"):
        text = page_text(open_app(database, page, trace="shop-001-s0", trace2="shop-001-s0", **query))
        assert f"several · {SEVERAL[:8]}: **code**; plain · {PLAIN[:8]}: its own" in text


def test_links_that_open_a_tab_take_the_teacher_where_the_run_has_it(
    open_app: Open, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, dict[str, str]] = {}

    def spy(self: DatabaseSnapshot) -> Any:
        found.update({run: links.within_database({"run": run}) for run in (SEVERAL, PLAIN, PAIR)})
        return real(self)

    app = open_app(database, "pages/trace.py", run=SEVERAL, teacher="code")
    real = DatabaseSnapshot.runs
    monkeypatch.setattr(DatabaseSnapshot, "runs", spy)
    app.run()
    assert found == {
        SEVERAL: {"run": SEVERAL, "teacher": "code"},
        PLAIN: {"run": PLAIN},
        PAIR: {"run": PAIR, "teacher": "code"},
    }


def test_methods_files_and_figures_name_the_teacher(
    open_app: Open, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[tuple[str, Any, str]] = []
    monkeypatch.setattr(
        export_panel,
        "offer",
        lambda page, name, table, figures, methods: offered.append(
            (export_panel.file_stem(page, name), figures, methods)
        ),
    )
    open_app(database, "pages/overview.py", run=SEVERAL, teacher="decoy")
    stem, figures, methods = offered[-1]
    assert stem == f"overview-{SEVERAL[:8]}-decoy"
    assert figures["shares"].layout.title.text == "Teacher (T): control decoy"
    assert "the teacher “decoy” data/companions/decoy" in methods
    assert "The teacher meant here is a control." in methods
    open_app(database, "pages/overview.py", run=PLAIN)
    stem, figures, methods = offered[-1]
    assert stem == f"overview-{PLAIN[:8]}"
    assert figures["shares"].layout.title.text is None
    assert "the teacher data/teacher" in methods


@pytest.mark.parametrize("teacher", [None, "code", "decoy"])
def test_the_command_of_a_selection_names_the_teacher(open_app: Open, database: Path, teacher: str | None) -> None:
    chosen = {} if teacher is None else {"teacher": teacher}
    app = open_app(database, "pages/selection.py", run=SEVERAL, **chosen)
    (command,) = (code.value for code in app.code if code.value.startswith("rdpt select "))
    words = shlex.split(command)
    assert words[words.index("--run") + 1] == SEVERAL
    assert ("--teacher" in words) is (teacher is not None)
    assert teacher is None or words[words.index("--teacher") + 1] == teacher
