"""Local scores against a loop over an independent model, window by window."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.cli import main
from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import Role
from rdpt_core.scoring import local_context
from rdpt_core.store.reader import open_reader
from rdpt_core.traces.token_spans import assign_tokens
from tests.integration.conftest import make_lines, write_lines
from tests.support import synthetic
from tests.support.killed import Killed, kill_after
from tests.support.oracle import Oracle
from tests.support.tiny_models import save_model


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("local")
    for seed, role in enumerate(("teacher", "student")):
        save_model(folder / role, seed=seed)
    traces = write_lines(folder / "t.jsonl", make_lines(6))
    models = [f"--{role}={folder / role}" for role in ("teacher", "student")]
    command = ["score", "--traces", str(traces), *models, "--roles", "teacher,student", "--quiet"]
    assert main([*command, "--db", str(folder / "run.duckdb")]) == 0
    return folder, folder / "run.duckdb"


@pytest.mark.parametrize("with_prompt", [False, True])
@pytest.mark.parametrize("n_context", [1, 3])
def test_each_step_sees_only_the_steps_before_it(
    database: tuple[Path, Path], n_context: int, with_prompt: bool
) -> None:
    folder, path = database
    command = ["local", "--db", str(path), "--context", str(n_context), "--quiet"]
    assert main([*command, "--with-prompt"] if with_prompt else command) == 0
    for role in (Role.TEACHER, Role.STUDENT) if with_prompt else (Role.STUDENT,):
        compare_with_windows(folder / role, path, role, n_context, with_prompt=with_prompt)


def compare_with_windows(folder: Path, path: Path, role: Role, n_context: int, *, with_prompt: bool) -> None:
    """What is stored, against every window on its own."""
    oracle = Oracle(folder)
    with open_reader(path) as reader:
        run = reader.run(None)
        traces, spans = reader.traces(run.run_no, 0, run.n_traces), reader.spans(run.run_no, 0, run.n_traces)
        tokens = reader.tokens(run.run_no, role, range(run.n_traces))
        stored = reader.query(
            "SELECT * FROM local_scores WHERE role = ? AND n_context = ? AND with_prompt = ? ORDER BY trace_no",
            [role, n_context, with_prompt],
        ).to_pylist()
    assert len(stored) == run.n_traces
    bos = oracle.tokenizer.bos_token_id
    for number, trace in enumerate(traces):
        text = oracle.tokenizer.apply_chat_template(
            [{"role": "user", "content": trace.messages[0].content}], tokenize=False, add_generation_prompt=True
        )
        prompt = oracle.tokenizer(text, add_special_tokens=False)["input_ids"]
        sentence = assign_tokens(trace.response, spans[number], tokens[number][0]).sentence_index
        steps = [tokens[number][0].token_id[sentence == one].tolist() for one in range(len(spans[number]))]
        means = []
        for place, step in enumerate(steps):
            seen = [token for earlier in steps[max(0, place - n_context) : place] for token in earlier]
            beginning = [bos] if oracle.tokenizer("a")["input_ids"][:1] == [bos] else []
            context = [*(prompt if with_prompt or place < n_context else beginning), *seen]
            with torch.no_grad():
                logits = oracle.model(torch.tensor([context + step])).logits[0, len(context) - 1 : -1]
            chosen = logits.log_softmax(-1).gather(-1, torch.tensor(step)[:, None])[:, 0]
            assert stored[number]["logprob_sum"][place] == pytest.approx(float(chosen.sum()), abs=2e-3)
            means.append(float(chosen.mean()))
        assert stored[number]["step_mean"] == pytest.approx(float(np.mean(means)), abs=1e-3)


def test_a_pass_with_the_prompt_is_another_one(
    database: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes on by itself, role by role, and selection never takes it for the pass that `lalp` needs."""
    path = Path(shutil.copy(database[1], tmp_path / "run.duckdb"))
    for role, expected in (("student", {"student": 6}), (None, {"teacher": 6, "student": 0})):
        result = rdpt.score_local(path, with_prompt=True, context=5, roles=role, quiet=True)
        assert (result.n_scored_by_role, result.n_scored, result.with_prompt) == (expected, 6, True)
    select = ["select", "--db", str(path), "--strategy", "lalp", "--local-context", "5", "--out"]
    capsys.readouterr()
    assert main([*select, str(tmp_path / "no.jsonl")]) == UsageError.exit_status
    assert "no such local scores" in capsys.readouterr().err
    assert rdpt.score_local(path, context=5, quiet=True).n_scored == 6
    assert main([*select, str(tmp_path / "both.jsonl")]) == 0
    only = Path(shutil.copy(database[1], tmp_path / "only.duckdb"))
    assert rdpt.score_local(only, context=5, quiet=True).n_scored == 6
    assert main([*select[:2], str(only), *select[3:], str(tmp_path / "only.jsonl")]) == 0
    assert (tmp_path / "both.jsonl").read_bytes() == (tmp_path / "only.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--roles", "distilled"], "some of `teacher,student`"),
        (["--roles", "student,student"], "each once"),
        (["--roles", ","], "under these roles"),
        (["--teacher", "anywhere"], "no such flag with --roles student"),
    ],
)
def test_roles_that_cannot_be_asked(
    database: tuple[Path, Path], capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert main(["local", "--db", str(database[1]), *arguments]) == UsageError.exit_status
    assert expected in capsys.readouterr().err


def test_it_goes_on_where_it_stopped_and_refuses_another_model(
    database: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, path = database
    command = ["local", "--db", str(path), "--quiet", "--context"]
    assert main([*command, "2"]) == 0
    assert main([*command, "2"]) == 0
    assert "0 traces scored with 2 sentences in view, 6 had been" in capsys.readouterr().err
    assert main([*command, "5", "--student", str(folder / "teacher")]) == ModelError.exit_status
    assert "not the model that scored the run" in capsys.readouterr().err


def test_a_killed_pass_goes_on_by_the_same_command(
    database: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, whole = (Path(shutil.copy(database[1], tmp_path / name)) for name in ("killed.duckdb", "whole.duckdb"))
    # A newer run, half made, which is no source.
    synthetic.build(killed, synthetic.sketches(), run_id="f" * 16, n_scored=1, finish=False)
    monkeypatch.setattr(local_context, "_TRACES_PER_COMMIT", 2)
    command = ["local", "--quiet", "--context", "7", "--db"]
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 1, "commit_local")
        main([*command, str(killed)])
    assert rdpt.score_local(killed, context=7, quiet=True).n_scored == 4
    assert main([*command, str(whole)]) == 0
    for path in (killed, whole):
        out = path.with_suffix(".jsonl")
        assert main(["select", "--db", str(path), "--strategy", "lalp", "--local-context", "7", "--out", str(out)]) == 0
    assert killed.with_suffix(".jsonl").read_bytes() == whole.with_suffix(".jsonl").read_bytes()


def test_a_model_named_from_another_folder_is_found_or_asked_for(
    database: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, path = database[0], tmp_path / "run.duckdb"
    monkeypatch.chdir(folder)
    models = ["--roles", "teacher,student", "--teacher", "teacher", "--student", "student"]
    assert main(["score", "--traces", "t.jsonl", *models, "--limit", "2", "--quiet", "--db", str(path)]) == 0
    capsys.readouterr()
    monkeypatch.chdir(tmp_path)
    command = ["local", "--db", str(path), "--quiet"]
    assert main(command) == ModelError.exit_status
    said = capsys.readouterr().err
    assert "the student of this run is not where it was: student" in said and "Name it with --student REF" in said
    # The demo's models are named from the program's own folder; another of that name is not taken for them.
    save_model(tmp_path / "student", seed=7)
    assert main(command) == ModelError.exit_status
    assert "not the model that scored the run" in capsys.readouterr().err
    monkeypatch.setattr(bundled, "ROOT", folder)
    assert main(command) == 0
