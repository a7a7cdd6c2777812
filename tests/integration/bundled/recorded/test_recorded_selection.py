"""The README's way from recorded logprobs to training data, on files shaped like a published set of logprobs."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rdpt_core.cli import main
from tests.integration.conftest import export

PROJECT = Path(__file__).resolve().parents[4]
DATA = PROJECT / "data"
N_QUESTIONS = 6


def commands_of(text: str, heading: str) -> list[list[str]]:
    """The commands of the first block of code behind some words, as a shell would cut them."""
    block = re.split(r"\n\n(?!    )", text[text.index(heading) :].partition("\n\n    ")[2])[0]
    return [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a user: traces, the teacher's logprobs as two lists a row, and the models."""
    for role in ("teacher", "student"):
        (tmp_path / role).symlink_to(DATA / role)
    known = [json.loads(line) for line in (DATA / "traces.jsonl").read_text(encoding="utf-8").splitlines()]
    n_samples = Counter(trace["question"] for trace in known)
    asked = [question for question, n in n_samples.items() if n > 1][:N_QUESTIONS]
    tokenizer = AutoTokenizer.from_pretrained(DATA / "teacher")
    model = AutoModelForCausalLM.from_pretrained(DATA / "teacher", dtype=torch.float32).eval()
    traces, logprobs = [], []
    for number, trace in enumerate(trace for trace in known if trace["question"] in asked):
        turns = [{"role": "user", "content": trace["question"]}]
        rendered = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        prompt, ids = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (rendered, trace["response"]))
        with torch.no_grad():
            logits = model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
        values = logits.log_softmax(-1)[torch.arange(len(ids)), torch.tensor(ids)].tolist()
        uuid = f"5f2c-{number:04}"
        traces.append({
            "uuid": uuid, "input": trace["question"], "output": trace["response"], "domain": "math",
            "meta": {"dataset": "small"},
        })  # fmt: skip
        logprobs.append({"sample_uuid": uuid, "token_ids": ids, "logprobs": values})
    for name, rows in (("traces.jsonl", traces), ("logprobs.jsonl", logprobs)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_four_commands_choose_by_das_from_recordings(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "**4. Choose training data without a GPU**"
    commands = commands_of((PROJECT / "README.md").read_text(encoding="utf-8"), words)
    page = (PROJECT / "docs" / "selection.md").read_text(encoding="utf-8")
    assert commands == commands_of(page, "## From recordings, without a GPU")
    assert [command[:2] for command in commands] == [["rdpt", name] for name in ("import", "score", "select", "export")]
    for command in commands:
        assert main(command[1:]) == 0, capsys.readouterr().err
    rows = export(published / "c.duckdb", "sentences", published / "s.jsonl")
    assert rows and all(row["unscored_reason"] is None for row in rows)
    assert len((published / "shares.csv").read_text(encoding="utf-8").splitlines()) > N_QUESTIONS + 1
    picked = [json.loads(line) for line in (published / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(picked) == N_QUESTIONS
    # DAS by hand: of a response's tokens, as many as are in sentences with p_T − p_S > 0.3; the most of each question.
    shares: dict[str, tuple[int, int]] = {}
    for row in rows:
        n_apart, n_tokens = shares.get(str(row["trace_id"]), (0, 0))
        if row["label"] is None:
            continue
        n_own = int(str(row["n_tokens_student"]))
        gap = math.exp(float(str(row["logprob_sum_teacher"])) / int(str(row["n_tokens_teacher"]))) - math.exp(
            float(str(row["logprob_sum_student"])) / n_own
        )
        shares[str(row["trace_id"])] = (n_apart + n_own * (gap > 0.3), n_tokens + n_own)
    best: dict[str, float] = {}
    traces = [json.loads(line) for line in (published / "candidates.jsonl").read_text(encoding="utf-8").splitlines()]
    share_of = {}
    for trace in traces:
        n_apart, n_tokens = shares[trace["trace_id"]]
        share_of[trace["question"], trace["response"]] = n_apart / n_tokens
        best[trace["question"]] = max(best.get(trace["question"], 0), n_apart / n_tokens)
    for one in picked:
        question, response = (message["content"] for message in one["messages"])
        assert share_of[question, response] == best[question]
    (threshold,) = commands_of(page, "**With one response a question nothing is chosen.**")
    assert main(threshold[1:]) == 0
    kept = [json.loads(line) for line in (published / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {one["messages"][0]["content"] for one in kept} == {asked for asked, share in best.items() if share > 0.2}
