"""Real files of many projects, if they are there: format, count, verdicts, and every response to the character.

The responses are read a second time here, by a few lines of plain Python for each kind of file that share nothing
with the importer, and compared by hash.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import Trace
from rdpt_core.traces import RejectLog, iter_traces, trace_to_json
from rdpt_core.traces.importing.pipeline import ImportReport, import_traces

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real traces are not at ../shared/data")

# glob, format, files, traces in all, of them correct (None where the source gives no verdict)
FILES: list[tuple[str, str, int, int, int | None]] = [
    ("thought-anchors/deepseek-*/correct_base_solution/*/base_solution.json", "thought-anchors", 10, 10, 10),
    ("thought-anchors/deepseek-*/incorrect_base_solution/*/base_solution.json", "thought-anchors", 10, 10, 0),
    ("thought-anchors/qwq-32b/*/*/base_solution.json", "thought-anchors", 1, 1, None),
    ("skythought/Sky-T1-math-correct-5K-14B/**/*.jsonl", "math-eval", 1, 30, 6),
    ("skythought/Sky-T1-math-corrupt-0.2-32B/**/*.jsonl", "math-eval", 1, 30, 9),
    ("skythought/Sky-T1-math-correct-5K-32B-short-ckpts/**/*.jsonl", "math-eval", 1, 120, 22),
    ("skythought/eval_rm_maj_example/*.jsonl", "math-eval", 1, 160, 143),
    ("skythought/tools/*.json", "skythought", 1, 30, 5),
    ("reasoning-gym-eval/Qwen-2.5-3B-rlft*.jsonl", "math-eval", 1, 200, 173),
    ("reasoning-gym-eval/Qwen2.5-3B-Instruct*.jsonl", "math-eval", 1, 200, 172),
    ("reasoning-gym-eval/easy/**/n_queens.json", "reasoning-gym", 1, 150, 73),
    ("reasoning-gym-eval/easy/**/codeio.json", "reasoning-gym", 1, 150, 57),
    ("reasoning-gym-eval/easy/**/palindrome_partitioning.json", "reasoning-gym", 1, 150, 84),
    ("reasoning-gym-eval/easy/**/rectangle_count.json", "reasoning-gym", 1, 150, 41),
    ("reasoning-gym-eval/llama-3b*.json", "reasoning-gym", 1, 1500, 40),
    ("unireason/*.jsonl", "pairs", 2, 200, None),
    ("reasoning-models-lie/*.jsonl", "result-object", 1, 50, None),
    ("marco-o1/*.json", "pairs", 1, 64, None),
    ("llamafactory-demo/*.json", "messages", 2, 600, None),
    ("api-responses/groq-reasoning.json", "openai", 1, 1, None),
    ("api-responses/deepseek-reasoning.json", "openai", 1, 1, None),
    ("api-responses/mistral-reasoning.json", "openai", 1, 1, None),
    ("openai-logprobs/*.json", "openai", 1, 1, None),
    ("api-responses/groq-reasoning.chunks.txt", "openai-stream", 1, 1, None),
    ("api-responses/deepseek-reasoning.chunks.txt", "openai-stream", 1, 1, None),
    ("api-responses/lmstudio*.txt", "openai-responses", 1, 1, None),
    ("api-responses/anthropic*.json", "anthropic", 1, 1, None),
    ("api-responses/google*.json", "gemini", 1, 1, None),
    ("inspect/*theory-of-mind*.eval", "inspect", 1, 100, 83),
    ("inspect/chunked_zstd*.eval", "inspect", 1, 10, 8),
    ("inspect/mmlu*.eval", "inspect", 1, 1, 0),
    ("inspect/log_formats.json", "inspect", 1, 1, 0),
    ("derived/inspect/*.eval", "inspect", 1, 10, 5),
    ("derived/inspect/*.json", "inspect", 1, 4, 4),
    ("derived/lm-eval/*.jsonl", "lm-eval", 1, 60, 53),
    ("derived/messages/openai_messages.jsonl", "messages", 1, 20, 10),
    ("derived/messages/sharegpt.json", "messages", 1, 20, None),
    ("derived/messages/openai_batch_output.jsonl", "openai", 1, 20, None),
    ("derived/parquet/*.parquet", "candidates", 1, 240, 5),
    ("derived/gsm8k_traces.csv", "pairs", 1, 25, 20),
]

REFUSED: list[tuple[str, str]] = [
    ("INDEX.md", "not a file of traces"),
    ("thought-anchors/**/problem.json", "without a model's responses"),
    ("thought-anchors/**/chunks_labeled.json", "sentences of a trace"),
    ("thought-anchors/**/chunks_resampled.json", "keyed by number"),
    ("thought-anchors/**/step_importance.json", "importance scores"),
    ("thought-anchors/**/summary.json", "statistics"),
    ("thought-anchors/**/scenario.json", "setting of a question"),
    ("thinkarm-gold/*.json", "sentences of a trace"),
    ("tgi-logprobs/*.json", "log-probabilities"),
]


def found(pattern: str) -> list[Path]:
    paths = sorted(DATA.glob(pattern))
    if not paths:
        pytest.skip(f"no file for {pattern} in this copy of the real traces")
    return paths


def read(*paths: Path, grade: bool = False) -> tuple[list[Trace], RejectLog, ImportReport]:
    log, report = RejectLog(), ImportReport()
    return list(import_traces(list(paths), grade=grade, rejects=log, report=report)), log, report


@pytest.mark.parametrize(("pattern", "name", "n_files", "n_traces", "n_correct"), FILES)
def test_a_real_file_gives_the_traces_that_its_index_counts(
    pattern: str, name: str, n_files: int, n_traces: int, n_correct: int | None
) -> None:
    traces, log, report = read(*found(pattern))
    assert [file.format for file in report.files] == [name] * n_files
    assert (len(traces), log.n) == (n_traces, 0)
    assert report.is_unaltered
    known = [trace.correct for trace in traces if trace.correct is not None]
    if n_correct is None:
        # Preference data and chats have no verdict; a label of liking is none.
        assert known == []
    else:
        assert (sum(known), len(known)) == (n_correct, n_traces)


@pytest.mark.parametrize(("pattern", "reason"), REFUSED)
def test_what_is_no_trace_file_is_refused_with_the_right_reason(pattern: str, reason: str) -> None:
    for path in found(pattern):
        with pytest.raises(InputError, match=reason):
            read(path)


def test_every_real_file_is_in_one_of_the_two_tables() -> None:
    named = {path for pattern, *_ in FILES for path in DATA.glob(pattern)}
    named |= {path for pattern, _ in REFUSED for path in DATA.glob(pattern)}
    assert {path for path in DATA.rglob("*") if path.is_file()} == named


def test_the_whole_folder_at_once(tmp_path: Path) -> None:
    traces, log, report = read(DATA)
    # Two logs lie there in two formats each.
    copies = {file.format: file.n_copies for file in report.files if file.n_copies}
    assert copies == {"inspect": 4, "math-eval": 60}
    assert len(traces) == sum(n for _, _, _, n, _ in FILES) - 64
    assert log.n == 0
    assert len({trace.trace_id for trace in traces}) == len(traces)
    assert report.is_unaltered
    path = tmp_path / "all.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(trace_to_json(trace) + "\n" for trace in traces)
    with RejectLog() as rejects:
        assert list(iter_traces([path], rejects=rejects)) == traces
    assert rejects.n == 0


# ── The same responses, read a second time ───────────────────────────────────────────────────────────────────────


def lines(path: Path) -> Iterator[Any]:
    return (json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip())


def whole(path: Path) -> Any:
    return json.loads(path.read_bytes())


def lm_eval(path: Path) -> Iterator[str]:
    return iter({line["doc_id"]: line["resps"][0][0] for line in lines(path)}.values())


def rejoined(thought: str, answer: str) -> str:
    """Both parts between the tags; a line break that the source kept stands for the one of the spelling."""
    closing = ("" if thought.endswith("\n") else "\n") + "</think>" + ("" if answer.startswith("\n") else "\n\n")
    return "<think>\n" + thought + closing + answer


def chunks(path: Path) -> Iterator[str]:
    deltas = [line["choices"][0]["delta"] for line in lines(path) if line["choices"]]
    thought = "".join(delta.get("reasoning") or delta.get("reasoning_content") or "" for delta in deltas)
    yield rejoined(thought, "".join(delta.get("content") or "" for delta in deltas))


def batch(path: Path) -> Iterator[str]:
    for line in lines(path):
        message = line["response"]["body"]["choices"][0]["message"]
        yield rejoined(message["reasoning_content"], message["content"])


INDEPENDENT: list[tuple[str, Callable[[Path], Iterable[str]]]] = [
    ("skythought/**/*.jsonl", lambda path: (text for line in lines(path) for text in line["code"])),
    ("reasoning-gym-eval/*.jsonl", lambda path: (text for line in lines(path) for text in line["code"])),
    ("skythought/tools/*.json", lambda path: (item["responses"]["0.0"]["content"] for item in whole(path).values())),
    ("reasoning-gym-eval/easy/**/*.json", lambda path: (
        answer["full_model_response"] for result in whole(path)["results"] for answer in result["completions"])),
    ("reasoning-gym-eval/llama*.json", lambda path: (
        answer["full_model_response"] for result in whole(path)["categories"][0]["datasets"][0]["results"]
        for answer in result["completions"])),
    ("thought-anchors/**/base_solution.json", lambda path: [whole(path)["solution"]]),
    ("unireason/*.jsonl", lambda path: (line["output"] for line in lines(path))),
    ("marco-o1/*.json", lambda path: (line["response"] for line in whole(path))),
    ("llamafactory-demo/kto*.json", lambda path: (line["messages"][-1]["content"] for line in whole(path))),
    ("llamafactory-demo/dpo*.json", lambda path: (line["chosen"]["value"] for line in whole(path))),
    ("derived/messages/sharegpt.json", lambda path: (line["conversations"][-1]["value"] for line in whole(path))),
    ("derived/messages/openai_messages.jsonl", lambda path: (line["messages"][-1]["content"] for line in lines(path))),
    ("derived/messages/openai_batch_output.jsonl", batch),
    ("derived/lm-eval/*.jsonl", lm_eval),
    ("derived/gsm8k_traces.csv", lambda path: (
        row["response"] for row in csv.DictReader(path.open(encoding="utf-8", newline="")))),
    ("derived/parquet/*.parquet", lambda path: (
        text for row in pq.read_table(path).to_pylist() for text in row["generations"])),
    ("api-responses/*reasoning.chunks.txt", chunks),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "responses"), INDEPENDENT)
def test_responses_are_the_sources_to_the_character(pattern: str, responses: Callable[[Path], Iterable[str]]) -> None:
    for path in found(pattern):
        ours = [hashlib.sha256(trace.response.encode()).hexdigest() for trace in read(path)[0]]
        theirs = [hashlib.sha256(text.encode()).hexdigest() for text in responses(path)]
        assert ours == theirs, path.name


# ── What real files are known to hold ────────────────────────────────────────────────────────────────────────────


def test_truncated_responses_are_flagged() -> None:
    def flags(pattern: str) -> Counter[str]:
        return Counter(trace.meta.get("truncated", "") for trace in read(*found(pattern))[0])

    unclosed = flags("skythought/Sky-T1-math-correct-5K-14B/**/*.jsonl")
    assert unclosed["the thinking never ends"] == 22
    cut = flags("unireason/UniReason-SFT*.jsonl")
    assert cut["the thinking never ends, as it does in the file's other responses"] == 22
    assert set(flags("unireason/UniReason-RL*.jsonl")) == {""}


def test_our_verdicts_agree_with_those_of_the_sources() -> None:
    """On final answers that are single numbers or expressions; sources that compare text differ on tuples."""
    from rdpt_core.traces.grading.grader import Grader

    patterns = ("skythought/eval_rm*/*.jsonl", "skythought/tools/*.json", "skythought/Sky-T1*5K-14B/**/*.jsonl",
                "reasoning-gym-eval/Qwen-2.5*.jsonl", "derived/inspect/*.eval",
                "derived/parquet/*.parquet")  # fmt: skip
    with Grader() as grader:
        for pattern in patterns:
            for trace in read(*found(pattern))[0]:
                assert trace.gold is not None
                grade = grader.grade(trace.response, trace.gold, prompt=trace.prompt)
                assert grade.correct == trace.correct, (pattern, trace.trace_id, grade)


def test_multiple_choice_without_a_verdict_is_graded() -> None:
    traces, _, report = read(*found("reasoning-models-lie/*.jsonl"), grade=True)
    assert report.files[0].n_graded == 50
    assert all(trace.meta["grading"]["method"] == "choice" for trace in traces)
    (unknown,) = (trace for trace in traces if trace.correct is None)
    assert "thinking only" in unknown.meta["grading"]["reason"]
    assert "</think>" not in unknown.response
