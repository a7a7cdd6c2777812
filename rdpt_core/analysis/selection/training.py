"""Picked responses as training files, with a manifest that tells how they were picked. Same inputs, same bytes.

    messages            TRL, conversational: {"messages": [… , {"role": "assistant", "content": RESPONSE}]}
    prompt-completion   TRL: {"prompt": […], "completion": [{"role": "assistant", …}]}; both plain strings for traces
                        that have a rendered prompt and no messages
    sharegpt            LLaMA-Factory: {"conversations": [{"from": "human", …}, {"from": "gpt", …}], "system": …}, and
                        an entry in `dataset_info.json` beside the file

The response is written as it is stored, character by character; nothing is stripped and no end token is added. Tool
calls of earlier turns stay: in OpenAI's shape for TRL, as `function_call` and `observation` turns for LLaMA-Factory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rdpt_core import __version__
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.selection.candidates import DAS_GAP, Candidates
from rdpt_core.analysis.selection.pick import Budget, Guards, Selection, tie_rule
from rdpt_core.analysis.selection.strategies import Options
from rdpt_core.arrays import Ints
from rdpt_core.atomic_write import atomic_write
from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Role, Trace
from rdpt_core.store.reader import Reader, Run

MANIFEST_VERSION = 1

_TRACES_PER_READ = 2_000

Row = dict[str, Any]


def _turns(trace: Trace) -> list[Row]:
    """The conversation, arguments of tool calls as objects: so TRL documents them, and chat templates take them."""
    if not trace.messages:
        raise InputError(
            "this format needs the question of every trace",
            where=f"trace {trace.trace_id}",
            expected="messages",
            got="a rendered `prompt` only",
            hint="Use `--format prompt-completion`.",
        )
    for message in trace.messages:
        for call in message.tool_calls:
            if call.arguments_object() is None:
                raise InputError(
                    "a trainer needs arguments of tool calls that are JSON",
                    where=f"trace {trace.trace_id}",
                    expected="an object",
                    got=call.arguments[:80],
                    hint="Leave this trace out.",
                )
    return [message.to_json(objects=True) for message in trace.messages]


def _messages(trace: Trace) -> Row:
    return {"messages": [*_turns(trace), {"role": "assistant", "content": trace.response}]}


def _prompt_completion(trace: Trace) -> Row:
    if not trace.messages and trace.prompt is not None:
        return {"prompt": trace.prompt, "completion": trace.response}
    return {"prompt": _turns(trace), "completion": [{"role": "assistant", "content": trace.response}]}


_SPEAKERS = {"user": "human", "tool": "observation", "assistant": "gpt"}
_ASKING = ("user", "tool")


def _sharegpt(trace: Trace) -> Row:
    """LLaMA-Factory skips a conversation that does not alternate, with a warning only; so it is refused here."""
    turns = _turns(trace)
    system = turns.pop(0)["content"] if turns[0]["role"] == "system" else ""
    may_speak = [_ASKING if place % 2 == 0 else ("assistant",) for place in range(len(turns))]
    if any(turn["role"] not in roles for turn, roles in zip(turns, may_speak, strict=True)) or len(turns) % 2 == 0:
        raise InputError(
            "LLaMA-Factory takes only conversations in which user or tool and assistant alternate",
            where=f"trace {trace.trace_id}",
            expected="an optional system message, then user, assistant, … , user or tool",
            got=", ".join(message.role for message in trace.messages),
            hint="Use `--format messages`.",
        )
    return {
        "conversations": [*(_spoken(turn, trace) for turn in turns), {"from": "gpt", "value": trace.response}],
        "system": system,
    }


def _spoken(turn: Row, trace: Trace) -> Row:
    """A turn as LLaMA-Factory reads it: one with tool calls is their JSON and has no room for a text."""
    if "tool_calls" not in turn:
        return {"from": _SPEAKERS[turn["role"]], "value": turn["content"]}
    if turn["content"]:
        raise InputError(
            "LLaMA-Factory takes a turn of text or of tool calls, not of both",
            where=f"trace {trace.trace_id}",
            expected="tool calls only",
            got=f"a text of {len(turn['content']):,} characters beside them",
            hint="Use `--format messages`.",
        )
    calls = [call["function"] for call in turn["tool_calls"]]
    return {"from": "function_call", "value": json.dumps(calls if len(calls) > 1 else calls[0], ensure_ascii=False)}


FORMATS: Mapping[str, Callable[[Trace], Row]] = {
    "messages": _messages,
    "prompt-completion": _prompt_completion,
    "sharegpt": _sharegpt,
}


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that decides the file: it goes into the manifest as it is."""

    rule: LabelRule
    options: Options
    guards: Guards
    budget: Budget
    format: str
    equal_tokens: Sequence[str] = ()
    reasons: Mapping[str, str] | None = None


