"""`--check-recorded` with recordings of the bundled teacher, made by transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rdpt_core.cli import main
from rdpt_core.store.reader import open_reader
from tests.integration.conftest import export

DATA = Path(__file__).resolve().parents[4] / "data"
N_TRACES = 12


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with traces and the teacher's logprobs of them, at temperature 1 and at 0.6."""
    folder = tmp_path_factory.mktemp("recordings")
    lines = (DATA / "traces.jsonl").read_text(encoding="utf-8").splitlines()[:N_TRACES]
    (folder / "traces.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(DATA / "teacher")
    model = AutoModelForCausalLM.from_pretrained(DATA / "teacher", dtype=torch.float32).eval()
    rows: dict[float, list[str]] = {1.0: [], 0.6: []}
    for trace in map(json.loads, lines):
        asked = [{"role": "user", "content": trace["question"]}]
        rendered = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        prompt = tokenizer(rendered, add_special_tokens=False)["input_ids"]
        cut = tokenizer(trace["response"], add_special_tokens=False, return_offsets_mapping=True)
        ids = cut["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1].double()
        for temperature, written in rows.items():
            logprobs = (logits / temperature).log_softmax(-1)[torch.arange(len(ids)), torch.tensor(ids)].tolist()
            for number, (one, (start, end), value) in enumerate(zip(ids, cut["offset_mapping"], logprobs, strict=True)):
                row = {"trace_id": trace["trace_id"], "token_index": number, "token_id": one}
                written.append(json.dumps({**row, "char_start": start, "char_end": end, "logprob": value}))
    (folder / "raw.jsonl").write_text("\n".join(rows[1.0]), encoding="utf-8")
    (folder / "cold.jsonl").write_text("\n".join(rows[0.6]), encoding="utf-8")
    return folder


def score(folder: Path, teacher: str, database: Path, *options: str) -> int:
    models = ["--teacher", teacher, "--student", str(DATA / "student"), "--roles", "teacher,student"]
    return main(
        ["score", "--traces", str(folder / "traces.jsonl"), *models, "--db", str(database), "--quiet", *options]
    )


def test_the_models_own_numbers_pass_and_the_run_stays_the_same(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = f"recorded:{recordings / 'raw.jsonl'}"
    assert score(recordings, teacher, tmp_path / "plain.duckdb") == 0
    teacher += f",check_with={DATA / 'teacher'}"
    assert score(recordings, teacher, tmp_path / "checked.duckdb", "--check-recorded", "5") == 0
    said = capsys.readouterr().err
    assert "The teacher's recorded logprobs agree with" in said and "5 traces" in said
    assert "belong to no trace" not in said
    with open_reader(tmp_path / "checked.duckdb") as reader:
        run = reader.run(None)
    (found,) = run.environment[-1]["recorded_checks"].values()
    # Float32 here and there, in other orders of summation.
    assert found["mean_nats"] < 1e-5 and found["max_nats"] < 1e-4 and found["temperature"] == 1
    assert (found["n_traces"], found["n_sentences"]) == (5, 0) and found["n_tokens"] > 50
    assert any("agree with" in note for note in run.notes)
    plain, checked = (
        export(tmp_path / f"{name}.duckdb", "sentences", tmp_path / f"{name}.jsonl") for name in ("plain", "checked")
    )
    assert plain == checked and plain[0]["run_id"] == run.run_id


def test_numbers_of_another_temperature_are_found_out(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher, database = f"recorded:{recordings / 'cold.jsonl'},check_with={DATA / 'teacher'}", tmp_path / "r.duckdb"
    assert score(recordings, teacher, database, "--check-recorded", "6") == 2
    assert "agrees best at temperature 0.6" in capsys.readouterr().err
    assert not database.exists()
    assert score(recordings, teacher, database, "--check-recorded", "6", "--trust-recorded") == 0
    assert "are taken as they are (--trust-recorded)" in capsys.readouterr().err


def test_numbers_of_another_model_are_found_out(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = f"recorded:{recordings / 'raw.jsonl'},check_with={DATA / 'student'}"
    assert score(recordings, teacher, tmp_path / "r.duckdb", "--check-recorded", "6") == 2
    assert "see that check_with is the model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("teacher", "what"), [("recorded:{}", "no model to check these recordings with"), ("{}", "no role is recorded")]
)
def test_a_check_needs_something_to_check_and_to_check_it_with(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], teacher: str, what: str
) -> None:
    named = teacher.format(DATA / "teacher" if teacher == "{}" else recordings / "raw.jsonl")
    assert score(recordings, named, tmp_path / "r.duckdb", "--check-recorded", "2") == 2
    assert what in capsys.readouterr().err
