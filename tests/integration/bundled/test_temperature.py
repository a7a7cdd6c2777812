"""Recordings of the bundled teacher that a server made while it sampled: refused, undone, or trusted if told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.arrays import Doubles
from rdpt_core.cli import main
from rdpt_core.errors import InputError
from rdpt_core.store.reader import open_reader
from tests.integration.conftest import export, write_lines

N_TRACES = 12
FOLDERS = {role: str(bundled.DATA / role) for role in ("teacher", "student", "distilled")}
MOST_DIFFERENCE = 1e-3


class Sampled:
    """The teacher's logits over some traces, to be written down as servers do."""

    def __init__(self) -> None:
        with (bundled.DATA / "traces.jsonl").open(encoding="utf-8") as file:
            self.traces: list[dict[str, Any]] = [json.loads(next(file)) for _ in range(N_TRACES)]
        self.tokenizer = AutoTokenizer.from_pretrained(FOLDERS["teacher"])
        model = AutoModelForCausalLM.from_pretrained(FOLDERS["teacher"], dtype=torch.float32).eval()
        self.ids: list[list[int]] = []
        self.logits: list[Doubles] = []
        for trace in self.traces:
            question = [{"role": "user", "content": trace["question"]}]
            text = self.tokenizer.apply_chat_template(question, add_generation_prompt=True, tokenize=False)
            prompt = self.tokenizer(text, add_special_tokens=False)["input_ids"]
            ids = self.tokenizer(trace["response"], add_special_tokens=False)["input_ids"]
            with torch.no_grad():
                logits = model(torch.tensor([prompt + ids])).logits[0]
            self.ids.append(ids)
            self.logits.append(logits[len(prompt) - 1 : -1].double().numpy())

    def processed(self, number: int, temperature: float, top_p: float) -> Doubles:
        """What the server samples from, −inf outside the nucleus."""
        scaled = self.logits[number] / temperature
        p = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        for row in p if top_p < 1 else ():
            order = np.argsort(-row)
            row[order[np.cumsum(row[order]) - row[order] >= top_p]] = 0
        with np.errstate(divide="ignore"):
            return np.log(p / p.sum(axis=1, keepdims=True))

    def chat(self, path: Path, temperature: float, top_p: float, n_alternatives: int, **more: str) -> Path:
        """OpenAI's form, with the request beside it. `more` is said of the server."""
        lines: list[dict[str, object]] = []
        for number, trace in enumerate(self.traces):
            logprob = np.maximum(self.processed(number, temperature, top_p), -9999.0)
            content = []
            for row, token_id in zip(logprob, self.ids[number], strict=True):
                likeliest = [self._entry(int(one), row) for one in np.argsort(-row)[:n_alternatives]]
                content.append({**self._entry(token_id, row), "top_logprobs": likeliest})
            request = {"temperature": temperature, "top_p": top_p, **more}
            choices = [{"message": {"content": trace["response"]}, "logprobs": {"content": content}}]
            lines.append({"custom_id": trace["trace_id"], "request": request, "choices": choices})
        return write_lines(path, lines)

    def _entry(self, token_id: int, row: Doubles) -> dict[str, Any]:
        text = self.tokenizer.decode([token_id])
        return {"token": text, "logprob": round(float(row[token_id]), 7), "id": token_id}


@pytest.fixture(scope="module")
def sampled() -> Sampled:
    return Sampled()


@pytest.fixture
def score(sampled: Sampled, tmp_path: Path) -> Callable[..., int]:
    traces = write_lines(tmp_path / "traces.jsonl", sampled.traces)

    def run(database: Path, teacher: str, *options: str, roles: Sequence[str] = ("teacher", "student")) -> int:
        models = [part for role in roles for part in (f"--{role}", {**FOLDERS, "teacher": teacher}[role])]
        names = ["--traces", str(traces), "--db", str(database), "--roles", ",".join(roles)]
        return main(["score", *names, *models, "--quiet", *options])

    return run