def write_training(
    reader: Reader, run: Run, candidates: Candidates, selection: Selection, request: Request, path: Path
) -> Path:
    """Write the training file, its manifest and, for LLaMA-Factory, the entry that names it; returns the manifest.

    They appear together. The training file takes its place last: where it is new, all that belongs to it is there, and
    where a process ended just before, the checksum in the manifest is not that of the file.

    Raises:
        InputError: a picked trace does not fit the format, or the folder cannot be written to.
        UsageError: nothing was picked.
    """
    if not len(selection.picked):
        raise UsageError(
            "nothing was picked",
            where=f"--strategy {selection.strategy.name}",
            expected="at least one candidate that is scored and within the guards and the budget",
            got=f"{len(candidates):,} candidates, {int(candidates.is_scored.sum()):,} scored, "
            f"{int(selection.eligible.sum()):,} eligible",
        )
    trace_nos = candidates.trace_no[selection.picked]
    beside: dict[Path, str] = {}
    if request.format == "sharegpt":
        info_path = path.with_name("dataset_info.json")
        known = {**_data_sets(info_path), path.stem: dataset_entry(path.name)}
        beside[info_path] = json.dumps(known, ensure_ascii=False, indent=2, sort_keys=True)
    manifest_path = manifest_path_of(path)
    with atomic_write(path, "the file") as temporary:
        digest = _write(map(json_line, _rows(reader, run, trace_nos, FORMATS[request.format])), temporary)
        file = {"name": path.name, "sha256": digest}
        manifest = make_manifest(reader, run, candidates, selection, request, file)
        beside[manifest_path] = json.dumps(manifest, ensure_ascii=False, indent=2)
        for other, document in beside.items():
            with atomic_write(other, "the file") as part:
                _write([document, "\n"], part)
    return manifest_path


def manifest_path_of(path: Path) -> Path:
    """The manifest that stands beside a training file."""
    return path.with_name(f"{path.stem}.manifest.json")


def training_text(reader: Reader, run: Run, trace_nos: Ints, format_name: str) -> str:
    """The whole training file in memory, for a download."""
    return "".join(map(json_line, _rows(reader, run, trace_nos, FORMATS[format_name])))


def json_line(row: Row) -> str:
    """One object, one line."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def _rows(reader: Reader, run: Run, trace_nos: Ints, make: Callable[[Trace], Row]) -> Iterator[Row]:
    kind: type | None = None
    for first in range(0, len(trace_nos), _TRACES_PER_READ):
        for trace in reader.traces_numbered(run.run_no, trace_nos[first : first + _TRACES_PER_READ].tolist()):
            row = make(trace)
            prompt_kind = type(row.get("prompt"))
            if kind not in (None, prompt_kind):
                raise InputError(
                    "traces with and without messages cannot share a training file",
                    where=f"trace {trace.trace_id}",
                    expected="messages in every trace, or a rendered `prompt` only in every trace",
                )
            kind = prompt_kind
            yield row


def _write(lines: Iterable[str], path: Path) -> str:
    """Write a file; returns the SHA-256 of its bytes."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for line in lines:
            data = line.encode("utf-8")
            digest.update(data)
            stream.write(data)
    return digest.hexdigest()


