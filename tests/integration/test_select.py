"""`select` over the command line: files, manifest, bytes, refusals; in a slow test, the trainers' own data checks."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.cli import main
from rdpt_core.records import Role
from rdpt_core.store.beside.basket import BasketItem, put_in_basket
from tests.support import synthetic
from tests.support.killed import Killed

ROOT = Path(__file__).parents[2]
PAIR = (Role.TEACHER, Role.STUDENT)


def candidates() -> list[synthetic.Sketch]:
    """Six questions with three candidates each, one of them partly unscored, and a question with nothing scored."""
    found = []
    for q in range(6):
        for sample in range(3):
            kinds = ["Teacher"] * (1 + (q + sample) % 3) + ["Student"] * (2 - (q * sample) % 3) + ["Shared"]
            texts = [(f" Step {n} of {q}: <b>é</b>\u2028\u00a0😀 \\( x \\)\n\n", kind) for n, kind in enumerate(kinds)]
            found.append(
                synthetic.Sketch(
                    f"q{q}-s{sample}", f"q{q}", texts, sample=sample, correct=(q + sample) % 2 == 0, domain=f"d{q % 2}"
                )
            )
    found.append(synthetic.Sketch("q5-s3", "q5", [("cut ", "Teacher"), ("off", "unscored")], sample=3))
    found.append(synthetic.Sketch("q6-s0", "q6", [("never scored", "unscored")]))
    return found


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("select") / "run.duckdb"
    synthetic.build(path, candidates(), roles=PAIR)
    return path


def select(database: Path, out: Path, *extra: str, strategy: str = "teacher-count") -> int:
    return main(["select", "--db", str(database), "--strategy", strategy, "--out", str(out), *extra])


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def manifest_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_name(f"{path.stem}.manifest.json").read_text(encoding="utf-8"))
    return found


def naive_picks() -> list[str]:
    """The most Teacher sentences of every question, from the sketches themselves."""
    picked = {}
    for sketch in candidates():
        kinds = [kind for _, kind in sketch.sentences]
        best = picked.get(sketch.question_id)
        if "unscored" not in kinds and (best is None or kinds.count("Teacher") > best[0]):
            picked[sketch.question_id] = (kinds.count("Teacher"), "".join(text for text, _ in sketch.sentences))
    return [response for _, response in picked.values()]


@pytest.mark.parametrize("format_name", ["messages", "prompt-completion", "sharegpt"])
def test_the_picked_responses_are_written_verbatim(database: Path, tmp_path: Path, format_name: str) -> None:
    out = tmp_path / "train.jsonl"
    assert select(database, out, "--format", format_name) == 3
    spoken = {
        "messages": lambda row: row["messages"][-1]["content"],
        "prompt-completion": lambda row: row["completion"][0]["content"],
        "sharegpt": lambda row: row["conversations"][-1]["value"],
    }[format_name]
    assert [spoken(row) for row in rows_of(out)] == naive_picks()
    if format_name == "sharegpt":
        info = json.loads((tmp_path / "dataset_info.json").read_text(encoding="utf-8"))
        assert info["train"]["file_name"] == "train.jsonl"


def test_the_manifest_tells_how_and_the_same_command_gives_the_same_bytes(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "train.jsonl"
    command = ("--correct-only", "--seed", "7", "--equal-tokens", "longest,shortest,random", "--quota", "d0=2")
    select(database, out, *command, strategy="random")
    assert "1 questions have no scored candidate" in capsys.readouterr().err
    manifest = manifest_of(out)
    assert manifest["file"]["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert manifest["strategy"]["name"] == "random"
    assert manifest["seed"] == 7
    assert manifest["guards"]["correct_only"] is True
    assert manifest["budget"]["equal_tokens_with"] == ["longest", "shortest", "random"]
    assert manifest["counts"]["picked"] == len(rows_of(out)) == manifest["counts"]["picked_correct"]
    assert manifest["unscored_questions"] == [{"benchmark": "shop", "question_id": "q6"}]
    assert set(manifest["models"]) == {"teacher", "student"}
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    select(database, out, *command, strategy="random")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def tied() -> list[synthetic.Sketch]:
    """Eight questions: of two candidates with as many Teacher sentences one is more clearly the teacher's; and of two
    more questions all candidates are equal but for their texts."""
    found = []
    for q in range(10):
        for sample in range(4):
            teacher = "Uncertain" if sample % 2 and q < 8 else "Teacher"
            texts = [(f"Step {n}, in other words {(q + sample) % 7}. ", teacher) for n in range(2 - sample // 3)]
            texts.append((f"So it is {sample}. ", "Shared"))
            found.append(synthetic.Sketch(f"q{q}-s{sample}", f"q{q}", texts, sample=sample, domain=f"d{q % 2}"))
    return found


def test_without_a_teacher_the_student_still_chooses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / name for name in ("forwards.duckdb", "backwards.duckdb")]
    for path, traces in zip(paths, (tied(), tied()[::-1]), strict=True):
        synthetic.build(path, traces, roles=(Role.STUDENT, Role.DISTILLED))
    out = tmp_path / "out.jsonl"
    for strategy in ("teacher-count", "teacher-share", "teacher-fewest", "das"):
        assert select(paths[0], out, strategy=strategy) == 2
        said = capsys.readouterr().err
        assert f"`{strategy}` needs: --strategy; expected a teacher; got a run without one" in said
        assert "Run `rdpt score … --roles teacher,student` first" in said
    assert select(paths[0], out, "--expression", "n_teacher", strategy="expression") == 2
    assert "the expression names `n_teacher`" in capsys.readouterr().err
    for strategy, *extra in (
        ("longest",),
        ("random", "--seed", "3"),
        ("grape",),
        ("step-drop",),
        ("expression", "--expression", "n_sentences"),
    ):
        picks = []
        for path in paths:
            assert select(path, out, *extra, strategy=strategy) == 0
            picks.append(sorted(json.dumps(row) for row in rows_of(out)))
        assert picks[0] == picks[1] and len(picks[0]) == 10, strategy
    manifest = manifest_of(out)
    assert set(manifest["models"]) == {"student"}
    assert manifest["strategy"]["ties"] == "equal scores go to the candidate with the smaller hash of the response"
    # Three candidates of every question have equally many sentences.
    assert manifest["counts"]["ties_by_hash"] > 0


@pytest.mark.parametrize("budget", [(), ("--samples", "4"), ("--per-question", "2", "--quota", "d0=3")])
def test_the_order_of_the_file_changes_no_pick(tmp_path: Path, budget: tuple[str, ...]) -> None:
    paths = [tmp_path / name for name in ("forwards.duckdb", "backwards.duckdb")]
    for path, traces in zip(paths, (tied(), tied()[::-1]), strict=True):
        synthetic.build(path, traces, roles=PAIR)
    for strategy in ("teacher-count", "teacher-share", "teacher-fewest", "longest", "random", "grape", "das"):
        picks = []
        for path in paths:
            out = tmp_path / f"{path.stem}-{strategy}.jsonl"
            assert select(path, out, "--seed", "3", *budget, strategy=strategy) == 0
            picks.append(sorted(json.dumps(row) for row in rows_of(out)))
        assert picks[0] == picks[1], strategy


def test_picks_that_depend_on_ties_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "tied.duckdb", tmp_path / "train.jsonl"
    # Of each question the two candidates that are most and least clearly the teacher's, at equal counts.
    synthetic.build(path, [sketch for sketch in tied() if sketch.sample < 2], roles=PAIR)
    assert select(path, out) == 0
    manifest = manifest_of(out)
    assert (manifest["counts"]["ties"], manifest["counts"]["ties_by_hash"]) == (10, 2)
    assert "larger Σ max(0, p_T − p_S − β)" in manifest["strategy"]["ties"]
    assert manifest["counts"]["picked_questions"] == 10
    said = capsys.readouterr().err
    assert "10 questions depend on a tie between scores" in said and "which decided 2" in said
    chosen = [row["messages"][-1]["content"] for row in rows_of(out)][:8]
    clearer = ["".join(text for text, _ in sketch.sentences) for sketch in tied() if sketch.sample == 0][:8]
    assert chosen == clearer


def test_the_basket_takes_the_place_of_a_pick(database: Path, tmp_path: Path) -> None:
    item = BasketItem("0123456789abcdef", "shop", "q0", "q0-s0", "it is short")
    put_in_basket(database, item)
    out = tmp_path / "train.jsonl"
    select(database, out, "--basket")
    first = "".join(text for text, _ in candidates()[0].sentences)
    assert rows_of(out)[0]["messages"][-1]["content"] == first
    assert manifest_of(out)["overruled"] == [{"trace_id": "q0-s0", "reason": "it is short"}]
    select(database, out)
    assert rows_of(out)[0]["messages"][-1]["content"] == naive_picks()[0] != first


def test_an_expression_chooses_and_is_kept(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "train.jsonl"
    select(database, out, "--expression", "n_teacher", strategy="expression")
    assert [row["messages"][-1]["content"] for row in rows_of(out)] == naive_picks()
    assert manifest_of(out)["strategy"]["formula"] == "n_teacher"


@pytest.mark.parametrize(
    ("extra", "strategy", "words"),
    [
        ((), "best", "expected teacher-count, "),
        ((), "lalp", "rdpt local"),
        (("--expression", "__import__('os')"), "expression", "calls something other than"),
        (("--expression", "n_teacher"), "random", "a formula is given, but nothing asks for it"),
        (("--quota", "d9=1"), "random", "a quota names a domain"),
        (("--quota", "d9"), "random", "expected NAME=N"),
        (("--min-tokens", "100000"), "random", "nothing was picked"),
        (("--tokens", "0"), "random", "expected a whole number"),
        (("--local-context", "3"), "random", "no such local scores"),
        (("--run", "nobody"), "random", "no run fits"),
    ],
)
def test_refusals_are_one_line(
    database: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: tuple[str, ...],
    strategy: str,
    words: str,
) -> None:
    assert select(database, tmp_path / "train.jsonl", *extra, strategy=strategy) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "train.jsonl").exists()


def test_nothing_is_selected_from_an_unfinished_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun, out = tmp_path / "begun.duckdb", tmp_path / "train.jsonl"
    synthetic.build(begun, candidates(), roles=PAIR, n_scored=16, finish=False)
    assert select(begun, out) == 2
    assert "expected a finished run; got 16 of 20 traces" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("n_renamed", [0, 1, 2])
def test_file_and_manifest_appear_together(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_renamed: int
) -> None:
    """Killed between two renames: there is no training file without its own manifest, and the command mends it."""
    whole, out = tmp_path / "whole" / "train.jsonl", tmp_path / "train.jsonl"
    whole.parent.mkdir()
    assert select(database, whole, "--format", "sharegpt") == 3
    real, left = os.replace, [n_renamed]

    def replace(*paths: Any) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        real(*paths)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(os, "replace", replace)
        select(database, out, "--format", "sharegpt")
    assert not out.exists()
    assert select(database, out, "--format", "sharegpt") == 3
    for path in whole.parent.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_an_older_file_beside_a_new_manifest_is_told_by_its_checksum(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "train.jsonl"
    select(database, out, strategy="shortest")
    before, real = out.read_bytes(), os.replace

    def replace(source: Path, target: Path) -> None:
        if target == out:
            raise Killed
        real(source, target)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(os, "replace", replace)
        select(database, out, strategy="longest")
    assert out.read_bytes() == before
    assert manifest_of(out)["file"]["sha256"] != hashlib.sha256(before).hexdigest()
    select(database, out, strategy="longest")
    assert manifest_of(out)["file"]["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()


def test_a_list_of_data_sets_that_cannot_be_read_stops_it_before_anything_is_written(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dataset_info.json").write_text("no JSON")
    assert select(database, tmp_path / "train.jsonl", "--format", "sharegpt") == 2
    assert "dataset_info.json" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["dataset_info.json"]


def test_the_list_names_every_strategy_and_column(capsys: pytest.CaptureFixture[str]) -> None:
    from rdpt_core.analysis.selection.candidates import COLUMNS
    from rdpt_core.analysis.selection.strategies import STRATEGIES

    assert main(["select", "--db", "any", "--strategy", "list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in (*STRATEGIES, *COLUMNS))


def environment(name: str, folder: Path) -> str:
    """The interpreter of an environment with a trainer in it: a given one, or one made now.

    What it holds stands in `tests/acceptance/trainers/requirements-NAME.txt`.
    """
    given = os.environ.get(f"RDPT_{name.upper()}_PYTHON")
    if given:
        return given
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    requirements = ROOT / "tests" / "acceptance" / "trainers" / f"requirements-{name}.txt"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)
    return python


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "formats"), [("trl", ("messages", "prompt-completion")), ("llamafactory", ("sharegpt",))]
)
def test_the_trainers_take_the_files(database: Path, tmp_path: Path, name: str, formats: tuple[str, ...]) -> None:
    python = environment(name, tmp_path / "environment")
    for format_name in formats:
        select(database, tmp_path / f"{format_name}.jsonl", "--format", format_name)
    (tmp_path / "responses.json").write_text(json.dumps(naive_picks()), encoding="utf-8")
    script = ROOT / "tests" / "acceptance" / "trainers" / f"check_{name}.py"
    result = subprocess.run(
        [python, str(script), str(tmp_path), str(ROOT / "data" / "student")],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")},
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    assert json.loads(result.stdout.strip().splitlines()[-1]) == [len(naive_picks())] * len(formats)
