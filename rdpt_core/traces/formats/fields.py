"""Which names real files give to the same idea, and careful ways to take a value from a record.

Names are compared in lower case. The order is the order of preference.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rdpt_core.records import Message
from rdpt_core.records.nesting import is_deep
from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.thinking import OPENINGS, TAGS

QUESTION = ("question", "problem", "instruction", "prompt", "query", "user_message", "input")
RESPONSE = ("response", "output", "completion", "generation", "model_output", "model_response", "deepseek_solution",
            "deepseek_attempt", "generated_text", "full_model_response", "generated_solution",
            "llm_response")  # fmt: skip
CANDIDATES = ("generations", "responses", "completions", "outputs", "candidates", "samples", "generation", "output",
              "response", "completion")  # fmt: skip
REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_trace", "thought", "complex_cot",
             "deepseek_reasoning", "deepseek_thinking_trajectory")  # fmt: skip
GOLD = ("gold", "gold_answer", "ground_truth", "reference_answer", "expected_answer", "gt", "gt_answer", "target",
        "answer", "label_answer")  # fmt: skip
CORRECT = ("correct", "is_correct", "correctness", "correctness_math_verify", "exact_match", "acc")
CORRECT_LISTS = ("correctness_math_verify", "correctness", "is_correct", "correct", "correctness_llama", "score",
                 "scores")  # fmt: skip
IDENTITY = ("question_id", "problem_id", "doc_id", "instance_id", "task_id", "id", "uuid", "unique_id", "idx", "index",
            "problem_idx")  # fmt: skip
SAMPLE = ("sample", "sample_idx", "sample_index", "sample_id", "rollout", "epoch", "idx_answer")
BENCHMARK = ("benchmark", "dataset", "task", "data_source", "source", "problem_source")
MODEL = ("model", "model_name", "model_id", "generator", "generation_model", "response_model")
DOMAIN = ("domain", "subject", "category", "subfield", "problem_type", "type")
DIFFICULTY = ("difficulty", "level")
TEACHER = ("teacher_id",)
FINISH = ("finish_reason", "stop_reason")

_SWITCH = re.compile(
    r"on|off|true|false|yes|no|none|null|n/a|enabled?|disabled?|auto|adaptive|default|minimal|low|medium|high|x-?high|max"
    r"|concise|detailed|/?(?:no[ _-]?)?think(?:ing)?|(?:detailed |deep )?(?:thinking|reasoning)[ :=_-]*(?:on|off)",
    re.IGNORECASE,
)
_SWITCH_CHARS = 40

_META_DEPTH = 21
META_CHARS = 4_000
"""A field of the source that is longer than this as JSON is named in `meta`, not copied into it."""


def pick(record: Mapping[str, Any], names: Iterable[str], spelled: Mapping[str, str] | None = None) -> tuple[str, Any]:
    """The first field of a record among some names, with the record's own spelling; ('', None) if none has a value.

    Args:
        spelled: `spellings` of the record, for who picks many fields of it.
    """
    for name in names:
        value = record.get(name)
        if value is not None and value == value:  # NaN is how tables write that there is no value
            return name, value
    spelled = spellings(record) if spelled is None else spelled
    for name in names if spelled else ():
        if name in spelled:
            value = record[spelled[name]]
            if value is not None and value == value:
                return spelled[name], value
    return "", None


def spellings(record: Mapping[str, Any]) -> dict[str, str]:
    """The names of a record that are not in lower case, by what they are in it."""
    return {key.lower(): key for key in record if isinstance(key, str) and not key.islower()}


def text_of(value: Any, what: str) -> str:
    """A value that must be a string.

    Raises:
        RecordError: it is something else.
    """
    if not isinstance(value, str):
        raise RecordError(f"{what} must be a string; got {kind_of(value)}")
    return value


def optional_text(value: Any) -> str | None:
    """A string or number as text; None for anything else. Whole floats keep their point, as the source wrote them.

    NaN is None: it is how tables write an empty cell among numbers, and no value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return json.dumps(value)


def short_text(value: Any) -> str | None:
    """A short label such as a model or a subject, or None if the value is no short text."""
    text = optional_text(value)
    return text if text is not None and 0 < len(text) <= 300 else None