def dataset_entry(file_name: str) -> Row:
    """What LLaMA-Factory's `dataset_info.json` says of the file."""
    return {
        "file_name": file_name,
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "system": "system"},
    }


def _data_sets(path: Path) -> Row:
    """What `dataset_info.json` holds already, which stays."""
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("this file cannot be read", where=str(path), got=str(error)) from error
    if not isinstance(known, dict):
        raise InputError("this file is no list of data sets", where=str(path), expected="a JSON object")
    return known


def make_manifest(
    reader: Reader, run: Run, candidates: Candidates, selection: Selection, request: Request, file: Row
) -> Row:
    """How the file came to be. It holds no time and no path, so that the same choice gives the same bytes."""
    strategy, picked = selection.strategy, selection.picked
    correct = candidates["correct"][picked]
    return {
        "manifest_version": MANIFEST_VERSION,
        "rdpt_explorer": __version__,
        "file": {**file, "format": request.format},
        "strategy": {
            "name": strategy.name,
            "version": strategy.version,
            "formula": request.options.expression if strategy.name == "expression" else strategy.formula,
            "keeps": strategy.best,
            "source": strategy.source,
            "ties": tie_rule(strategy, has_teacher=candidates.has_teacher),
        },
        "thresholds": {
            "beta": request.rule.beta,
            "unit": request.rule.unit,
            "space": request.rule.space,
            "with_marks": request.rule.marks,
            "das_gap": DAS_GAP,
        },
        "local_context": candidates.local_context if strategy.name == "lalp" else None,
        "seed": request.options.seed,
        "guards": asdict(request.guards),
        "budget": {**asdict(request.budget), "equal_tokens_with": list(request.equal_tokens)},
        "run": {"run_id": run.run_id, "traces_hash": run.traces_hash, "splitter": [run.splitter, run.splitter_version]},
        "models": {
            str(model.role): {"model": model.model, "revision": model.revision}
            for model in run.models
            if model.role in (Role.TEACHER, Role.STUDENT)
        },
        "counts": {
            "questions": candidates.n_questions,
            "candidates": len(candidates),
            "scored": int(candidates.is_scored.sum()),
            "eligible": int(selection.eligible.sum()),
            "ties": int(selection.is_tied.sum()),
            "ties_by_hash": int(selection.is_by_hash.sum()),
            "picked": len(picked),
            "picked_questions": len(np.unique(candidates.question[picked])),
            "picked_tokens": selection.n_tokens,
            "picked_correct": int((correct == 1).sum()),
            "picked_incorrect": int((correct == 0).sum()),
            "picked_not_graded": int(np.isnan(correct).sum()),
        },
        "unscored_questions": question_ids(reader, run, candidates, selection.unscored_questions),
        "questions_without_eligible_candidate": question_ids(reader, run, candidates, selection.unfit_questions),
        "overruled": [
            {"trace_id": name, "reason": (request.reasons or {}).get(name, "")}
            for name in trace_ids(reader, run, candidates.trace_no[selection.overruled])
        ],
    }


def question_ids(reader: Reader, run: Run, candidates: Candidates, questions: Ints) -> list[dict[str, str]]:
    """Benchmark and id of questions by number."""
    if not len(questions):
        return []
    _, first = np.unique(candidates.question, return_index=True)
    rows = reader.query(
        "SELECT benchmark, question_id FROM traces WHERE run_no = ? AND trace_no IN (SELECT unnest(?::INTEGER[])) "
        "ORDER BY trace_no",
        [run.run_no, candidates.trace_no[first[questions]].tolist()],
    )
    found: list[dict[str, str]] = rows.to_pylist()
    return found


def trace_ids(reader: Reader, run: Run, trace_nos: Ints) -> list[str]:
    """Ids of traces by number, in ascending order of the numbers."""
    rows = reader.query(
        "SELECT trace_id FROM traces WHERE run_no = ? AND trace_no IN (SELECT unnest(?::INTEGER[])) ORDER BY trace_no",
        [run.run_no, trace_nos.tolist()],
    )
    found: list[str] = rows.column("trace_id").to_pylist()
    return found
