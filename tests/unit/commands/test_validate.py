"""What `validate` says is what `score` does: the same counts and the same exit status on the same odd files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.records import ROLES
from tests.support.tiny_models import save_model

ASKED = {"question": "What is 1 + 1?", "response": "One and one. It is 2."}
BARE = {"prompt": "1 + 1 =", "response": "It is 2. Yes."}
BOTH = {**ASKED, "prompt": "1 + 1 ="}

FILES: dict[str, tuple[list[Any], str]] = {
    "plain": ([ASKED], "own"),
    "one without a question": ([ASKED, BARE, BOTH], "own"),
    "one without a question or a sentence": ([ASKED, {**BARE, "response": ""}], "own"),
    "none with a question": ([BARE], "own"),
    "one without a prompt": ([ASKED, BARE, BOTH], "raw"),
    "none with a prompt": ([ASKED], "raw"),
    "only prompts": ([BARE], "raw"),
    "empty responses": ([ASKED, {**ASKED, "response": ""}, {**ASKED, "response": " \n"}], "own"),
    "only empty responses": ([{**ASKED, "response": ""}], "own"),
    "twice the same": ([ASKED, ASKED], "own"),
    "one id twice": ([{**ASKED, "trace_id": "t"}, {**ASKED, "trace_id": "t", "response": "3"}, BOTH], "own"),
    "numbers in fields": (
        [ASKED, {**BOTH, "difficulty": 3}, {**BOTH, "sample": 1.5}, {**BOTH, "correct": 1}, {**BOTH, "gold": 2}],
        "own",
    ),
    "no response": ([ASKED, {"question": "What?"}, {"question": "What?", "response": None}], "own"),
    "half is no JSON": ([ASKED, "nothing"], "own"),
    "more than half is no JSON": ([ASKED, "nothing", "either"], "own"),
    "no trace": (["nothing"], "own"),
    "mostly rejected and none rendered": ([BARE, "nothing", "either"], "own"),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("triple")
    for seed, role in enumerate(ROLES):
        save_model(folder / role, seed=seed, context_length=512)
    return [part for role in ROLES for part in (f"--{role}", str(folder / role))]


@pytest.mark.parametrize("name", FILES)
def test_validate_and_score_agree(
    tmp_path: Path, models: list[str], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    lines, template = FILES[name]
    traces, database = tmp_path / "t.jsonl", tmp_path / "run.duckdb"
    traces.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
    given = ["--traces", str(traces), "--template", template]
    status = main(["validate", *given, "--json"])
    validated = capsys.readouterr()
    assert main(["score", *given, *models, "--db", str(database), "--quiet"]) == status
    scored = capsys.readouterr().err
    if status == 2:
        # `validate` says the same, and whatever it can count besides.
        assert scored.split("; ", 1)[1].split(". ")[0] in validated.err
        assert not database.exists()
        return
    summary = json.loads(validated.out)
    run = rdpt.open(database).run()
    rows = run.traces().to_pylist()
    assert summary["stop"] is None
    assert summary["n_traces"] == len(rows)
    assert summary["n_sentences"] == sum(row["n_sentences"] for row in rows)
    assert f"{summary['n_rejected']} lines rejected" in scored
    assert summary["n_rejected"] == len(lines_of(tmp_path, "*.rejects.jsonl"))
    unscored = lines_of(tmp_path, "*.unscored.jsonl")
    assert {line["reason"] for line in unscored} <= {"no_question", "no_prompt"}
    assert summary["n_unrendered"] == len({line["trace_id"] for line in unscored})


def lines_of(folder: Path, pattern: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in folder.glob(pattern) for line in path.read_text().splitlines()]


def test_what_is_mostly_rejected_stops_unless_it_is_accepted(
    tmp_path: Path, models: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    traces, database = tmp_path / "t.jsonl", tmp_path / "run.duckdb"
    traces.write_text(json.dumps(ASKED) + "\nnothing\neither\n")
    command = ["score", "--traces", str(traces), *models, "--db", str(database), "--quiet"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{traces}; expected canonical JSON Lines; got 2 of 3 lines rejected: 2 × expected JSON" in said
    assert f"Rejected lines: {database}.rejects.jsonl" in said
    assert not database.exists()
    assert main([*command, "--accept-rejects"]) == 3
    assert "1 traces" in capsys.readouterr().err
    # The first lines only, as they are read.
    assert main([*command, "--limit", "1"]) == 0


def test_the_summary_comes_before_the_reason_to_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    traces = tmp_path / "t.jsonl"
    traces.write_text(json.dumps(ASKED) + "\nnothing\neither\n")
    assert main(["validate", "--traces", str(traces)]) == 2
    said = capsys.readouterr()
    assert "rejected lines:       2" in said.out
    assert said.err.startswith("error: `score` would stop: more than half of the lines are no traces: ")
