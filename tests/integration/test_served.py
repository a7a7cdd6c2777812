"""Served models against the same models on this machine: agreement, faults on demand, a server that is gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdpt_core.cli import main
from rdpt_core.config import read_triple
from rdpt_core.errors import ModelError
from rdpt_core.records import ROLES, Role, RunKey, TemplatePolicy
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.jobs.distributed.worker import ScoringWorker, portable
from rdpt_core.scoring.jobs.identity import make_claim, survey_traces
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import open_reader
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.traces import RejectLog, get_splitter, iter_traces
from tests.support.servers.reference_server import FAULTS, ReferenceServer
from tests.support.starter import Starter
from tests.support.tiny_models import byte_level_tokenizer, metaspace_tokenizer, save_model

from .conftest import export, make_lines, write_lines

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
CANARY = "canary-7f3a9c51d2e84b60"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdpt_core.scoring.backends.served.client.FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr("rdpt_core.scoring.backends.served.client.LONGEST_PAUSE_S", 0.1)


@pytest.fixture(scope="module")
def served(triple: Path) -> Iterator[ReferenceServer]:
    with ReferenceServer({role: triple / role for role in ROLES}) as server:
        yield server


def write_triple(path: Path, folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> Path:
    """Roles in `tables` are served or recorded; the others are folders of this machine."""
    text = ""
    for role in ROLES:
        own = tables.get(role, {"model": str(folder / role)})
        text += f"[{role}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in own.items())
    path.write_text(text, encoding="utf-8")
    return path


def table(server: ReferenceServer, folder: Path, role: str = "teacher", **more: Any) -> dict[str, Any]:
    own = {"backend": "openai", "base_url": server.base_url, "model": role, "tokenizer": str(folder / role)}
    return {**own, **more}


def score(traces: Path, models: list[str], database: Path, *options: str) -> int:
    return main(["score", "--traces", str(traces), *models, "--db", str(database), "--quiet", *options])


def flags(folder: Path) -> list[str]:
    return [part for role in ROLES for part in (f"--{role}", str(folder / role))]


def without_run(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if name != "run_id"} for row in rows]


def assert_agree(local: Path, other: Path, tmp_path: Path) -> None:
    """|Δ logprob| ≤ 1e-4 for every token; labels the same but for margins below 1e-3."""
    mine, theirs = (export(one, "tokens", tmp_path / "tokens.jsonl") for one in (local, other))
    assert [(row["trace_id"], row["role"], row["token_id"], row["char_start"]) for row in mine] == [
        (row["trace_id"], row["role"], row["token_id"], row["char_start"]) for row in theirs
    ]
    gaps = [abs(float(str(a["logprob"])) - float(str(b["logprob"]))) for a, b in zip(mine, theirs, strict=True)]
    assert len(gaps) > 0
    assert max(gaps) <= 1e-4
    mine, theirs = (export(one, "sentences", tmp_path / "sentences.jsonl") for one in (local, other))
    for a, b in zip(mine, theirs, strict=True):
        assert a["label"] == b["label"] or float(str(a["margin"])) < 1e-3


@pytest.mark.parametrize("dialects", [("scoring", "vllm"), ("scoring",), ("vllm", "echo"), ("echo",), ("sglang",)])
def test_every_dialect_agrees_with_transformers_on_the_bundled_triple(
    tmp_path: Path, dialects: tuple[str, ...]
) -> None:
    local, other = tmp_path / "local.duckdb", tmp_path / "other.duckdb"
    traces = DATA / "traces.jsonl"
    assert score(traces, flags(DATA), local, "--limit", "30") == 0
    # SGLang serves one model a server.
    served = ROLES if dialects != ("sglang",) else ROLES[:1]
    with ReferenceServer({role: DATA / role for role in served}, dialects=dialects) as server:
        toml = write_triple(tmp_path / "t.toml", DATA, {role: table(server, DATA, role) for role in served})
        assert score(traces, ["--triple", str(toml)], other, "--limit", "30") == 0
    with open_reader(other) as reader:
        assert reader.runs()[0].environment[-1]["served"]["teacher"]["dialect"] == dialects[0]
    assert_agree(local, other, tmp_path)


def test_a_role_on_the_command_line_and_a_sentencepiece_tokenizer(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "teacher", tokenizer=metaspace_tokenizer(), seed=7)
    student = save_model(tmp_path / "student", seed=8)
    traces = write_lines(tmp_path / "t.jsonl", make_lines(12))
    local, other = tmp_path / "local.duckdb", tmp_path / "other.duckdb"
    pair = ["--student", str(student), "--roles", "teacher,student"]
    assert score(traces, ["--teacher", str(folder), *pair], local) == 0
    with ReferenceServer({"big": folder}) as server:
        # The server has one model, so none needs to be named.
        reference = f"openai:{server.base_url},tokenizer={folder},concurrency=3"
        assert score(traces, ["--teacher", reference, *pair], other) == 0
    assert_agree(local, other, tmp_path)


def test_a_served_role_sees_its_own_marks_too(triple: Path, tmp_path: Path) -> None:
    """The name tells the family: that under which it is served, or that of the folder."""
    folder = shutil.copytree(triple / "teacher", tmp_path / "magistral")
    lines = [{**line, "response": f"<think>\n{line['response']}\n</think>\n\nSo it is."} for line in make_lines(4)]
    traces = write_lines(tmp_path / "t.jsonl", lines)
    pair = ["--student", str(triple / "student"), "--roles", "teacher,student", "--marks", "own"]
    local, other = tmp_path / "local.duckdb", tmp_path / "other.duckdb"
    assert score(traces, ["--teacher", str(folder), *pair], local) == 0
    with ReferenceServer({"magistral": folder}) as server:
        reference = f"openai:{server.base_url},model=magistral,tokenizer={triple / 'teacher'}"
        assert score(traces, ["--teacher", reference, *pair], other) == 0
    assert_agree(local, other, tmp_path)
    with open_reader(other) as reader:
        marks = seen_marks(reader.run(None).identity)
    assert (marks.family("teacher"), marks.family("student")) == ("mistral", None)


def run_with_faults(
    triple: Path, tmp_path: Path, n: int, faults: tuple[str, ...], *, slow_s: float = 0.6
) -> ReferenceServer:
    """A run through a server of which 20% of the requests fail equals an undisturbed one, byte for byte."""
    traces = write_lines(tmp_path / "t.jsonl", make_lines(n))
    whole, disturbed = tmp_path / "whole.duckdb", tmp_path / "disturbed.duckdb"
    with ReferenceServer({"teacher": triple / "teacher"}, faults=faults, slow_s=slow_s) as server:
        toml = write_triple(
            tmp_path / "t.toml", triple, {"teacher": table(server, triple, timeout_s=0.4, patience_s=60)}
        )
        assert score(traces, ["--triple", str(toml)], whole) == 0
        server.fault_rate = 0.2
        assert score(traces, ["--triple", str(toml)], disturbed) == 0
    for what in ("sentences", "tokens", "traces"):
        export(whole, what, tmp_path / "whole.jsonl")
        export(disturbed, what, tmp_path / "disturbed.jsonl")
        assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "disturbed.jsonl").read_bytes()
    assert not list(tmp_path.glob("*.unscored.jsonl"))
    return server


def test_500_traces_end_complete_and_equal_through_every_fault(triple: Path, tmp_path: Path) -> None:
    server = run_with_faults(triple, tmp_path, 500, FAULTS)
    assert set(server.n_faults) == set(FAULTS)
    assert server.n_faults.total() >= 80
    # Two runs of a start and a score each, and the connections that a fault broke; far from one a request.
    n_broken = server.n_faults["dropped"] + server.n_faults["slow"]
    assert len(server.connections) <= 40 + 2 * n_broken, server.n_faults


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_changes_nothing(triple: Path, tmp_path: Path, fault: str) -> None:
    server = run_with_faults(triple, tmp_path, 40, (fault,))
    assert server.n_faults[fault] > 0


def test_a_server_that_is_gone_stops_the_run_within_its_budget_and_resuming_completes_it(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(60))
    whole, broken = tmp_path / "whole.duckdb", tmp_path / "broken.duckdb"
    with ReferenceServer({"teacher": triple / "teacher"}) as server:
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple, patience_s=1.0)})
        assert score(traces, ["--triple", str(toml)], whole) == 0
        server.down_after = server.n_answered + 26
        assert score(traces, ["--triple", str(toml)], broken) == 3
        said = capsys.readouterr().err
        assert "gave no good answer" in said and "1 s (patience_s)" in said
        assert "student: 60 of 60 traces" in said and "distilled: 60 of 60 traces" in said
        kept = {row["trace_id"] for row in export(broken, "tokens", tmp_path / "kept.jsonl", status=3)}
        # Two of the answers are to greetings: before the run is claimed, and when the role's turn comes.
        assert len(kept) == 24
        assert f"teacher: {60 - len(kept)} of 60 traces" in said
        n_before = server.n_answered
        server.down_after = None
        assert score(traces, ["--triple", str(toml)], broken) == 0
        assert server.n_answered - n_before == 60 - len(kept) + 2
    for what in ("sentences", "tokens", "traces"):
        assert export(broken, what, tmp_path / "b.jsonl") == export(whole, what, tmp_path / "w.jsonl")


def test_a_server_that_was_never_there(triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(2))
    nowhere = {"backend": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "x", "patience_s": 0.3}
    own = {**nowhere, "tokenizer": str(triple / "teacher")}
    toml = write_triple(tmp_path / "t.toml", triple, {"teacher": own})
    assert score(traces, ["--triple", str(toml)], tmp_path / "x.duckdb") == 2
    said = capsys.readouterr().err
    assert "no connection" in said and "127.0.0.1:9" in said
    assert not (tmp_path / "x.duckdb").exists()


def test_what_a_server_refuses_is_unscored_with_its_words_and_asked_again_on_resuming(
    triple: Path, tmp_path: Path
) -> None:
    lines = make_lines(30)
    traces, database, whole = (tmp_path / name for name in ("t.jsonl", "run.duckdb", "whole.duckdb"))
    write_lines(traces, lines)
    with ReferenceServer({"teacher": triple / "teacher"}) as server:
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple)})
        assert score(traces, ["--triple", str(toml)], whole) == 0
        prompts = {len(body["prompt"]): tuple(body["prompt"]) for body in server.bodies[2:]}
        refused, failed = sorted(prompts.values(), key=len)[-2:]
        server.refused_ids, server.failed_ids = {refused}, {failed}
        assert score(traces, ["--triple", str(toml)], database) == 3
        (log,) = tmp_path.glob("run.duckdb.*.unscored.jsonl")
        found = {line["reason"]: line for line in map(json.loads, log.read_text().splitlines())}
        assert set(found) == {"server_refused", "server_failed"}
        assert "refused by policy" in found["server_refused"]["detail"]
        assert "out of memory" in found["server_failed"]["detail"]
        rows = export(database, "sentences", tmp_path / "s.jsonl")
        for reason, line in found.items():
            own = [row for row in rows if row["trace_id"] == line["trace_id"]]
            assert {row["unscored_reason"] for row in own} == {reason}
            assert all(row["p_teacher"] is None and row["p_student"] is not None for row in own)
        n_unscored = len({row["trace_id"] for row in rows if row["unscored_reason"] is not None})
        server.refused_ids, server.failed_ids = set(), set()
        n_before = server.n_answered
        assert score(traces, ["--triple", str(toml)], database) == 0
        # Only what was missing is asked for, and the greetings.
        assert server.n_answered - n_before == n_unscored + 2
        assert not log.exists()
    for what in ("sentences", "tokens"):
        assert export(database, what, tmp_path / "b.jsonl") == export(whole, what, tmp_path / "w.jsonl")


def test_tokens_in_flight_are_bounded(triple: Path, tmp_path: Path) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(40))
    with ReferenceServer({"teacher": triple / "teacher"}) as server:
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple, tokens_in_flight=500)})
        assert score(traces, ["--triple", str(toml)], tmp_path / "run.duckdb") == 0
        assert 1 < server.most_under_way <= 8
        assert server.most_tokens_under_way <= 500


def test_beyond_the_servers_context_the_sentences_that_fit_are_scored(triple: Path, tmp_path: Path) -> None:
    lines = make_lines(2)
    lines[1]["response"] = "This sentence goes on for a while, with some words. " * 60
    traces = write_lines(tmp_path / "t.jsonl", lines)
    with ReferenceServer({"teacher": triple / "teacher"}) as server:
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple)})
        assert score(traces, ["--triple", str(toml)], tmp_path / "run.duckdb") == 3
        assert max(len(body["prompt"]) for body in server.bodies) == 511
    rows = [row for row in export(tmp_path / "run.duckdb", "tokens", tmp_path / "t.jsonl") if row["trace_id"] == "t1"]
    own = [row["logprob"] is not None for row in rows if row["role"] == "teacher"]
    # One token of the context is for the one that the server generates.
    assert sum(own) == sum(row["logprob"] is not None for row in rows if row["role"] == "student") - 1


@pytest.mark.parametrize("dialect", ["scoring", "sglang", "echo"])
def test_a_limit_that_only_refusals_tell_gives_what_the_stated_one_gives(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], dialect: str
) -> None:
    lines = make_lines(4)
    lines[1]["response"] = lines[3]["response"] = "This sentence goes on for a while, with some words. " * 60
    traces = write_lines(tmp_path / "t.jsonl", lines)
    stated, told, refused = (tmp_path / f"{name}.duckdb" for name in ("stated", "told", "refused"))
    for tells in (True, False):
        with ReferenceServer({"teacher": triple / "teacher"}, dialects=(dialect,), tells_context=tells) as server:
            toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple)})
            assert score(traces, ["--triple", str(toml)], stated if tells else told) == 3
            said = capsys.readouterr().err
            assert said.count("takes up to 512 tokens") == (0 if tells else 1)
            # Nothing is left to be asked for again but the greeting.
            n_before = len(server.bodies)
            assert score(traces, ["--triple", str(toml)], stated if tells else told) == 3
            bodies = server.bodies[n_before:]
            asked = [body.get("prompt") or body.get("input_ids") or body["token_ids"] for body in bodies]
            assert len({tuple(ids) for ids in asked}) == 1
            if not tells:
                assert score(traces, ["--triple", str(toml)], refused, "--too-long", "refuse") == 3
    for what in ("sentences", "tokens"):
        mine, theirs = (export(one, what, tmp_path / "o.jsonl") for one in (stated, told))
        assert without_run(mine) == without_run(theirs)
    rows = [row for row in export(told, "sentences", tmp_path / "o.jsonl") if row["trace_id"] == "t1"]
    assert {row["unscored_reason"] for row in rows} == {None, "context_length"}
    rows = [row for row in export(refused, "sentences", tmp_path / "o.jsonl") if row["trace_id"] == "t1"]
    assert {row["unscored_reason"] for row in rows} == {"context_length"}


@pytest.mark.parametrize("dialect", ["vllm", "echo"])
def test_strict_servers_are_asked_without_the_fields_that_they_refuse(
    triple: Path, tmp_path: Path, dialect: str
) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(6))
    local, other = tmp_path / "local.duckdb", tmp_path / "other.duckdb"
    pair = ["--student", str(triple / "student"), "--roles", "teacher,student"]
    assert score(traces, ["--teacher", str(triple / "teacher"), *pair], local) == 0
    with ReferenceServer(
        {"teacher": triple / "teacher"}, dialects=(dialect,), is_strict=True, spells_ids=True
    ) as server:
        reference = f"openai:{server.base_url},tokenizer={triple / 'teacher'}"
        assert score(traces, ["--teacher", reference, *pair], other) == 0
        assert all("return_token_ids" not in body and body["temperature"] == 1.0 for body in server.bodies)
    assert_agree(local, other, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "other"}, "does not serve this model"),
        ({"tokenizer": "shifted"}, "another tokenizer"),
        ({"tokenizer": "larger"}, "out of vocabulary"),
        ({"api_key_env": "RDPT_NO_SUCH_KEY"}, "not in the environment"),
        ({"dialect": "sglang"}, "gives no logprobs"),
        ({"dialect": "echo"}, "gives no logprobs"),
    ],
)
def test_a_wrong_server_is_told_before_anything_is_scored(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, str], said: str
) -> None:
    tokenizers = {"shifted": byte_level_tokenizer(special=["<s>", "</s>"]), "larger": metaspace_tokenizer()}
    if change.get("tokenizer") in tokenizers:
        other = save_model(tmp_path / "other", tokenizer=tokenizers[change["tokenizer"]])
        change = {"tokenizer": str(other)}
    traces = write_lines(tmp_path / "t.jsonl", make_lines(2))
    with ReferenceServer({"teacher": triple / "teacher"}, dialects=("scoring", "vllm")) as server:
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": {**table(server, triple), **change}})
        assert score(traces, ["--triple", str(toml)], tmp_path / "x.duckdb") == 2
    assert said in capsys.readouterr().err


def test_other_tokens_again_and_again_end_the_run_and_say_where(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(3))
    with ReferenceServer({"teacher": triple / "teacher"}, dialects=("vllm",)) as server:
        answer = server._faulty

        async def wrong_for_traces(fault: Any, model: Any, ids: list[int], *rest: Any) -> Any:
            return await answer("wrong_ids" if ids != server.bodies[0]["prompt"] else None, model, ids, *rest)

        monkeypatch.setattr(server, "_faulty", wrong_for_traces)
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple, patience_s=20)})
        assert score(traces, ["--triple", str(toml)], tmp_path / "x.duckdb") == 2
    said = capsys.readouterr().err
    assert "scored other tokens than it was sent" in said
    assert "trace t" in said and "sent id" in said


def test_no_secret_is_shown_or_stored(triple: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The key is searched in every file and every output of runs that go well, are refused, fail and break off."""
    traces = write_lines(tmp_path / "t.jsonl", make_lines(6))
    outputs: list[str] = []
    # Every logger at its most talkative.
    loud = "import logging; logging.basicConfig(level=0)"
    starter = Starter(tmp_path_factory.mktemp("outputs"), {"HTTPX_LOG_LEVEL": "trace"}, loud)

    def run(models: list[str], database: str, key: str = CANARY, command: str = "score") -> int:
        at = ["--db", str(tmp_path / database)]
        arguments = {
            "score": ["score", "--traces", str(traces), *models, *at],
            "info": ["info", "--json", *at],
            "export": ["export", "--what", "tokens", *at, "--out", str(tmp_path / "o.csv")],
        }[command]
        status, output = starter.run(arguments, TEACHER_KEY=key)
        outputs.append(output)
        return status

    with starter, ReferenceServer({"teacher": triple / "teacher"}, api_key=CANARY) as server:
        own = table(server, triple, api_key_env="TEACHER_KEY", patience_s=1, timeout_s=5)
        models = ["--triple", str(write_triple(tmp_path / "t.toml", triple, {"teacher": own}))]
        server.refused_ids = set()
        assert run(models, "good.duckdb") == 0
        assert run(models, "good.duckdb", command="info") == 0
        assert run(models, "good.duckdb", command="export") == 0
        # The server repeats the wrong key that it was sent.
        assert run(models, "wrong.duckdb", key=f"{CANARY}-wrong") == 2
        assert "Incorrect API key" in outputs[-1] and "[key]" in outputs[-1]
        server.down_after = server.n_answered + 1
        assert run(models, "gone.duckdb") == 3
        for url in (f"http://user:{CANARY}@127.0.0.1:1/v1", f"http://127.0.0.1:1/v1?key={CANARY}"):
            bad = write_triple(tmp_path / "bad.toml", triple, {"teacher": {**own, "base_url": url}})
            assert run(["--triple", str(bad)], "never.duckdb") == 2
            bad.unlink()
        for key in ("api_key_env", "api_key"):
            bad = write_triple(tmp_path / "bad.toml", triple, {"teacher": {**own, key: CANARY}})
            assert run(["--triple", str(bad)], "never.duckdb") == 2
            bad.unlink()
    assert all(CANARY not in output for output in outputs)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []
    assert all(CANARY not in json.dumps(body) for body in server.bodies)


