"""Scores that travel, and logprobs that other programs wrote down: aligned exactly, or unscored with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.cli import main
from rdpt_core.records import ROLES
from rdpt_core.store.reader import open_reader
from tests.support.tiny_models import metaspace_tokenizer, save_model

from .conftest import export, make_lines, write_lines
from .test_served import flags, score, without_run, write_triple

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
HOSTILE = ["", " \n\t ", "e\u0301 数学。👩‍👩‍👧‍👦 family! 🎉🎉", "<s>special</s> as text.", "x" * 300, "\u00a0\u200bodd"]


def recorded(path: Path, folder: Path, files: dict[str, list[str]]) -> list[str]:
    """`--triple` with recordings for some roles."""
    tables = {role: {"backend": "recorded", "files": names} for role, names in files.items()}
    return ["--triple", str(write_triple(path, folder, tables))]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_exported_tokens_travel_and_give_the_same_rows(triple: Path, tmp_path: Path, ending: str) -> None:
    lines = make_lines(25) + [{"question": f"odd {n}", "response": text} for n, text in enumerate(HOSTILE)]
    lines[3]["response"] = "This sentence goes on for a while, with some words. " * 60
    traces = write_lines(tmp_path / "t.jsonl", lines)
    local, other, out = tmp_path / "local.duckdb", tmp_path / "other.duckdb", tmp_path / f"tokens.{ending}"
    assert score(traces, flags(triple), local) == 3
    assert main(["export", "--db", str(local), "--what", "tokens", "--out", str(out)]) == 0
    models = recorded(tmp_path / "t.toml", triple, {role: [out.name] for role in ROLES})
    assert score(traces, models, other) == 3
    for what in ("tokens", "sentences"):
        mine = without_run(export(local, what, tmp_path / "a.jsonl"))
        theirs = without_run(export(other, what, tmp_path / "b.jsonl"))
        for a, b in zip(mine, theirs, strict=True):
            if a.get("unscored_reason") == "context_length":
                assert b["unscored_reason"] == "not_recorded"
                a = {**a, "unscored_reason": "not_recorded"}
            assert a == b
    with open_reader(other) as reader:
        run = reader.run(None)
    # Three roles that cut every response alike compare directly, whatever their tokenizers are called.
    assert run.one_tokenizer
    assert {model.backend for model in run.models} == {"recorded"}
    assert all(model.revision.startswith("sha256:") and model.n_parameters is None for model in run.models)


def test_a_recorded_teacher_beside_models_of_this_machine(triple: Path, tmp_path: Path) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(10))
    local, other, out = (tmp_path / name for name in ("local.duckdb", "other.duckdb", "tokens.jsonl"))
    assert score(traces, flags(triple), local) == 0
    export(local, "tokens", out)
    own = flags(triple)
    own[1] = f"recorded:{out},tokenizer={triple / 'teacher'}"
    assert score(traces, own, other) == 0
    names = ("sentences", "tokens")
    assert all(
        without_run(export(local, what, tmp_path / "a.jsonl")) == without_run(export(other, what, tmp_path / "b.jsonl"))
        for what in names
    )
    with open_reader(other) as reader:
        assert reader.run(None).one_tokenizer


def dump(tokenizer: Any, ids: list[int], logprobs: list[float], form: str, question: str) -> dict[str, Any]:
    """The same generated tokens as another program would write them down, with an end-of-text."""
    ids, logprobs = [*ids, 1], [*logprobs, -0.5]
    shown = [tokenizer.decode([one]) for one in ids]
    names = tokenizer.convert_ids_to_tokens(ids)
    if form == "chat":
        content = [
            {"token": text, "logprob": value, "bytes": list(spell(name))}
            for text, value, name in zip(shown, logprobs, names, strict=True)
        ]
        return {"choices": [{"message": {"content": "…"}, "logprobs": {"content": content}}]}
    if form == "chat without bytes":
        content = [{"token": t, "logprob": v, "bytes": None} for t, v in zip(shown, logprobs, strict=True)]
        return {"choices": [{"logprobs": {"content": content}}]}
    if form == "completion":
        return {"prompt": question, "choices": [{"logprobs": {"tokens": shown, "token_logprobs": logprobs}}]}
    if form == "vocabulary":
        return {"choices": [{"logprobs": {"tokens": names, "token_logprobs": logprobs}}]}
    if form == "tgi":
        zipped = zip(ids, shown, logprobs, strict=True)
        tokens = [{"id": one, "text": text, "logprob": value, "special": one == 1} for one, text, value in zipped]
        return {"generated_text": "…", "details": {"tokens": tokens, "prefill": []}}
    if form == "sglang":
        entries = [[value, one, text] for value, one, text in zip(logprobs, ids, shown, strict=True)]
        return {"text": "…", "meta_info": {"output_token_logprobs": entries}}
    if form == "vllm":
        zipped = zip(ids, shown, logprobs, strict=True)
        entries = [
            {str(one): {"logprob": value, "rank": 2, "decoded_token": text}, str(one + 1): {"logprob": -0.1, "rank": 1}}
            for one, text, value in zipped
        ]
        return {"prompt": question, "outputs": [{"token_ids": ids, "logprobs": entries}], "prompt_logprobs": None}
    if form == "vllm prompt":
        prompt = tokenizer("What? ", add_special_tokens=False)["input_ids"]
        zipped = zip([*prompt, *ids[:-1]], [-1.0] * len(prompt) + logprobs[:-1], strict=True)
        entries = [{str(one): {"logprob": value, "decoded_token": tokenizer.decode([one])}} for one, value in zipped]
        return {"prompt_token_ids": [*prompt, *ids[:-1]], "prompt_logprobs": [None, *entries[1:]], "outputs": []}
    raise AssertionError(form)


def spell(name: str) -> bytes:
    from rdpt_core.scoring.backends.recorded.spelling import _byte_level

    return _byte_level(name) or b""


FORMS = ["chat", "chat without bytes", "completion", "vocabulary", "tgi", "sglang", "vllm", "vllm prompt"]


# What sentencepiece does to texts is the same in every form that shows texts.
@pytest.mark.parametrize(
    ("kind", "form"),
    [("byte-level", form) for form in FORMS] + [("sentencepiece", form) for form in ("tgi", "vllm prompt")],
)
def test_every_form_aligns_to_the_tokens_that_were_scored(tmp_path: Path, triple: Path, form: str, kind: str) -> None:
    from transformers import AutoTokenizer

    folder = triple / "teacher"
    if kind == "sentencepiece":
        folder = save_model(tmp_path / "teacher", tokenizer=metaspace_tokenizer(), seed=4)
    lines = make_lines(12)
    # After a prompt that ends in an empty token, nobody can tell whose piece of a character it is; that is refused.
    hostile = HOSTILE[2:-1] if (kind, form) == ("sentencepiece", "vllm prompt") else HOSTILE[2:]
    for number, text in enumerate(hostile):
        lines.append({"question": f"odd {number}", "response": text, "trace_id": f"odd{number}"})
    traces = write_lines(tmp_path / "t.jsonl", lines)
    local, other = tmp_path / "local.duckdb", tmp_path / "other.duckdb"
    pair = ["--student", str(triple / "student"), "--roles", "teacher,student"]
    assert score(traces, ["--teacher", str(folder), *pair], local) == 0
    rows = [row for row in export(local, "tokens", tmp_path / "o.jsonl") if row["role"] == "teacher"]
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    records = []
    for line in lines:
        own = [row for row in rows if row["trace_id"] == line["trace_id"]]
        ids, logprobs = [int(str(row["token_id"])) for row in own], [float(str(row["logprob"])) for row in own]
        records.append(dump(tokenizer, ids, logprobs, form, str(line["question"])))
    (tmp_path / "recorded.json").write_text(json.dumps(records), encoding="utf-8")
    assert score(traces, ["--teacher", f"recorded:{tmp_path / 'recorded.json'}", *pair], other) == 0
    found = [row for row in export(other, "tokens", tmp_path / "o.jsonl") if row["role"] == "teacher"]
    has_ids = form in ("tgi", "sglang", "vllm", "vllm prompt")
    assert len(rows) == len(found) > 0
    for a, b in zip(rows, found, strict=True):
        assert (a["trace_id"], a["token_index"], a["logprob"]) == (b["trace_id"], b["token_index"], b["logprob"])
        assert b["token_id"] == (a["token_id"] if has_ids else -1)
        assert a["sentence_index"] == b["sentence_index"]
        if a["token_id"] != b["token_id"] or a["char_start"] != b["char_start"]:
            # Pieces of characters that were decoded alone share the place of their neighbours.
            assert b["char_start"] <= a["char_start"] and a["char_end"] <= b["char_end"] or not has_ids


def test_what_does_not_align_says_where_and_stays_unscored(triple: Path, tmp_path: Path) -> None:
    tokens = [("The", -0.1), (" sum", -0.2), (" is", -0.3), (" 5", None), (".", -0.5)]

    def completion(texts: list[tuple[str, float | None]], **more: Any) -> dict[str, Any]:
        lists = {"tokens": [text for text, _ in texts], "token_logprobs": [value for _, value in texts]}
        return {"choices": [{"logprobs": lists}], **more}

    responses = {
        "whole": "The sum is 5.",
        "other": "The sum is 6.",
        "longer": "The sum is 5. And more.",
        "cut": "The sum is",
        "absent": "Nothing of this was recorded.",
        "inside": "The sum i",
        "twice": "Same.",
    }
    records = [completion(tokens, trace_id=name) for name in ("whole", "other", "longer", "cut", "inside")]
    records += [completion([("Same", -0.1), (".", value)], trace_id="twice") for value in (-0.2, -0.3)]
    lines: list[dict[str, object]] = [
        {"trace_id": name, "question": "Q?", "response": text} for name, text in responses.items()
    ]
    traces = write_lines(tmp_path / "t.jsonl", lines)
    write_lines(tmp_path / "r.jsonl", [*records, {"unrelated": 1}])
    pair = ["--student", str(triple / "student"), "--roles", "teacher,student"]
    database = tmp_path / "run.duckdb"
    assert score(traces, ["--teacher", f"recorded:{tmp_path / 'r.jsonl'}", *pair], database) == 3
    rows = export(database, "sentences", tmp_path / "s.jsonl")
    reasons = {str(row["trace_id"]): row["unscored_reason"] for row in rows}
    assert reasons == {
        "whole": "not_recorded",  # one of its logprobs is null
        "other": "not_aligned",
        "longer": "not_recorded",  # the same one, and the end has none
        "cut": None,
        "absent": "not_recorded",
        "inside": "not_aligned",
        "twice": "not_aligned",
    }
    (path,) = tmp_path.glob("run.duckdb.*.unscored.jsonl")
    log = path.read_text(encoding="utf-8")
    details = {line["trace_id"]: line["detail"] for line in map(json.loads, log.splitlines())}
    assert "r.jsonl:2: token 3 is ' 5', where the response has ' 6.' (character 10)" in details["other"]
    assert "ends after 5 tokens" in details["longer"]
    assert "several recordings" in details["twice"]
    assert set(details) == {"other", "longer", "absent", "inside", "twice"}
    # The same call again scores nothing, and what is known of these traces stays.
    assert score(traces, ["--teacher", f"recorded:{tmp_path / 'r.jsonl'}", *pair], database) == 3
    assert path.read_text(encoding="utf-8") == log


def test_files_that_hold_no_logprobs(triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(2))
    pair = ["--student", str(triple / "student"), "--roles", "teacher,student"]
    for reference, said in (
        (f"recorded:{traces}", "no recorded logprobs"),
        (f"recorded:{tmp_path / 'absent.jsonl'}", "no such file"),
    ):
        assert score(traces, ["--teacher", reference, *pair], tmp_path / "x.duckdb") == 2
        assert said in capsys.readouterr().err


@pytest.mark.skipif(not (SHARED / "tgi-logprobs").is_dir(), reason="the folder of real recordings is not here")
@pytest.mark.parametrize("path", sorted((SHARED / "tgi-logprobs").glob("*.json")), ids=lambda path: path.stem)
def test_real_tgi_recordings_align(triple: Path, tmp_path: Path, path: Path) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    record = value[0] if isinstance(value, list) else value
    expected = record["details"]["tokens"]
    # Responses lose the seam space of a sentence piece; what was generated is the response.
    assert_aligns(path, record["generated_text"], [one["logprob"] for one in expected], triple, tmp_path)
    # With the prompt recorded too, a response that is the prompt's end aligns as well, without its first token.
    prefill = record["details"]["prefill"]
    tail = [one for one in prefill[1:]]
    text = "".join(one["text"] for one in tail)
    if len(text) == len("".join(text.split())) + text.count(" ") and not any("<" in one["text"] for one in prefill):
        assert_aligns(path, text, [one["logprob"] for one in tail], triple, tmp_path)


@pytest.mark.skipif(not (SHARED / "openai-logprobs").is_dir(), reason="the folder of real recordings is not here")
def test_a_real_chat_completion_aligns(triple: Path, tmp_path: Path) -> None:
    path = SHARED / "openai-logprobs" / "simple_parsed_completion.json"
    choice = json.loads(path.read_text(encoding="utf-8"))["choices"][0]
    values = [one["logprob"] for one in choice["logprobs"]["content"]]
    assert_aligns(path, choice["message"]["content"], values, triple, tmp_path)
    other = choice["message"]["content"].replace("Fair", "Fare")
    reasons = teacher_rows(path, other, triple, tmp_path)[1]
    assert reasons == {"not_aligned"}


def assert_aligns(path: Path, response: str, logprobs: list[float], triple: Path, tmp_path: Path) -> None:
    rows, reasons = teacher_rows(path, response, triple, tmp_path)
    assert reasons == {None}
    assert [row["logprob"] for row in rows] == pytest.approx(logprobs, abs=1e-6)
    assert rows[0]["char_start"] == 0
    assert rows[-1]["char_end"] == len(response)
    assert all(a["char_end"] == b["char_start"] for a, b in zip(rows, rows[1:], strict=False))


def teacher_rows(path: Path, response: str, triple: Path, tmp_path: Path) -> tuple[list[dict[str, Any]], set[object]]:
    traces = write_lines(tmp_path / "t.jsonl", [{"question": "Q?", "response": response}])
    pair = ["--student", str(triple / "student"), "--roles", "teacher,student"]
    database = tmp_path / f"{len(list(tmp_path.iterdir()))}.duckdb"
    assert score(traces, ["--teacher", f"recorded:{path}", *pair], database) in (0, 3)
    rows = [row for row in export(database, "tokens", tmp_path / "o.jsonl") if row["role"] == "teacher"]
    return rows, {row["unscored_reason"] for row in export(database, "sentences", tmp_path / "s.jsonl")}
