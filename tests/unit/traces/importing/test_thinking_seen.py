"""Models that always think, and traces from which some program has dropped the thinking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.cli import main
from rdpt_core.records import Trace
from rdpt_core.traces.importing.thinking_seen import ThinkingSeen, always_thinks


@pytest.mark.parametrize(
    "model",
    [
        "deepseek-ai/DeepSeek-R1",
        "deepseek-ai__DeepSeek-R1-Distill-Qwen-7B",
        "Qwen/QwQ-32B",
        "deepseek-reasoner",
        "mistralai/Magistral-Small-2506",
        "openai/gpt-oss-20b",
        "Qwen/Qwen3-4B-Thinking-2507",
        "kimi-k2-thinking",
        "Phi-4-mini-reasoning",
    ],
)
def test_families_that_always_think(model: str) -> None:
    assert always_thinks(model)


@pytest.mark.parametrize(
    "model",
    [
        "Qwen/Qwen3-8B",
        "deepseek-chat",
        "meta-llama/Llama-3.1-8B",
        "gpt-4o",
        "my-sft-r1",
        "qwen3-8b-no-thinking",
        "qwen3-non-thinking",
        "nothinking",
        "DeepSeek-V3",
        "",
    ],
)
def test_others_may_or_do_not(model: str) -> None:
    assert not always_thinks(model)


def seen(*traces: dict[str, Any], copies: int = 5) -> list[tuple[str, int]]:
    counted = ThinkingSeen()
    for fields in traces * copies:
        counted.add(Trace(**{"trace_id": "t", "question_id": "q", "response": "4", "model": "deepseek-r1", **fields}))
    return list(counted.missing())


def test_none_of_five_is_said() -> None:
    assert seen({}) == [("deepseek-r1", 5)]
    assert seen({}, copies=4) == []


@pytest.mark.parametrize(
    "with_thinking",
    [
        {"response": "<think>\nhm\n</think>\n\n4"},
        {"response": "hm\n</think>\n\n4"},
        {"response": "hm, cut", "prompt": "<｜User｜>2+2?<｜Assistant｜><think>\n"},
        {"prompt": "2+2?<think>\n\n</think>\n\n"},
        {"meta": {"import": {"reasoning": {"redacted": 1}}}},
    ],
)
def test_one_with_thinking_is_enough(with_thinking: dict[str, Any]) -> None:
    assert seen({}, with_thinking) == []
    assert seen({}, {**with_thinking, "model": "Qwen/QwQ-32B"}) == [("deepseek-r1", 5)]


def test_models_that_need_not_think_are_left_alone() -> None:
    assert seen({"model": None}, {"model": "qwen3-8b"}) == []


def test_the_import_warns_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"question": f"{n}+1?", "response": str(n + 1), "model": "deepseek-r1"} for n in range(6)]
    source = tmp_path / "a.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["import", str(source), "--out", str(tmp_path / "b.jsonl"), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["models_without_thinking"] == {"deepseek-r1": 6}
    assert "warning: deepseek-r1 is of a family that always thinks, and none of its 6 traces holds any" in printed.err