def test_the_address_changes_no_identity_and_the_served_model_does(triple: Path, tmp_path: Path) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(3))
    database = tmp_path / "run.duckdb"
    make: Callable[..., Path] = write_triple
    for dialects in (("vllm",), ("echo",)):
        with ReferenceServer({"teacher": triple / "teacher"}, dialects=dialects) as server:
            toml = make(tmp_path / "t.toml", triple, {"teacher": table(server, triple, concurrency=2)})
            assert score(traces, ["--triple", str(toml)], database) == 0
    assert len({row["run_id"] for row in export(database, "traces", tmp_path / "o.jsonl")}) == 1
    assert main(["info", "--db", str(database)]) == 0
    with ReferenceServer({"renamed": triple / "teacher"}) as server:
        toml = make(tmp_path / "t.toml", triple, {"teacher": table(server, triple, model="renamed")})
        assert score(traces, ["--triple", str(toml)], database) == 0
    with open_reader(database) as reader:
        runs = reader.runs()
    assert len(runs) == 2
    teacher = runs[0].models[0]
    assert (teacher.backend, teacher.dtype, teacher.n_parameters) == ("openai", "served", None)
    assert teacher.revision == "served as weights/teacher"
    assert np.isfinite(teacher.vocabulary_size or np.nan)


