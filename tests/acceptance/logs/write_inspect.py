"""Runs in Inspect AI's environment: writes logs with a mock model, and what Inspect itself says of them.

Usage: python write_inspect.py FOLDER
"""

from __future__ import annotations

import base64
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expectations import TRICKY, Expectations, rejoined
from inspect_ai import Task, eval
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ContentImage,
    ContentReasoning,
    ContentText,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import Score, match, mean, scorer
from inspect_ai.scorer import choice as choice_scorer
from inspect_ai.solver import generate, multiple_choice, prompt_template, system_message, use_tools, user_message
from inspect_ai.tool import tool

MODEL = "mockllm/model"
# The smallest picture: one transparent dot.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def said(content: Any, stop_reason: Any = "stop") -> ModelOutput:
    message = ChatMessageAssistant(content=content, model=MODEL, source="generate")
    return with_usage(
        ModelOutput(model=MODEL, choices=[ChatCompletionChoice(message=message, stop_reason=stop_reason)])
    )


def called(tool: str, arguments: dict[str, Any], text: str) -> ModelOutput:
    return with_usage(ModelOutput.for_tool_call(MODEL, tool, arguments, content=text))


def with_usage(output: ModelOutput) -> ModelOutput:
    """Without a usage, the mock model counts tokens with a tokenizer that it downloads."""
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output


def answers(outputs: list[Any]) -> Callable[..., ModelOutput]:
    """The outputs in turn; what is an error is raised."""
    remaining = iter(outputs)

    def answer(*_: Any) -> ModelOutput:
        output = next(remaining)
        if isinstance(output, Exception):
            raise output
        return output

    return answer


class Logs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected = Expectations(folder)

    def run(self, name: str, task: Task, outputs: list[Any], *, format: str = "eval", **options: Any) -> Any:
        """Run a task; the log becomes NAME.eval or NAME.json. Returns the log as Inspect reads it."""
        # The cache of models goes by name and arguments: without it, every task would get the first one's outputs.
        model = get_model(MODEL, custom_outputs=answers(outputs), memoize=False)
        here = self.folder / name
        options = {"log_dir": str(here), "log_format": format, "display": "none", "max_samples": 1, **options}
        (log,) = eval(task, model=model, **options)
        path = Path(log.location)
        target = self.folder / f"{name}.{format}"
        path.rename(target)
        here.rmdir()
        return read_eval_log(str(target))

    def expect(self, log: Any, *, rejects: int = 0, refused: str | None = None, **fields: Any) -> None:
        """What Inspect says of each sample: its completion, target, score, epoch and stop reason."""
        traces = []
        for sample in log.samples or []:
            if sample.error or not sample.output.choices:
                continue
            traces.append({
                "response": sample.output.completion,
                # Several accepted answers are one gold answer here in some form, which is not Inspect's to say.
                "gold": sample.target if isinstance(sample.target, str) else ...,
                "correct": self.verdict(sample),
                "sample": sample.epoch - 1,
                "truncated": sample.output.stop_reason in ("max_tokens", "model_length"),
                "question": sample.input if isinstance(sample.input, str) else None,
                "benchmark": log.eval.task,
                "model": sample.output.model,
            })  # fmt: skip
        for trace in traces:
            trace.update(fields)
            # `...` stands for what is not compared.
            for key in [key for key, value in trace.items() if value is ...]:
                del trace[key]
        source = Path(log.location).name
        self.expected.add(source, traces, rejects=rejects, refused=refused)

    @staticmethod
    def verdict(sample: Any) -> bool | None:
        score = next(iter((sample.scores or {}).values()), None)
        letter = score.value if score and isinstance(score.value, str) else None
        return {"C": True, "I": False, "N": False}.get(letter)


@scorer(metrics=[mean()])
def given(values: list[Any]) -> Any:
    """Gives the n-th sample the n-th value."""

    async def score(state: Any, target: Any) -> Score:
        return Score(value=values[int(state.sample_id) - 1], answer="4")

    return score


@tool
def lookup() -> Any:
    async def execute(key: str) -> str:
        """Look something up.

        Args:
            key: what to look up.
        """
        return "42"

    return execute


