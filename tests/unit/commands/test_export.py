"""`export`: every note, in every form, and none; runs that are not finished; nothing of a damaged database."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.analysis.which_teacher import seen_with
from rdpt_core.cli import main
from rdpt_core.store.beside.notes import Anchor, add_note
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import standalone_html
from tests.support import companions, synthetic

FIRST = synthetic.Sketch("t", "q", [("One. ", "Teacher"), ("Two. ", "Shared"), ("Three.", "Student")])
HASH = text_hash("One. Two. Three.")
HALF = 16
TWO = Anchor("aaaa", "t", HASH, 1, 5, 10, "Two. ")


def build(path: Path, **runs: synthetic.Sketch) -> None:
    for run_id, sketch in runs.items():
        synthetic.build(path, [sketch], run_id=run_id, name=run_id)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "md"])
def test_the_command_writes_every_note(tmp_path: Path, ending: str) -> None:
    path, out = tmp_path / "a.duckdb", tmp_path / f"notes.{ending}"
    build(path, aaaa=FIRST)
    add_note(path, TWO, "mind `this`\n```\n# no heading", ("to do", "x,y"))
    add_note(path, Anchor("gone", "gone", "0" * 12), 'a "quoted" note', ())
    assert main(["export", "--db", str(path), "--what", "notes", "--out", str(out)]) == 0
    text = out.read_text()
    if ending == "jsonl":
        first, second = [json.loads(line) for line in text.splitlines()]
    elif ending == "csv":
        first, second = csv.DictReader(text.splitlines(keepends=True))
    else:
        # The text cannot end the block that it stands in.
        assert "````text\nmind `this`\n```\n# no heading\n````" in text
        assert "trace not in this file" in text and "`to do`" in text
        return
    assert first["text"] == "mind `this`\n```\n# no heading"
    assert json.loads(first["tags"]) == ["to do", "x,y"]
    assert (str(first["char_start"]), first["state"]) == ("5", "current")
    assert (second["text"], second["state"]) == ('a "quoted" note', "trace not in this file")


def test_the_command_without_a_note_writes_an_empty_table(tmp_path: Path) -> None:
    path, out = tmp_path / "a.duckdb", tmp_path / "notes.csv"
    build(path, aaaa=FIRST)
    assert main(["export", "--db", str(path), "--what", "notes", "--out", str(out)]) == 0
    assert out.read_text().startswith('"id","created_at"')
    assert main(["export", "--db", str(path), "--what", "notes", "--out", str(tmp_path / "notes.txt")]) == 2


@pytest.mark.parametrize(("flags", "labels"), [([], [None, "Teacher"]), (["--with-marks"], ["Shared", "Teacher"])])
def test_the_command_labels_marks_of_format_if_asked_to(tmp_path: Path, flags: list[str], labels: list[str]) -> None:
    path, out = tmp_path / "a.duckdb", tmp_path / "rows.jsonl"
    synthetic.build(path, [synthetic.Sketch("t", "q", [("<think>\n", "Shared"), ("One.", "Teacher")])])
    assert main(["export", "--db", str(path), "--what", "sentences", "--out", str(out), *flags]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["sentence_index"], row["kind"], row["label"]) for row in rows] == [
        (0, "mark", labels[0]),
        (1, "sentence", labels[1]),
    ]


DAMAGED = {
    "identity": ("UPDATE runs SET identity = 'no JSON'", ("sentences", "traces", "tokens", "html", "notes")),
    "p_teacher": ("UPDATE sentences SET p_teacher = 7", ("sentences", "traces", "tokens", "html")),
    "p_student": ("UPDATE sentences SET p_student = 'nan'", ("sentences", "traces", "tokens", "html")),
    "roles": ("UPDATE runs SET roles = ['x']", ("sentences", "traces", "tokens", "html", "notes")),
    "traces": ("UPDATE runs SET n_traces = 2000000000", ("sentences", "traces", "tokens", "html")),
    "expected an end at": (
        "UPDATE sentences SET char_end = 99 WHERE sentence_index = 2",
        ("sentences", "traces", "tokens", "html"),
    ),
    "meta": ("UPDATE traces SET meta = '['", ("html",)),
    "'s tokens of trace 0": ("UPDATE tokens SET logprob = [-1.0]", ("tokens", "html")),
    "ends within": ("UPDATE tokens SET char_end = list_transform(char_end, lambda x: 99)", ("tokens", "html")),
    "those of 0": ("DELETE FROM tokens", ("tokens",)),
}


@pytest.mark.parametrize("said", DAMAGED)
def test_nothing_of_a_damaged_database_is_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    path = tmp_path / "a.duckdb"
    build(path, aaaa=FIRST)
    add_note(path, TWO, "a note", ())
    statement, kinds = DAMAGED[said]
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    for what in kinds:
        out = tmp_path / ("out.html" if what == "html" else "out.jsonl")
        trace = ["--trace", "t"] if what == "html" else []
        assert main(["export", "--db", str(path), "--what", what, "--out", str(out), *trace]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith("error: the database is damaged") and said in captured.err
        assert captured.err.count("\n") == 1 and captured.out == ""
        assert not out.exists()


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run that has come to half of its traces, and no other."""
    path = tmp_path / "begun.duckdb"
    synthetic.build(path, synthetic.sketches(), n_scored=HALF, finish=False)
    return path