def run_id(models: Path, traces: Path, template: TemplatePolicy = TemplatePolicy.OWN) -> str:
    """Of the run that these models would make, without scoring anything."""
    request = ScoreRequest(models=read_triple(models), template_policy=template)
    survey = survey_traces(iter_traces([traces], rejects=RejectLog()), template)
    return make_claim(request, make_backends(request), survey, get_splitter()).run_id


def test_what_makes_the_prompts_belongs_to_the_run(triple: Path, tmp_path: Path, served: ReferenceServer) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(2))
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    for path in triple.glob("teacher/*token*"):
        shutil.copy(path, tokenizer)
    template = tokenizer / "chat_template.jinja"
    recorded = {"backend": "recorded", "files": [str(tmp_path / "r.jsonl")], "tokenizer": str(tokenizer)}
    write_lines(tmp_path / "r.jsonl", [{"trace_id": "t0", "logprob": -0.5, "token": "Okay", "token_index": 0}])
    own, of_distilled = TemplatePolicy.OWN, TemplatePolicy.DISTILLED
    for tables, policy, n_expected in (
        ({"teacher": table(served, triple, tokenizer=str(tokenizer))}, own, 3),
        ({"distilled": recorded}, of_distilled, 3),
        # Recordings have no prompt of their own.
        ({"distilled": recorded}, own, 1),
    ):
        found = set()
        for text in ("<|user|>{{ messages[0].content }}<|assistant|>", "{{ messages[0].content }}", ""):
            template.write_text(text)
            if not text:
                template.unlink()
            found.add(run_id(write_triple(tmp_path / "t.toml", triple, tables), traces, policy))
        assert len(found) == n_expected


