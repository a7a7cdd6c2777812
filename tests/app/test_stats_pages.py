"""Benchmarks, positions and predict through `app.py`: every control and filter, and every state that lacks data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.records import Role
from tests.app.conftest import Open, click_point, page_text
from tests.support import synthetic

PAGES = ["pages/benchmarks.py", "pages/positions.py", "pages/predict.py"]
PAIR = (Role.TEACHER, Role.STUDENT)


def graded(n_questions: int = 24) -> list[synthetic.Sketch]:
    """Two benchmarks; two traces a question, of which one is correct for every second question."""
    sketches = []
    for index, sketch in enumerate(synthetic.sketches(n_questions)):
        if sketch.benchmark == "week":
            continue
        for sample in range(2):
            number = int(sketch.question_id.rsplit("-", 1)[1])
            sketches.append(
                replace(
                    sketch,
                    trace_id=f"{sketch.trace_id}-{index}-{sample}",
                    sample=sample,
                    sentences=sketch.sentences[sample:],
                    correct=(number + sample) % 2 == 0 if number % 3 else number % 2 == 0,
                    difficulty="easy" if number % 2 else "hard",
                    model=f"writer-{sample}",
                )
            )
    return sketches


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "stats.duckdb"
    synthetic.build(path, [*graded(), synthetic.unscored_sketch(), synthetic.hostile_sketch()])
    return path


def rows(app: AppTest, index: int = -1) -> list[dict[str, object]]:
    records: list[dict[str, object]] = app.dataframe[index].value.to_dict("records")
    return records


def test_captions_keep_the_capitals_of_benchmark_names(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "capitals.duckdb"
    synthetic.build(path, [replace(sketch, benchmark=sketch.benchmark.upper()) for sketch in graded()])
    for page in PAGES:
        assert "Benchmark SHOP" in page_text(open_app(path, page, benchmark="SHOP")), page


def test_benchmarks_by_any_two_dimensions(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[0])
    assert app.selectbox(key="rows").options == ["benchmark", "domain", "model", "difficulty", "correctness"]
    for row in app.selectbox(key="rows").options:
        app.selectbox(key="rows").set_value(row).run()
        for column in app.selectbox(key="columns").options:
            app.selectbox(key="columns").set_value(column).run()
            assert not app.exception
            first = rows(app)[0]
            assert first["n_questions"] <= first["n_traces"] <= first["n_sentences"]
    assert "(none)" not in page_text(app)


def test_benchmarks_count_sentences_or_tokens(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[0])
    by_sentences = [row["share_of_sentences"] for row in rows(app)]
    app.segmented_control(key="count").set_value("tokens").run()
    by_tokens = [row["share_of_tokens"] for row in rows(app)]
    assert by_tokens != by_sentences
    assert sum(by_tokens[:4]) == pytest.approx(1)


def test_benchmarks_weigh_sentences_traces_or_questions(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[0])
    shares = {}
    for average in ("sentences", "traces", "questions"):
        app.segmented_control(key="average").set_value(average).run()
        shares[average] = [row["share_of_sentences"] for row in rows(app)]
        assert {row["averaged_over"] for row in rows(app)} == {average}
        assert f"all {average} weigh the same" in page_text(app)
    assert len({tuple(share) for share in shares.values()}) > 1
    assert "traces here and weigh accordingly" not in page_text(app)
    app.segmented_control(key="average").set_value("sentences").run()
    assert "traces here and weigh accordingly" in page_text(app)
    assert all(0 < row["n_effective"] <= row["n_questions"] + 1e-9 for row in rows(app))


def test_benchmarks_of_the_address(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[0], rows="difficulty", columns="benchmark", count="tokens")
    assert list(rows(app)[0])[:2] == ["difficulty", "benchmark"]


def test_a_difference_says_whether_it_is_paired(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[0], rows="model")
    app.selectbox(key="first").select_index(1).run()
    app.selectbox(key="second").select_index(2).run()
    assert "paired by question" in page_text(app)
    app.selectbox(key="rows").set_value("benchmark").run()
    app.selectbox(key="first").select_index(1).run()
    app.selectbox(key="second").select_index(2).run()
    assert "none in common" in page_text(app)
    app.selectbox(key="second").select_index(1).run()
    assert "two different groups" in page_text(app)


def test_few_questions_have_no_interval_and_no_difference(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[0])
    attack = [row for row in rows(app) if row["benchmark"] == "attack <i>"]
    assert attack[0]["n_questions"] == 1 and "only 1 question" in str(attack[0]["no_interval_because"])
    assert "1 group has no interval" in page_text(app)


@pytest.mark.parametrize("page", PAGES)
def test_filters_narrow_every_page(open_app: Open, database: Path, page: str) -> None:
    app = open_app(database, page)
    for key in ("domain", "model", "difficulty", "benchmark"):
        app.selectbox(key=key).select_index(1).run()
        assert not app.exception
    app.selectbox(key="grade").set_value("correct").run()
    assert not app.exception
    expected = "All graded traces here are correct" if "predict" in page else "correctness correct"
    assert expected in page_text(app)


@pytest.mark.parametrize("page", PAGES)
def test_filters_that_leave_nothing(open_app: Open, database: Path, page: str) -> None:
    app = open_app(database, page, benchmark="attack <i>", grade="correct")
    assert "fits the filters" in page_text(app)
    app.button(key="clear_scope").click().run()
    assert "fits the filters" not in page_text(app)


def test_advice_to_widen_filters_is_given_only_where_one_is_set(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "correct.duckdb"
    synthetic.build(path, [replace(sketch, correct=True) for sketch in synthetic.sketches(4)])
    predict_page = page_text(open_app(path, PAGES[2]))
    assert "All graded traces here are correct" in predict_page and "filters" not in predict_page
    assert "Widen the filters" in page_text(open_app(path, PAGES[2], benchmark="shop"))
    few = page_text(open_app(path, PAGES[1]))
    assert "Take the benchmarks together or read" in few and "filters" not in few
    assert "Widen the filters or read" in page_text(open_app(path, PAGES[1], benchmark="shop"))


def test_positions_in_every_view(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[1])
    for traces in ("all", "correct against incorrect"):
        app.segmented_control(key="traces").set_value(traces).run()
        for scale in ("sentence number", "part of the trace"):
            app.segmented_control(key="scale").set_value(scale).run()
            for panels in ("each benchmark", "all together"):
                app.segmented_control(key="panels").set_value(panels).run()
                assert not app.exception
                names = {row["group"] for row in rows(app)}
                assert ("all benchmarks" in names) == (panels == "all together")
    assert "informative" in page_text(app)


def test_positions_are_cut_and_the_page_says_so(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[1])
    assert "Cut where fewer than 10 effective questions are left" in page_text(app)
    cut = [row for row in rows(app) if row["n_questions"] < 10]
    assert cut and all(row["share"] != row["share"] or row["share"] is None for row in cut)
    app.number_input(key="upto").set_value(5).run()
    assert max(row["sentence_to"] for row in rows(app)) == 5


def test_positions_show_the_same_traces_beside_all(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[1])
    assert "Dotted: the same traces all along" in page_text(app)
    followed = [row for row in rows(app) if row["n_same_traces"] == row["n_same_traces"]]
    assert followed and all(row["n_same_traces"] <= row["n_traces"] for row in followed)
    assert all(row["sentence_to"] <= row["same_traces_at_least"] for row in followed)
    app.segmented_control(key="scale").set_value("part of the trace").run()
    assert "Dotted" not in page_text(app)


def test_positions_compare_correct_and_incorrect(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[1], traces="correct against incorrect")
    areas = rows(app, 0)
    assert {row["label"] for row in areas} == {"Teacher", "Shared", "Student", "Boosted"}
    assert all(row["informative questions"] > 0 for row in areas)
    assert all(row["from"] <= row["signed area"] <= row["to"] for row in areas)
    # Texts such as `0.012` and `< 0.001`; where several stand together, none is adjusted downwards.
    pairs = [[float(row[name].lstrip("< ")) for name in ("p-value", "p, Holm")] for row in areas]
    assert all(0 < raw <= adjusted for raw, adjusted in pairs) and any(raw < adjusted for raw, adjusted in pairs)
    assert "Not compared, for want of questions: attack" in page_text(app)


def test_predict_both_measures(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[2])
    shares = rows(app)
    app.segmented_control(key="measure").set_value("count").run()
    assert not app.exception and rows(app) != shares
    words = page_text(app)
    assert words.index("**At equal length** below means") < words.index("**Teacher count**")
    assert words.index("**Teacher count**") < words.index("**Number of sentences**")
    assert "log(1 + count)" in words
    odds, added, first_tokens = (table.value for table in app.dataframe[:3])
    # Four labels, each alone and with length held constant in three ways.
    assert len(odds) == 16 and {"p", "p, Holm", "questions"} <= set(odds.columns)
    assert all(text == "–" or float(text.lstrip("< ")) > 0 for text in [*odds["p"], *odds["p, Holm"]])
    assert list(added["what is known"])[-1] == "benchmark, length, mean logprobs, labels"
    assert "AUC (95%), without first tokens" in first_tokens.columns


def test_predict_in_bytes_says_what_it_cannot_do(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGES[2], unit="byte", space="ratio")
    assert "how many bytes a first token has is not known" in page_text(app)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("alpha", ["0", "0.3"])
def test_thresholds_of_any_size(open_app: Open, database: Path, page: str, alpha: str) -> None:
    app = open_app(database, page, alpha=alpha, beta="2")
    assert not app.exception


def states() -> dict[str, list[synthetic.Sketch]]:
    ungraded = [replace(sketch, correct=None) for sketch in graded(12)]
    unscored = [replace(s, sentences=[(text, "unscored") for text, _ in s.sentences]) for s in graded(4)]
    one_question = [sketch for sketch in graded(12) if sketch.question_id == "shop-003"]
    return {"ungraded": ungraded, "unscored": unscored, "one question": one_question, "no traces scored": graded(2)}


EXPECTED = {
    "ungraded": {
        "benchmarks": "Do two groups differ",
        "positions": "not graded as correct and as incorrect",
        "predict": "None of these traces is graded",
    },
    "unscored": {
        "benchmarks": "nothing to label",
        "positions": "Too few questions",
        "predict": "nothing to label",
    },
    "one question": {
        "benchmarks": "1 group has no interval",
        "positions": "at most 1 question has one",
        "predict": "correct",
    },
    "no traces scored": {
        "benchmarks": "no scored sentence yet",
        "positions": "no scored sentence yet",
        "predict": "no scored sentence yet",
    },
}


@pytest.mark.parametrize("state", EXPECTED)
def test_every_state_explains_itself(open_app: Open, tmp_path: Path, state: str) -> None:
    path = tmp_path / "state.duckdb"
    nothing = state == "no traces scored"
    synthetic.build(path, states()[state], n_scored=0 if nothing else None, finish=not nothing)
    for page, said in EXPECTED[state].items():
        assert said in page_text(open_app(path, f"pages/{page}.py")), page


def test_a_run_before_training_has_three_labels(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "pair.duckdb"
    models = [synthetic.model(Role.TEACHER), synthetic.model(Role.STUDENT, tokenizer="tok-b")]
    synthetic.build(path, graded(16), roles=PAIR, models=models)
    others = {"length", "benchmark", "mean logprobs", "labels"}
    for page in PAGES:
        app = open_app(path, page)
        table = app.dataframe[-1].value
        column = "predictor" if "predictor" in table.columns else "label"
        assert set(table[column]) - others == {"Teacher", "Common", "Student"}, page
        assert "different tokenizers" in page_text(app), page


def test_two_runs_are_groups(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "runs.duckdb"
    synthetic.build(path, graded(12), run_id="aaaa000011112222", name="before", roles=PAIR)
    synthetic.build(path, graded(12), run_id="bbbb000011112222", name="one")
    synthetic.build(path, graded(12), run_id="cccc000011112222", name="two")
    app = open_app(path, PAGES[0], rows="run", columns="benchmark")
    assert {str(row["run"])[:3] for row in rows(app)} == {"one", "two"}
    app.selectbox(key="first").select_index(0).run()
    app.selectbox(key="second").select_index(2).run()
    assert "paired by question" in page_text(app)


def test_a_bar_lists_its_traces(open_app: Open, database: Path) -> None:
    app = click_point(open_app(database, PAGES[0]), "shares_of_groups", [1, 2])
    assert "traces with a Student sentence" in page_text(app)
    listed = rows(app, 0)
    counts = [row["Student sentences"] for row in listed]
    assert counts == sorted(counts, reverse=True) and min(counts) > 0


def test_a_point_of_a_curve_lists_its_sentences(open_app: Open, database: Path) -> None:
    app = click_point(open_app(database, PAGES[1]), "positions", [1, 0, 0, 2])
    assert "Teacher at sentence 3" in page_text(app)
    assert {row["sentence"] for row in rows(app, 0)} == {3}


def test_an_auc_lists_its_traces(open_app: Open, database: Path) -> None:
    app = click_point(open_app(database, PAGES[2]), "auc", ["Teacher", "shop"])
    shares = [row["share of Teacher sentences"] for row in rows(app, 0)]
    assert shares == sorted(shares, reverse=True)


def test_every_page_with_intervals_says_that_questions_look_the_same(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "alike.duckdb"
    traces = synthetic.sketches()
    # The first two questions of one benchmark stand in another one, too, in capitals.
    copies = [
        replace(t, trace_id=f"copy-{t.trace_id}", benchmark="copy", question=synthetic.question_of(t).upper())
        for t in traces
        if t.question_id in {traces[0].question_id, traces[4].question_id}
    ]
    n = len({t.question_id for t in copies})
    synthetic.build(path, [*traces, *copies], run_id="a" * 16)
    synthetic.build(path, [*traces, *copies], run_id="b" * 16)
    said = f"{n} questions look the same under several ids or benchmarks"
    for page in ("overview", "benchmarks", "positions", "predict", "thresholds", "runs", "selection"):
        assert said in page_text(open_app(path, f"pages/{page}.py")), page
    # Among the traces of one benchmark none does.
    assert said not in page_text(open_app(path, PAGES[0], benchmark="copy"))