def gold_of(value: Any) -> str | None:
    """A reference answer as text. A list with one answer is that answer; other structures are kept as JSON."""
    if isinstance(value, list) and len(value) == 1:
        return gold_of(value[0])
    if isinstance(value, list | dict) and value:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return optional_text(value)


def reference_of(label: Any) -> str | None:
    """The reference answer of a label column; None if the label is no text, or a whole response and no answer."""
    return short_text(label) if isinstance(label, str) and not brings_thinking(label) else None


def verdict_of(value: Any) -> bool | None:
    """True or false where the value plainly says so: a boolean, 0 or 1, or their names. Part marks are not verdicts."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return {0.0: False, 1.0: True}.get(float(value)) if -1 <= value <= 2 else None
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False, "correct": True, "incorrect": False,
                "1.0": True, "0.0": False, "yes": True, "no": False}.get(value.strip().lower())  # fmt: skip
    return None


def is_switch(value: Any) -> bool:
    """Whether a reasoning column says how much a model should think (`on`, `high`, true) and not what it thought."""
    if isinstance(value, str):
        return len(value) <= _SWITCH_CHARS and _SWITCH.fullmatch(value.strip()) is not None
    return isinstance(value, bool | int | float)


def brings_thinking(response: str) -> bool:
    """Whether a response holds thinking of its own: it opens a thinking block, or closes one that the prompt opened."""
    return response.lstrip().startswith(OPENINGS) or any(closing in response for _, closing in TAGS)


def thought_of(value: Any, response: str) -> str | None:
    """The reasoning that a column gives apart and that belongs in front of the response.

    Returns:
        None if the column holds no text, or a switch, or if the response brings its own thinking.
    """
    if not isinstance(value, str) or not value or is_switch(value) or brings_thinking(response):
        return None
    return value


def whole(value: Any) -> int | None:
    """A count that is zero or more, also when CSV gives it as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else None


def strings(value: Any) -> list[str] | None:
    """A list of strings, not empty, or None."""
    ok = isinstance(value, list) and value and all(isinstance(item, str) for item in value)
    return value if ok else None


def kind_of(value: Any) -> str:
    """A value's kind, in JSON's words."""
    if isinstance(value, dict):
        keys = ", ".join(str(key)[:40] for key in list(value)[:8])
        return f"an object with {keys}" if keys else "an empty object"
    names: Sequence[tuple[type, str]] = ((bool, "true or false"), (str, "text"), (int, "a number"), (float, "a number"))
    for kind, name in names:
        if isinstance(value, kind):
            return name
    return "null" if value is None else "a list" if isinstance(value, list) else type(value).__name__


def rest_of(record: Mapping[str, Any], used: Iterable[str]) -> dict[str, Any]:
    """The fields that a reader did not use, for `meta`.

    What is too long or too deep, and numbers that JSON does not have, are named under `left_out`.
    """
    taken = set(used)
    kept: dict[str, Any] = {}
    left_out: list[str] = []
    for key, value in record.items():
        if key in taken or value is None:
            continue
        if _is_small(value, META_CHARS):
            kept[key] = value
        else:
            left_out.append(key)
    if left_out:
        kept["left_out"] = left_out
    return kept


def _is_small(value: Any, budget: int) -> bool:
    if isinstance(value, str):
        return len(value) <= budget
    if isinstance(value, float):
        return math.isfinite(value)
    if not isinstance(value, list | dict):
        return isinstance(value, bool | int | float) and (not isinstance(value, int) or value.bit_length() < 1024)
    # A look at the number of parts first: rendering a megabyte to learn that it is too long would be waste.
    if len(value) > budget // 2:
        return False
    try:
        text = json.dumps(value, allow_nan=False)
        return len(text) <= budget and not is_deep(value, _META_DEPTH)
    except (ValueError, TypeError, RecursionError):
        return False


def messages_for(question: str, system: str | None = None) -> tuple[Message, ...]:
    """The conversation that a question makes, after its system message if it has one."""
    asked = Message("user", question)
    return (Message("system", system), asked) if system else (asked,)