@pytest.mark.parametrize("what", ["sentences", "tokens", "traces", "html"])
def test_an_export_of_an_unfinished_run_says_so(
    begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    out = tmp_path / ("t.html" if what == "html" else "rows.jsonl")
    trace = ["--trace", synthetic.sketches()[0].trace_id] if what == "html" else []
    assert main(["export", "--db", str(begun), "--what", what, "--out", str(out), *trace]) == 3
    said = capsys.readouterr().err
    assert "warning: 16 of 36 traces; the run is not finished. The same `score` command goes on with it." in said
    assert out.stat().st_size
    if what == "traces":
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        counts = [name for name in rows[0] if name.startswith(("n_", "logprob")) and name != "n_sentences"]
        assert len(rows) == 36
        assert {row["unscored_reason"] for row in rows[:HALF]} == {None}
        assert {row["unscored_reason"] for row in rows[HALF:]} == {"not_yet"}
        assert {row[name] for row in rows[HALF:] for name in counts} == {None}
        assert None not in {row[name] for row in rows[:HALF] for name in counts}


def test_what_was_finished_later_is_exported_without_a_warning(
    begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = synthetic.Sketch("cut", "cut", [("Cut.", "unscored")])
    synthetic.build(begun, [*synthetic.sketches(2), cut, synthetic.Sketch("empty", "empty", [])], run_id="a")
    out = tmp_path / "t.jsonl"
    assert main(["export", "--db", str(begun), "--what", "traces", "--out", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert "warning" not in capsys.readouterr().err
    # A trace that was reached in vain has its reason; an empty response is reached, and holds nothing.
    assert [row["unscored_reason"] for row in rows] == [None] * (len(rows) - 2) + ["context_length", None]
    assert (rows[-1]["n_sentences"], rows[-1]["n_unscored"], rows[-1]["n_shared"]) == (0, 0, 0)


FORMULAS = (("=1+1 is two. ", "Teacher"), ("-3 is less. ", "Shared"), ("A @b, +c", "Student"))


@pytest.mark.parametrize("is_safe", [False, True])
def test_cells_that_a_spreadsheet_would_evaluate_are_verbatim_unless_asked_for(tmp_path: Path, is_safe: bool) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [synthetic.Sketch("@t", "+q", FORMULAS)])
    add_note(path, Anchor("aaaa", "@t", "0" * 12), "\t=cmd", ())
    quote = "'" if is_safe else ""
    for what, expected in (
        ("sentences", {"text": [f"{quote}=1+1 is two. ", f"{quote}-3 is less. ", "A @b, +c"]}),
        ("traces", {"question_id": [f"{quote}+q"], "trace_id": [f"{quote}@t"]}),
        ("notes", {"text": [f"{quote}\t=cmd"]}),
    ):
        out = tmp_path / f"{what}.csv"
        flags = ["--csv-safe"] if is_safe else []
        assert main(["export", "--db", str(path), "--what", what, "--out", str(out), *flags]) == 0
        with out.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {name: [row[name] for row in rows] for name in expected} == expected
    with (tmp_path / "sentences.csv").open(encoding="utf-8", newline="") as stream:
        # Numbers stay numbers.
        assert {row["logprob_sum_teacher"][0] for row in csv.DictReader(stream)} == {"-"}


@pytest.mark.parametrize(("what", "ending"), [("sentences", "jsonl"), ("notes", "md"), ("html", "html")])
def test_only_csv_is_made_safe_for_spreadsheets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, ending: str
) -> None:
    path, out = tmp_path / "a.duckdb", tmp_path / f"o.{ending}"
    build(path, aaaa=FIRST)
    flags = ["--what", what, "--trace", "t", "--csv-safe"]
    assert main(["export", "--db", str(path), "--out", str(out), *flags]) == 2
    assert "--csv-safe; expected --out FILE.csv" in capsys.readouterr().err
    assert not out.exists()


TRACES = [*synthetic.sketches(2), synthetic.unscored_sketch()]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a teacher of its own, another one, a control, and a third teacher under way."""
    path = tmp_path_factory.mktemp("several") / "several.duckdb"
    run = companions.build(path, TRACES, ("teacher:code", "control:decoy"), models=companions.named_teacher("math"))
    late = companions.PROBABILITIES["control:decoy"]
    companions.add(path, run, TRACES, "teacher:late", n_scored=1, finish=False, probabilities=late)
    return path


def exported(database: Path, out: Path, *flags: str) -> str:
    assert main(["export", "--db", str(database), "--out", str(out), *flags]) == 0
    return out.read_text(encoding="utf-8")


def test_the_command_asks_the_teacher_that_is_named(several: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"

    def rows(*flags: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in exported(several, out, "--what", "sentences", *flags).splitlines()]

    own, code = rows(), rows("--teacher", "code")
    assert rows("--teacher", "math") == own
    assert rows("--teacher", "teacher:code") == rows("--teacher", "CODE") == code
    assert [row["p_teacher"] for row in code] == [row["p_teacher_code"] for row in own]
    # What the triple's teacher would have written, the code teacher finds as unlikely as the student does.
    assert {row["label"] for row, before in zip(code, own, strict=True) if before["label"] == "Teacher"} == {"Boosted"}
    assert rows("--teacher", "decoy")[0]["p_teacher"] == own[0]["p_control_decoy"]


def test_a_page_of_a_trace_shows_the_teacher_that_is_named(several: Path, tmp_path: Path) -> None:
    flags = ["--what", "html", "--trace", TRACES[0].trace_id]
    own, named, code = (
        exported(several, tmp_path / "trace.html", *flags, *teacher)
        for teacher in ([], ["--teacher", "math"], ["--teacher", "code"])
    )
    assert own == named != code
    with open_reader(several) as reader:
        for teacher, page in ((None, own), ("code", code)):
            run = seen_with(reader.run(None), teacher)
            reader.see(run)
            assert page == standalone_html(reader, run, load_trace_view(reader, run, 0, LabelRule.make()))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("law", "the run has no such teacher: --teacher law; expected math or code or decoy"),
        ("late", "this teacher is still being scored: --teacher late; expected math or code or decoy"),
    ],
)
@pytest.mark.parametrize("what", [["--what", "sentences"], ["--what", "html", "--trace", TRACES[0].trace_id]])
def test_a_teacher_that_cannot_be_asked_writes_nothing(
    several: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: list[str], name: str, words: str
) -> None:
    out = tmp_path / ("x.html" if "html" in what else "x.jsonl")
    assert main(["export", "--db", str(several), "--out", str(out), *what, "--teacher", name]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()
