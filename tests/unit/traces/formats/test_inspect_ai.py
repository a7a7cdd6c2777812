"""Inspect logs: the model's own text, the source's verdict, and what a sample's end says and does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.imports.import_reports import Imported, eval_archive, imported

ASKED = {"role": "user", "content": "Where is the Louvre?", "source": "input"}
CALL = {"id": "call", "function": "submit", "arguments": {"answer": "4"}, "type": "function"}
THINKS = {"type": "reasoning", "reasoning": "two and two"}
SAYS_PARIS = {"type": "text", "text": "Paris"}


def sample(content: Any, *, stop: str = "stop", before: tuple[Any, ...] = (ASKED,), **more: Any) -> dict[str, Any]:
    message = {"id": "m", "role": "assistant", "source": "generate", "content": content}
    message.update(more.pop("message", {}))
    output = {"model": "qwen3", "choices": [{"message": message, "stop_reason": stop}]}
    shown = {key: value for key, value in message.items() if key != "tool_calls"}
    return {
        "id": 1,
        "epoch": 1,
        "input": "Where is the Louvre?",
        "target": "Paris",
        "messages": [*before, shown],
        "output": output,
        **more,
    }


def read(folder: Path, *samples: dict[str, Any]) -> Imported:
    return imported(folder, eval_archive(*samples), "log.eval")


# ── The response ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_thinking_that_was_cut_is_opened_and_not_closed(tmp_path: Path) -> None:
    (trace,) = read(tmp_path, sample([THINKS], stop="max_tokens")).traces
    assert trace.response == "<think>\ntwo and two"
    assert trace.meta["truncated"] == "stopped at the token limit"
    assert trace.meta["import"]["reasoning"]["closing"] == "cut"
    assert trace.correct is False


def test_thinking_that_ended_by_itself_is_not_closed_and_not_graded(tmp_path: Path) -> None:
    (trace,) = read(tmp_path, sample([{**THINKS, "reasoning": "so Paris"}])).traces
    assert trace.response == "<think>\nso Paris"
    assert trace.meta["truncated"] == "no answer after the thinking"
    assert trace.meta["import"]["reasoning"]["closing"] == "not known"
    assert trace.correct is None
    assert "thinking only" in trace.meta["grading"]["reason"]


def test_an_answer_that_an_agent_appends_is_set_aside(tmp_path: Path) -> None:
    submitting = sample([THINKS, {"type": "text", "text": "I submit."}, {"type": "text", "text": "4"}],
                        stop="tool_calls", message={"tool_calls": [CALL]})  # fmt: skip
    done = read(tmp_path, submitting)
    (trace,) = done.traces
    assert trace.response == "<think>\ntwo and two\n</think>\n\nI submit."
    assert trace.correct is None
    assert trace.meta["import"]["verdict"] == "none: the answer stands in a tool call"
    assert trace.meta["source"]["submitted"] == "4"
    assert (done.report.n_set_aside, done.report.characters_set_aside) == (1, 1)
    assert done.report.characters_in == len("two and twoI submit.")


def test_a_bare_submission_is_a_tool_call_without_text(tmp_path: Path) -> None:
    bare = sample("4", stop="tool_calls", message={"tool_calls": [CALL]})
    thinking = sample([THINKS, {"type": "text", "text": "4"}], stop="tool_calls", message={"tool_calls": [CALL]})
    done = read(tmp_path, bare, thinking)
    assert [trace.response for trace in done.traces] == ["<think>\ntwo and two"]
    (trace,) = done.traces
    assert trace.meta["import"]["reasoning"]["closing"] == "a tool call follows"
    assert (trace.correct, "grading" in trace.meta) == (None, False)
    assert "tool call without text (the answer that it submits" in done.rejects[0].reason


def test_text_parts_are_joined_as_they_stand(tmp_path: Path) -> None:
    (trace,) = read(tmp_path, sample([{"type": "text", "text": "so "}, SAYS_PARIS])).traces
    assert trace.response == "so Paris"


def test_options_in_another_order_than_the_model_saw_are_not_graded(tmp_path: Path) -> None:
    shown = [{"role": "user", "content": "A) 4 B) 5"}]
    written = {"id": "m", "role": "assistant", "content": "ANSWER: A"}
    events = [{"event": "model", "input": shown, "output": {"choices": [{"message": written}]}}]
    changed = sample("ANSWER: B", events=events, target="B", choices=["5", "4"])
    (graded,) = read(tmp_path, {**changed, "scores": {"choice": {"value": "C"}}}).traces
    (trace,) = read(tmp_path, changed).traces
    for one in (graded, trace):
        assert one.response == "ANSWER: A"
        assert one.messages[0].content == "A) 4 B) 5"
        assert one.meta["source"]["changed_by_a_solver_to"] == "ANSWER: B"
    assert (graded.correct, trace.correct) == (True, None)
    assert "a solver changed the answer" in trace.meta["import"]["verdict"]


def test_what_a_provider_says_of_withheld_reasoning_is_kept_apart(tmp_path: Path) -> None:
    withheld = {"type": "reasoning", "reasoning": "opaque", "redacted": True, "summary": "It adds."}
    (trace,) = read(tmp_path, sample([withheld, SAYS_PARIS])).traces
    assert trace.response == "Paris"
    assert trace.meta["import"]["reasoning"] == {"redacted": 1}
    assert trace.meta["source"]["reasoning_summary"] == ["It adds."]


# ── The beginning that the model was given ───────────────────────────────────────────────────────────────────────────


def prefilled(beginning: Any, content: Any, **more: Any) -> dict[str, Any]:
    given = {"role": "assistant", "content": beginning, "source": "input", **more}
    return sample(content, before=(ASKED, given))


@pytest.mark.parametrize(
    ("beginning", "content", "response"),
    [
        ("<think>\nOkay", [{**THINKS, "reasoning": ", two"}, SAYS_PARIS], "<think>\nOkay, two\n</think>\n\nParis"),
        ("<think>\n\n</think>\n\n", "Paris", "<think>\n\n</think>\n\nParis"),
        ("The answer is ", "Paris", "The answer is Paris"),
    ],
)
def test_a_given_beginning_is_joined_and_its_end_kept(
    tmp_path: Path, beginning: str, content: Any, response: str
) -> None:
    done = read(tmp_path, prefilled(beginning, content))
    (trace,) = done.traces
    assert trace.response == response
    assert [message.role for message in trace.messages] == ["user"]
    assert trace.meta["import"]["prefill"] == {"char_end": len(beginning)}
    assert (done.report.n_prefilled, done.report.characters_prefilled) == (1, len(beginning))
    assert trace.correct is True


def test_thinking_that_inspect_took_out_of_the_beginning_is_put_back(tmp_path: Path) -> None:
    given = [THINKS, {"type": "text", "text": "It is "}]
    (trace,) = read(tmp_path, prefilled(given, "Paris")).traces
    assert trace.response == "<think>\ntwo and two\n</think>\n\nIt is Paris"
    assert trace.response[trace.meta["import"]["prefill"]["char_end"] :] == "Paris"


def test_a_turn_that_the_model_generated_is_no_beginning(tmp_path: Path) -> None:
    done = read(tmp_path, prefilled("First.", "Second.", source="generate"))
    assert done.traces == []
    assert "nothing says that the response continues it" in done.rejects[0].reason


@pytest.mark.parametrize(("model", "is_joined"), [("vllm/qwen3", True), ("openai/gpt-5", False), ("hf/qwen3", False)])
def test_some_providers_answer_with_a_turn_of_its_own(tmp_path: Path, model: str, is_joined: bool) -> None:
    done = imported(tmp_path, eval_archive(prefilled("It is ", "Paris"), model=model), "log.eval")
    assert [trace.response for trace in done.traces] == (["It is Paris"] if is_joined else [])
    assert len(done.rejects) == (not is_joined)


def test_the_conversation_of_a_log_without_messages_is_its_input(tmp_path: Path) -> None:
    given = [ASKED, {"role": "assistant", "content": "It is "}]
    whole = {**sample("Paris"), "input": given, "messages": None}
    (trace,) = read(tmp_path, whole).traces
    assert trace.response == "It is Paris"
    (trace,) = read(tmp_path, {**sample("Paris"), "messages": []}).traces
    assert [message.content for message in trace.messages] == ["Where is the Louvre?"]


# ── Verdicts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scores", "correct", "verdict"),
    [
        ({"match": {"value": "C"}}, True, "scores.match"),
        ({"match": {"value": "I"}}, False, "scores.match"),
        ({"match": {"value": "P"}}, None, "scores.match = P (part mark)"),
        ({"match": {"value": "N"}}, False, "scores.match"),
        ({"match": {"value": float("nan")}}, None, "scores.match = NaN (not scored)"),
        ({"match": {"value": 0.5}}, None, "scores.match = 0.5 (part mark)"),
        ({"match": {"value": {"a": 1, "b": 0}}}, None, "scores.match = {a, b, …} (several values)"),
        ({"graded": {"value": "P"}, "match": {"value": "C"}}, True, "scores.match"),
    ],
)
def test_a_score_is_a_verdict_or_none_and_never_ours(
    tmp_path: Path, scores: dict[str, Any], correct: bool | None, verdict: str
) -> None:
    (trace,) = read(tmp_path, sample([THINKS, SAYS_PARIS], scores=scores)).traces
    assert trace.correct is correct
    assert trace.meta["import"]["verdict"] == verdict
    assert "grading" not in trace.meta


@pytest.mark.parametrize("scores", [None, {}, {"match": {"value": None}}])
def test_where_no_score_is_given_the_answer_is_graded(tmp_path: Path, scores: Any) -> None:
    (trace,) = read(tmp_path, sample([THINKS, SAYS_PARIS], scores=scores)).traces
    assert trace.correct is True
    assert trace.meta["grading"]["method"] == "text"


# ── What the sample says beside it ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["context", "time", "working", "message", "token", "cost", "operator", "custom"])
def test_a_limit_of_the_sample_does_not_cut_its_response(tmp_path: Path, kind: str) -> None:
    limit = {"type": kind, "limit": 3.0, "reason": "reached"}
    (whole,) = read(tmp_path, sample([THINKS, SAYS_PARIS], limit=limit)).traces
    assert "truncated" not in whole.meta
    assert whole.meta["source"]["limit"] == {"type": kind, "limit": 3.0}
    (cut,) = read(tmp_path, sample([THINKS, SAYS_PARIS], limit=limit, stop="max_tokens")).traces
    assert cut.meta["truncated"] == "stopped at the token limit"


def test_a_response_that_crosses_the_limit_is_read_from_the_events(tmp_path: Path) -> None:
    turns = [
        ASKED,
        {"role": "assistant", "content": "Of what?", "id": "m1"},
        {"role": "user", "content": "Of 2 and 2."},
    ]
    one = sample("unused", scores={"match": {"value": "I"}}, limit={"type": "token", "limit": 100})
    answer = {"role": "assistant", "content": "It is 4.", "id": "m2"}
    events = [{"event": "model", "output": {"choices": [{"stop_reason": "stop", "message": answer}]}}]
    one |= {"messages": turns, "output": {"choices": [], "completion": ""}}
    given = read(tmp_path, {**one, "events": events})
    (trace,) = given.traces
    assert (trace.response, trace.correct) == ("It is 4.", None)
    assert [message.content for message in trace.messages] == [turn["content"] for turn in turns]
    assert trace.meta["import"]["verdict"] == "none: the response crossed a limit, and was scored as an empty one"
    assert "truncated" not in trace.meta and "grading" not in trace.meta
    for events in ([], [{"event": "model", "output": None}], [{"event": "model", "output": {"choices": [3]}}]):
        assert [reject.reason for reject in read(tmp_path, {**one, "events": events}).rejects] == [
            "the sample has no output"
        ]


def test_an_error_retries_and_metadata_of_a_sample_are_kept(tmp_path: Path) -> None:
    facts = {"error": {"message": "the scorer fell over"}, "error_retries": [{"message": "again"}],
             "metadata": {"level": 3, "source": "own"}}  # fmt: skip
    (trace,) = read(tmp_path, sample([SAYS_PARIS], **facts)).traces
    assert trace.difficulty == "3"
    kept = trace.meta["source"]
    assert (kept["error"], kept["error_retries"], kept["metadata"]) == ("the scorer fell over", 1, {"source": "own"})


def test_a_choice_without_text_costs_no_other(tmp_path: Path) -> None:
    several = sample([SAYS_PARIS], epoch=2, choices=3)
    texts: tuple[Any, ...] = (None, "Rome")
    several["output"]["choices"] += [{"message": {"role": "assistant", "content": text}} for text in texts]
    done = read(tmp_path, several)
    assert [(trace.sample, trace.response) for trace in done.traces] == [(3, "Paris"), (5, "Rome")]
    assert "the turn has no content" in done.rejects[0].reason


def test_every_choice_is_a_sample_that_is_graded_by_itself(tmp_path: Path) -> None:
    both = sample([SAYS_PARIS], scores={"match": {"value": "C"}})
    message = {"role": "assistant", "content": "Rome"}
    both["output"]["choices"].append({"message": message, "stop_reason": "stop"})
    traces = read(tmp_path, both).traces
    assert [(trace.sample, trace.correct) for trace in traces] == [(0, True), (1, None)]
    assert all("verdict" not in trace.meta["import"] and "grading" in trace.meta for trace in traces)