def plain(logs: Logs, format: str) -> None:
    """Ids with slashes, epochs, targets with several answers, templates and a system message."""
    data = [
        Sample(id="HumanEval/0", input="What is 2 + 2?", target="4"),
        Sample(id="HumanEval/1", input="What is 3 + 3?", target="6"),
        Sample(id="a/b/c.json", input=TRICKY, target="4"),
        Sample(id="plain", input="long " + "x" * 500, target=["4", "four"]),
        Sample(id=7, input="What is 1 + 3?", target="4"),
    ]
    task = Task(dataset=data, name="sums", solver=generate(), scorer=match(), epochs=2)
    outputs = [said(f"{TRICKY}{number}: " + "y" * (200 * (number % 2)) + " 4") for number in range(10)]
    logs.expect(logs.run(f"ids_and_epochs_{format}", task, outputs, format=format), question=...)
    data = [Sample(id="1", input="What is 2 + 2?", target="4")]
    solver = [system_message("Be brief."), prompt_template("Solve:\n{prompt}\nEnd with ANSWER: x"), generate()]
    log = logs.run(
        f"templates_{format}",
        Task(dataset=data, name="sums", solver=solver, scorer=match()),
        [said("4")],
        format=format,
    )
    messages = [[message.role, message.text] for message in log.samples[0].messages[:-1]]
    logs.expect(log, messages=messages, question=...)


def reasoning(logs: Logs) -> None:
    data = [Sample(id=str(n), input=f"Question {n}", target="4") for n in range(1, 8)]
    thought = ContentReasoning(reasoning="Let me think.\nTwo and two.")
    outputs = [
        said([thought, ContentText(text="4")]),
        said([thought, ContentText(text="\n\n4")]),
        said("<think>\nInside the text.\n</think>\n\n4"),
        said([thought], "max_tokens"),
        said([ContentReasoning(reasoning="gibberish", redacted=True), ContentText(text="4")]),
        said([thought, ContentText(text="First. "), thought, ContentText(text="4")]),
        said("The answer is", "max_tokens"),
    ]
    task = Task(dataset=data, name="thinking", solver=generate(), scorer=match())
    log = logs.run("reasoning", task, outputs)
    logs.expect(log)
    whole = rejoined(thought.reasoning, "4")
    texts = {
        "1": whole,
        "2": whole,
        # Cut while it thought: nobody wrote a closing tag.
        "4": f"<think>\n{thought.reasoning}",
        "6": rejoined(thought.reasoning, "First. ") + whole,
    }
    for sample, trace in zip(log.samples, logs.expected.cases[-1]["traces"], strict=True):
        trace["response"] = texts.get(str(sample.id), trace["response"])


def conversations(logs: Logs) -> None:
    """What stands before the answer: a beginning of the answer, a picture, tool calls, several turns."""
    prefilled = [ChatMessageUser(content="What is 2 + 2?"), ChatMessageAssistant(content="<think>\nOkay")]
    task = Task(dataset=[Sample(id="1", input=prefilled, target="4")], name="sums", scorer=match())
    log = logs.run("prefilled", task, [said(", two and two.\n</think>\n\n4")])
    logs.expect(log, response="<think>\nOkay, two and two.\n</think>\n\n4", question="What is 2 + 2?", messages=...)

    turns = [
        ChatMessageSystem(content="Be brief."),
        ChatMessageUser(content="Hi"),
        ChatMessageAssistant(content="Ho"),
        ChatMessageUser(content="2 + 2?"),
    ]
    task = Task(dataset=[Sample(id="1", input=turns, target="4")], name="sums", scorer=match())
    log = logs.run("turns", task, [said("4")])
    logs.expect(log, messages=[[turn.role, turn.text] for turn in turns], question=...)

    picture = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    seen = [ChatMessageUser(content=[ContentImage(image=picture), ContentText(text="What number is seen?")])]
    task = Task(dataset=[Sample(id="1", input=seen, target="4")], name="sums", scorer=match())
    logs.expect(logs.run("picture", task, [said("4")]), question="What number is seen?")

    call = called("lookup", {"key": "answer"}, "I look it up.")
    task = Task(
        dataset=[Sample(id="1", input="What is the answer?", target="42")],
        name="sums",
        solver=[use_tools(lookup()), generate()],
        scorer=match(),
    )
    log = logs.run("tool_calls", task, [call, said("It is 42")])
    logs.expect(log, question=..., correct=True)


def agents(logs: Logs) -> None:
    """react() with its submit tool: what is submitted is appended to the text, which the model did not write."""
    submit = [
        called("submit", {"answer": "4"}, "It is clear. I submit."),
        called("submit", {"answer": "4"}, ""),
    ]
    data = [Sample(id=str(n), input="What is 2 + 2?", target="4") for n in (1, 2)]
    task = Task(dataset=data, name="agent", solver=react(), scorer=match())
    log = logs.run("react_submit", task, submit)
    logs.expect(log, rejects=1, question=...)
    case = logs.expected.cases[-1]
    case["traces"] = [{**case["traces"][0], "response": "It is clear. I submit."}]