def test_a_run_goes_on_only_with_the_served_model_that_began_it(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(20)), tmp_path / "run.duckdb"
    whole = tmp_path / "whole.duckdb"

    def score_with(server: ReferenceServer, into: Path = database, **more: Any) -> int:
        served = table(server, triple, patience_s=0.5, **more)
        capsys.readouterr()
        return score(traces, ["--triple", str(write_triple(tmp_path / "t.toml", triple, {"teacher": served}))], into)

    with (
        ReferenceServer({"teacher": triple / "teacher"}) as mine,
        ReferenceServer({"teacher": triple / "teacher"}) as moved,
        ReferenceServer({"teacher": triple / "student"}) as other,
    ):
        assert score_with(mine, whole) == 0
        # Before anything is scored, no number is known that could differ.
        other.down_after = other.n_answered + 2
        assert score_with(other) == 3
        mine.down_after = mine.n_answered + 10
        assert score_with(mine) == 3
        before = export(database, "tokens", tmp_path / "before.jsonl", status=3)
        assert 0 < len({row["trace_id"] for row in before}) < 20
        other.down_after = None
        assert score_with(other) == 2
        said = capsys.readouterr().err
        assert "answers otherwise" in said and "teacher at http://127.0.0.1" in said and "revision" in said
        assert export(database, "tokens", tmp_path / "after.jsonl", status=3) == before
        assert score_with(moved) == 0
        said = capsys.readouterr().err
        assert f"answers at {moved.base_url.removesuffix('/v1')}" in said
        assert export(database, "tokens", tmp_path / "after.jsonl") == export(whole, "tokens", tmp_path / "w.jsonl")
        # A complete run is not taken for that of another model either; named otherwise, it makes one of its own.
        assert score_with(other) == 2
        assert score_with(other, revision="another") == 0
    with open_reader(database) as reader:
        first, second = reader.runs()
    assert first.run_id != second.run_id
    stored = first.environment[-1]["served"]["teacher"]
    assert (stored["address"], stored["dialect"]) == (moved.base_url.removesuffix("/v1"), "vllm")
    assert len(stored["logprobs"]) > 5


