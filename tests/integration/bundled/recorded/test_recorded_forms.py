"""The bundled teacher, recorded in every form that is read: each sentence gets the p that the live model gave it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.records import ROLES
from rdpt_core.scoring.backends.recorded.forms.values import recording
from rdpt_core.scoring.backends.recorded.spelling import spellings

from .recorded_forms import END, FORMS, Reply, Token, save

DATA = Path(__file__).resolve().parents[4] / "data"
BEYOND_ASCII = "beyond-ascii"
TEXT = "Okay. 数学 is 2 + 2 = 4 🌳🌳! So naïve…\n\nThe answer is 4. 🎉"
# Forms that hold probabilities lose a step or two of float32 when their logarithms are taken again.
TOLERANCE = 1e-6


def groups() -> Iterator[tuple[str, ...]]:
    """Forms by threes, one for each role of a run: all roles are given the teacher's tokens."""
    for ascii_only in (False, True):
        names = [name for name, form in FORMS.items() if form.ascii_only is ascii_only]
        for first in range(0, len(names), len(ROLES)):
            yield tuple((names[first:] + names)[: len(ROLES)])


@dataclass(frozen=True)
class Live:
    """A few traces under the live teacher, its replies as they may be recorded, and its sentences."""

    lines: list[dict[str, Any]]
    replies: list[Reply]
    sentences: dict[tuple[str, int], dict[str, Any]]


def sentences_of(database: Path) -> dict[tuple[str, int], dict[str, Any]]:
    rows = rdpt.open(database).run().sentences().to_pylist()
    return {(row["trace_id"], row["sentence_index"]): row for row in rows}


def write_traces(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("live")
    lines = [json.loads(line) for line in (DATA / "traces.jsonl").read_text(encoding="utf-8").splitlines()[:4]]
    lines.append({"trace_id": BEYOND_ASCII, "question": "What is 2 + 2?", "response": TEXT})
    traces, database = write_traces(folder / "traces.jsonl", lines), folder / "live.duckdb"
    rdpt.score(
        traces, database, teacher=DATA / "teacher", student=DATA / "student", roles="teacher,student", quiet=True
    )
    rows = [row for row in rdpt.open(database).run().tokens().to_pylist() if row["role"] == "teacher"]
    tokenizer = AutoTokenizer.from_pretrained(str(DATA / "teacher"))
    vocabulary = {number: text for text, number in tokenizer.get_vocab().items()}
    replies = []
    for number, line in enumerate(lines):
        own = [row for row in rows if row["trace_id"] == line["trace_id"]]
        ids, values = [row["token_id"] for row in own], [row["logprob"] for row in own]
        spelled = spellings(recording("", (), ids, values), vocabulary)[0]
        tokens = [
            Token(one, tokenizer.decode([one]), raw or b"", value)
            for one, raw, value in zip(ids, spelled, values, strict=True)
        ]
        assert b"".join(token.raw for token in tokens).decode() == line["response"]
        end = tokenizer.convert_tokens_to_ids(END)
        replies.append(Reply(number, line["trace_id"], line["question"], line["response"], tokens, end))
    assert any(len(token.raw) == 1 and token.raw[0] >= 0x80 for token in replies[-1].tokens)
    return Live(lines, replies, sentences_of(database))


@pytest.mark.parametrize("names", list(groups()), ids=" ".join)
def test_every_form_gives_the_live_probabilities(live: Live, tmp_path: Path, names: tuple[str, ...]) -> None:
    left_out = BEYOND_ASCII if FORMS[names[0]].ascii_only else None
    replies = [reply for reply in live.replies if reply.trace_id != left_out]
    traces = write_traces(tmp_path / "traces.jsonl", live.lines[: len(replies)])
    models = {}
    for role, name in zip(ROLES, names, strict=True):
        path = save(name, replies, tmp_path)
        models[str(role)] = f"recorded:{path}"
        if FORMS[name].needs_tokenizer:
            models[str(role)] += f",tokenizer={DATA / 'teacher'}"
    database = tmp_path / "run.duckdb"
    assert rdpt.score(traces, database, quiet=True, **models).n_unscored == 0
    found = sentences_of(database)
    expected = {key: row for key, row in live.sentences.items() if key[0] != left_out}
    assert found.keys() == expected.keys()
    for role, name in zip(ROLES, names, strict=True):
        for key, row in expected.items():
            assert found[key][f"n_tokens_{role}"] == row["n_tokens_teacher"], (name, key)
            assert np.isclose(found[key][f"p_{role}"], row["p_teacher"], rtol=0, atol=TOLERANCE), (name, key)
