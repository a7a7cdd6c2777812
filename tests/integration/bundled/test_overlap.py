"""Overlap of the bundled traces with the texts that their model was trained on, against a plain search."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.analysis.evidence.overlap.data import overlap_of
from rdpt_core.analysis.evidence.overlap.stored import load_codes, load_trace
from rdpt_core.cli import main
from rdpt_core.errors import InputError
from rdpt_core.store.reader import open_reader
from rdpt_core.traces import get_splitter

TRAINING = bundled.DATA / "distillation.jsonl"


def stored(database: Path) -> list[list[dict[str, Any]]]:
    with open_reader(database) as reader:
        tables = ("training_sets", "training_sentences", "overlap")
        return [reader.query(f"FROM {table} ORDER BY ALL").to_pylist() for table in tables]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def training() -> Counter[str]:
    """How often each sentence stands in the training texts, white space folded."""
    splitter = get_splitter()
    counts: Counter[str] = Counter()
    for record in lines(TRAINING):
        text = record["response"]
        counts.update(" ".join(text[span.char_start : span.char_end].split()) for span in splitter.split(text))
    return counts


@pytest.fixture(scope="module")
def looked_up(bundled_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(bundled_database, tmp_path_factory.mktemp("overlap") / "run.duckdb"))
    rdpt.overlap(path, TRAINING, quiet=True)
    return path


def test_whole_sentences_are_those_of_a_plain_count(looked_up: Path, training: Counter[str]) -> None:
    rows = rdpt.open(looked_up).run().sentences().to_pylist()
    assert len(rows) > 10_000
    for row in rows:
        assert row["n_verbatim"] == training[" ".join(row["text"].split())]
        assert row["n_template"] >= row["n_verbatim"]
        known = "copied" if row["n_verbatim"] else "template" if row["n_template"] else "new"
        assert row["training_class"] == known


def test_stretches_and_neighbours_stand_where_it_says(looked_up: Path) -> None:
    records = lines(TRAINING)
    splitter = get_splitter()
    n_stretches = 0
    for row in rdpt.open(looked_up).run().sentences().to_pylist():
        for kind in ("verbatim", "nearest"):
            if row[f"{kind}_text"] is not None:
                text = records[row[f"{kind}_record"]]["response"]
                span = splitter.split(text)[row[f"{kind}_sentence"]]
                assert " ".join(text[span.char_start : span.char_end].split()) == row[f"{kind}_text"]
        if row["verbatim_start"] is not None and row["training_class"] != "copied":
            response_start = row["verbatim_start"] - row["char_start"]
            stretch = row["text"][response_start : row["verbatim_end"] - row["char_start"]]
            text = records[row["verbatim_record"]]["response"]
            assert "".join(stretch.split()) in "".join(text.split())
            n_stretches += 1
    assert n_stretches > 300


def test_what_a_pool_wrote_stands_there_and_what_nobody_wrote_does_not(looked_up: Path) -> None:
    """By the origin that the recipe knows: all pools are in the training texts, what is garbled is not."""
    origins = {
        (trace["trace_id"], span["char_start"], span["char_end"]): span["origin"]
        for trace in lines(bundled.DATA / "traces.jsonl")
        for span in trace["meta"]["planted"]
    }
    counts: Counter[tuple[str, str]] = Counter()
    for row in rdpt.open(looked_up).run().sentences().to_pylist():
        key = row["trace_id"], row["char_start"], row["char_end"]
        counts[origins.get(key, "none"), row["training_class"]] += 1

    def share(origin: str, name: str) -> float:
        return counts[origin, name] / sum(n for (known, _), n in counts.items() if known == origin)

    for origin in ("teacher_a", "both_teachers", "student", "common"):
        assert share(origin, "new") < 0.01
    assert share("none", "new") > 0.25
    # Its numbers and names change from one to the next, so the template is what is copied.
    assert share("teacher_a", "template") > share("student", "template") > 0


def test_codes_and_columns_say_the_same(looked_up: Path) -> None:
    codes = {None: 0, "copied": 1, "template": 2, "new": 3}
    rows = rdpt.open(looked_up).run().sentences()
    with open_reader(looked_up) as reader:
        run = reader.run(None)
        for marks in (True, False):
            kinds = zip(rows.column("training_class").to_pylist(), rows.column("kind").to_pylist(), strict=True)
            expected = [codes[name] for name, kind in kinds if marks or kind != "mark"]
            assert load_codes(reader, run, marks).tolist() == expected
        found = [one for number in range(5) for one in load_trace(reader, run, number)]
    for row, one in zip(rows.slice(0, len(found)).to_pylist(), found, strict=True):
        assert one is not None
        assert (one.training_class, one.n_verbatim) == (row["training_class"], row["n_verbatim"])
        assert one.nearest is None or one.nearest.text == row["nearest_text"]


def test_the_same_command_does_nothing_and_another_file_is_refused(
    looked_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Path(shutil.copy(looked_up, tmp_path / "run.duckdb"))
    asked = ["overlap", "--db", str(database), "--quiet", "--training"]
    assert main([*asked, str(TRAINING)]) == 0
    assert "0 traces looked up, 945 had been before" in capsys.readouterr().err
    other = tmp_path / "chat.jsonl"
    turns = [{"role": "user", "content": "How many?"}, {"role": "assistant", "content": "The answer is 7."}]
    other.write_text(json.dumps({"messages": turns}) + "\nnonsense\n", encoding="utf-8")
    assert main([*asked, str(other)]) == 2
    assert "other training texts" in capsys.readouterr().err
    assert main([*asked, str(other), "--again"]) == 3
    assert "1 records, 1 sentences, 1 of them different; 1 records rejected" in capsys.readouterr().err
    assert main(["info", "--db", str(database)]) == 0
    assert "overlap with chat.jsonl (1 records): 945 of 945 traces" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "nonsense\n", '{"question": "q", "response": ""}\n', None])
def test_files_of_no_use_cost_nothing_that_is_stored(looked_up: Path, tmp_path: Path, text: str | None) -> None:
    database = Path(shutil.copy(looked_up, tmp_path / "run.duckdb"))
    before, other = stored(database), tmp_path / "other.jsonl"
    if text is not None:
        other.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        rdpt.overlap(database, other, again=True, quiet=True)
    assert before[0]
    assert stored(database) == before


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"prompt": "a", "text_x": "b. c."}, "question=prompt,response=text_x"),
        ({"question": "a", "solution": "b. c."}, "question=question,response=solution"),
        ({"question": "a", "response": ""}, "none, 1 records rejected, the first on line 2"),
    ],
)
def test_the_hint_for_files_that_are_not_read_works(
    looked_up: Path, tmp_path: Path, record: dict[str, str], told: str
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps(record) + ("\nnonsense\n" if told.startswith("none") else "\n"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        rdpt.overlap(looked_up, other, again=True, quiet=True)
    assert told in str(caught.value)
    assert "Convert the file first: rdpt import FILE --map" in str(caught.value)
    if not told.startswith("none"):
        converted = tmp_path / "x.jsonl"
        assert main(["import", str(other), "--map", told, "--out", str(converted)]) == 0
        database = Path(shutil.copy(looked_up, tmp_path / "run.duckdb"))
        assert rdpt.overlap(database, converted, again=True, quiet=True).n_records == 1


def test_a_look_up_that_stopped_goes_on(looked_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rdpt_core.api.writing import overlap as module
    from rdpt_core.store.evidence.overlap import DuckDBOverlapStore

    database = Path(shutil.copy(looked_up, tmp_path / "run.duckdb"))
    whole, commit = stored(database), DuckDBOverlapStore.commit_overlap
    n_commits: list[int] = []

    def stops(*arguments: object) -> None:
        if len(n_commits) == 3:
            raise KeyboardInterrupt
        n_commits.append(1)
        commit(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_MOST_CHARACTERS", 50_000)
    monkeypatch.setattr(DuckDBOverlapStore, "commit_overlap", stops)
    with pytest.raises(KeyboardInterrupt):
        rdpt.overlap(database, TRAINING, again=True, quiet=True)
    monkeypatch.setattr(DuckDBOverlapStore, "commit_overlap", commit)
    result = rdpt.overlap(database, TRAINING, quiet=True)
    assert 0 < result.n_looked_up < result.n_traces
    assert stored(database) == whole


@pytest.mark.parametrize("was_read_twice", [False, True])
def test_the_same_files_in_another_order_go_on(
    looked_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was_read_twice: bool
) -> None:
    from rdpt_core.api.writing import overlap as module

    database = Path(shutil.copy(looked_up, tmp_path / "run.duckdb"))
    first, second, copy = (tmp_path / f"{name}.jsonl" for name in ("first", "second", "copy"))
    records = TRAINING.read_text(encoding="utf-8").splitlines(keepends=True)[:40]
    first.write_text("".join(records[:20]), encoding="utf-8")
    second.write_text("".join(records[20:]), encoding="utf-8")
    shutil.copy(first, copy)
    monkeypatch.setattr(module, "_MOST_CHARACTERS", 400_000)
    rdpt.overlap(database, [first, second, copy], again=True, quiet=True)
    whole = stored(database)
    assert json.loads(whole[0][0]["settings"])["n_records"] == 40
    with duckdb.connect(str(database)) as connection:
        connection.execute("DELETE FROM overlap WHERE trace_no >= 400")
        if was_read_twice:
            connection.execute("UPDATE training_sentences SET sentence_no = sentence_no + 1000")
            settings = json.loads(whole[0][0]["settings"])
            settings["sha256"].append(settings["sha256"][0])
            connection.execute("UPDATE training_sets SET settings = ?", [json.dumps(settings)])
    given = [first, second] if was_read_twice else [second, copy, first, second]
    result = rdpt.overlap(database, given, quiet=True)
    assert (result.n_looked_up == result.n_traces) is was_read_twice
    names = [{**json.loads(row["settings"]), "files": None} for row in stored(database)[0]]
    assert names == [{**json.loads(row["settings"]), "files": None} for row in whole[0]]
    assert stored(database)[1:] == whole[1:]
    assert rdpt.overlap(database, [copy, second], quiet=True).n_looked_up == 0


def test_without_training_texts_there_is_nothing(bundled_database: Path) -> None:
    run = rdpt.open(bundled_database).run()
    assert "training_class" not in run.sentences().column_names
    assert overlap_of(run._data()) is None