def test_a_served_model_that_changes_before_its_turn_stops_the_run(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(4)), tmp_path / "run.duckdb"
    commit = DuckDBRunStore.commit
    with ReferenceServer({"student": triple / "student", "other": triple / "distilled"}) as server:

        def commit_and_change(self: DuckDBRunStore, run: RunKey, role: Role, *rest: Any) -> None:
            commit(self, run, role, *rest)
            server._models["student"] = server._models["other"]

        monkeypatch.setattr(DuckDBRunStore, "commit", commit_and_change)
        toml = write_triple(tmp_path / "t.toml", triple, {"student": table(server, triple, "student")})
        assert score(traces, ["--triple", str(toml)], database) == 2
    assert "the server answers otherwise" in capsys.readouterr().err
    assert {row["role"] for row in export(database, "tokens", tmp_path / "o.jsonl", status=3)} == {"teacher"}


@pytest.mark.parametrize("fault", ["dropped", "error", "gone"])
def test_another_model_that_comes_up_where_the_server_was_stops_the_run(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(20)), tmp_path / "run.duckdb"
    with ReferenceServer({"teacher": triple / "teacher", "other": triple / "student"}) as server:
        answer, n_asked = server._faulty, 0

        async def lost_once(drawn: Any, model: Any, *rest: Any) -> Any:
            nonlocal n_asked
            n_asked += 1
            if n_asked == 10:
                server._models["teacher"] = server._models["other"]
                return await answer(fault, model, *rest)
            return await answer(drawn, server._models["teacher"], *rest)

        server._faulty = lost_once  # type: ignore[method-assign]
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple, concurrency=1)})
        assert score(traces, ["--triple", str(toml)], database) == 2
        assert "the server answers otherwise" in capsys.readouterr().err
        stored = export(database, "tokens", tmp_path / "o.jsonl", status=3)
        assert len({row["trace_id"] for row in stored}) == 10 - 1 - 2
        del server._models["other"]
    with ReferenceServer({"teacher": triple / "teacher"}) as server:
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple)})
        assert score(traces, ["--triple", str(toml)], database) == 0
        assert score(traces, ["--triple", str(toml)], tmp_path / "whole.duckdb") == 0
    whole = export(tmp_path / "whole.duckdb", "tokens", tmp_path / "w.jsonl")
    assert export(database, "tokens", tmp_path / "o.jsonl") == whole


def test_a_worker_scores_with_what_the_run_was_claimed_with(
    triple: Path, tmp_path: Path, served: ReferenceServer
) -> None:
    toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(served, triple)})
    request = ScoreRequest(models=read_triple(toml))
    teacher = make_backends(request)[0]
    assert teacher.served is not None
    shifted = tuple(None if value is None else value - 1 for value in teacher.served.logprobs)
    request = portable(request, Role.TEACHER)
    for prompt_hash, met, said in (
        ("another", teacher.served, "another one than here"),
        (teacher.prompt_hash, replace(teacher.served, logprobs=shifted), "answers otherwise.*1.00 nats"),
    ):
        with pytest.raises(ModelError, match=said):
            ScoringWorker(request, teacher.model, prompt_hash, met, str(tmp_path))