def test_a_nucleus_is_refused_before_anything_is_scored(
    sampled: Sampled, score: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = f"recorded:{sampled.chat(tmp_path / 'r.jsonl', 0.6, 0.95, 20)},tokenizer={FOLDERS['teacher']}"
    database = tmp_path / "a.duckdb"
    for reference in (recorded, f"{recorded},temperature=0.6"):
        assert score(database, reference) == 2
        said = capsys.readouterr().err
        assert "recorded logprobs are not what the model gives at temperature 1: teacher" in said
        assert "written tokens have probability 0, which no model gives (first in r.jsonl:" in said
        assert "leave nothing for other tokens (first in r.jsonl:1)" in said
        assert "the records state temperature 0.6, top_p 0.95" in said
    assert not database.exists()
    with pytest.raises(InputError, match="not what the model gives"):
        rdpt.score(tmp_path / "traces.jsonl", database, **{**FOLDERS, "teacher": recorded}, quiet=True)


def test_trusted_numbers_make_a_run_that_says_so(
    sampled: Sampled, score: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = f"recorded:{sampled.chat(tmp_path / 'r.jsonl', 0.6, 0.95, 20)},tokenizer={FOLDERS['teacher']}"
    database = tmp_path / "a.duckdb"
    assert score(database, recorded, "--trust-recorded") == 3
    assert "The teacher's recorded logprobs are taken as they are (--trust-recorded), though" in capsys.readouterr().err
    with open_reader(database) as reader:
        run = reader.run(None)
    entry = run.environment[-1]["recorded"]["teacher"]
    assert entry["stated"]["temperature"]["values"] == [[0.6, N_TRACES]]
    assert entry["stated"]["top_p"]["values"] == [[0.95, N_TRACES]]
    assert run.identity["models"]["teacher"]["dtype"] == "recorded, trusted"
    assert len(entry["trusted"]) >= 2
    assert main(["info", "--db", str(database)]) == 0
    assert "recorded with temperature 0.6, top_p 0.95 (as its records say); trusted, though" in capsys.readouterr().out


def test_a_temperature_that_is_undone_gives_the_live_labels(
    sampled: Sampled, score: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live, undone = tmp_path / "live.duckdb", tmp_path / "undone.duckdb"
    path = sampled.chat(tmp_path / "r.jsonl", 0.6, 1.0, len(sampled.tokenizer), logprobs_mode="processed_logprobs")
    recorded = f"recorded:{path},tokenizer={FOLDERS['teacher']}"
    assert score(undone, recorded) == 2
    assert "the key `temperature=T` of this role undoes it" in capsys.readouterr().err
    assert score(live, FOLDERS["teacher"], roles=tuple(FOLDERS)) == 0
    assert score(undone, f"{recorded},temperature=0.6", roles=tuple(FOLDERS)) == 0
    tokens = [export(database, "tokens", tmp_path / "o.jsonl") for database in (live, undone)]
    difference = [abs(float(str(a["logprob"])) - float(str(b["logprob"]))) for a, b in zip(*tokens, strict=True)]
    assert max(difference) < 1e-4
    sentences = [export(database, "sentences", tmp_path / "o.jsonl") for database in (live, undone)]
    moved = [a for a, b in zip(*sentences, strict=True) if a["label"] != b["label"]]
    assert all(float(str(row["margin"])) < MOST_DIFFERENCE for row in moved)
    assert len({str(row["label"]) for row in sentences[0]}) == 4
    with open_reader(undone) as reader:
        run = reader.run(None)
    assert run.identity["models"]["teacher"]["dtype"] == "recorded, temperature 0.6 undone"
    entry = run.environment[-1]["recorded"]["teacher"]
    assert (entry["temperature"], entry["n_left"]) == (0.6, 0)


def test_a_record_that_says_nothing_wrong_makes_the_run_that_it_always_made(
    sampled: Sampled, score: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = f"recorded:{sampled.chat(tmp_path / 'r.jsonl', 1.0, 1.0, 20)},tokenizer={FOLDERS['teacher']}"
    database = tmp_path / "a.duckdb"
    for reference, *options in ([recorded], [f"{recorded},temperature=1", "--trust-recorded"]):
        assert score(database, reference, *options) == 0
        assert "note" not in capsys.readouterr().err
    with open_reader(database) as reader:
        (run,) = reader.runs()
    assert run.identity["models"]["teacher"]["dtype"] == "recorded"