def limits(logs: Logs) -> None:
    """A limit of the sample is no cut of the answer."""
    data = [Sample(id="1", input="What is 2 + 2?", target="4")]
    solver = [generate(), user_message("Are you sure?"), generate(), user_message("Really?"), generate()]
    task = Task(dataset=data, name="sums", solver=solver, scorer=match(), message_limit=5)
    log = logs.run("message_limit", task, [said("First 4"), said("Second 4"), said("Third 4")])
    asked = [["user", "What is 2 + 2?"], ["assistant", "First 4"], ["user", "Are you sure?"]]
    logs.expect(log, response="Second 4", truncated=False, messages=asked, question=...)
    task = Task(dataset=data, name="sums", solver=generate(), scorer=match(), token_limit=1)
    # What crosses the limit of tokens is no output of the sample.
    logs.expect(logs.run("token_limit", task, [said("4")]), rejects=1)


def scores(logs: Logs, format: str) -> None:
    """Verdicts, half verdicts, none, not a number, dictionaries and numbers. No verdict of the source is overruled."""
    values = ["C", "I", "P", "N", math.nan, 1.0, 0.0, 0.5, True, {"a": 1, "b": 0}]
    said_of = [True, False, None, ..., None, True, False, None, True, None]
    data = [Sample(id=str(n), input=f"Question {n}", target="4") for n in range(1, len(values) + 1)]
    task = Task(dataset=data, name="scored", solver=generate(), scorer=given(values))
    log = logs.run(f"scores_{format}", task, [said("The answer is 4") for _ in values], format=format)
    logs.expect(log)
    for sample, trace in zip(log.samples, logs.expected.cases[-1]["traces"], strict=True):
        # NOANSWER counts as wrong in Inspect's own means, and says that there was nothing to judge.
        if (verdict := said_of[int(sample.id) - 1]) is ...:
            del trace["correct"]
        else:
            trace["correct"] = verdict


def choices(logs: Logs) -> None:
    data = [Sample(id="1", input="Which is a number?", choices=["cat", "4", "dog"], target="B")]
    task = Task(dataset=data, name="choices", solver=multiple_choice(), scorer=choice_scorer())
    logs.expect(logs.run("multiple_choice", task, [said("ANSWER: B")]), question=...)

    several = ModelOutput(
        model=MODEL,
        choices=[ChatCompletionChoice(message=ChatMessageAssistant(content=text)) for text in ("4", "5", "I say 4")],
    )
    task = Task(dataset=[Sample(id="1", input="2 + 2?", target="4")], name="sums", solver=generate(), scorer=match())
    log = logs.run("num_choices", task, [with_usage(several)])
    texts = [choice.message.text for choice in log.samples[0].output.choices]
    logs.expect(log)
    trace = logs.expected.cases[-1]["traces"][0]
    logs.expected.cases[-1]["traces"] = [
        {**trace, "response": text, "sample": index, "correct": text != "5"} for index, text in enumerate(texts)
    ]


def failures(logs: Logs, format: str) -> None:
    """A log without samples, and a sample whose solver failed."""
    task = Task(dataset=[Sample(id="1", input="2 + 2?", target="4")], name="sums", scorer=match())
    log = logs.run(f"without_samples_{format}", task, [said("4")], format=format, log_samples=False)
    logs.expected.add(Path(log.location).name, [], refused="holds no samples")

    data = [Sample(id=str(n), input="2 + 2?", target="4") for n in (1, 2, 3)]

    outputs = [said("4"), RuntimeError("the server fell over"), said("5")]
    task = Task(dataset=data, name="sums", solver=generate(), scorer=match(), fail_on_error=False)
    logs.expect(logs.run(f"a_failed_sample_{format}", task, outputs, format=format), rejects=1)


def main() -> None:
    logs = Logs(Path(sys.argv[1]).resolve())
    logs.folder.mkdir(parents=True, exist_ok=True)
    for format in ("eval", "json"):
        plain(logs, format)
        scores(logs, format)
        failures(logs, format)
    reasoning(logs)
    conversations(logs)
    agents(logs)
    limits(logs)
    choices(logs)
    logs.expected.write()


if __name__ == "__main__":
    main()
