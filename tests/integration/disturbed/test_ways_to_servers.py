"""Ways to a served model: TLS with certificates of one's own, a socket file, a gateway that says no to some."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.cli import main
from rdpt_core.store.reader import open_reader
from tests.integration.conftest import export, make_lines, write_lines
from tests.support.servers.certificates import make_certificate
from tests.support.servers.reference_server import ReferenceServer


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdpt_core.scoring.backends.served.client.FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr("rdpt_core.scoring.backends.served.client.LONGEST_PAUSE_S", 0.1)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def score(traces: Path, teacher: str, triple: Path, database: Path) -> int:
    pair = ["--student", str(triple / "student"), "--roles", "teacher,student"]
    return main(["score", "--traces", str(traces), "--teacher", teacher, *pair, "--db", str(database), "--quiet"])


def test_a_run_goes_on_over_tls_and_behind_a_socket_file(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(3)), tmp_path / "run.duckdb"
    models = {"teacher": triple / "teacher"}
    own = make_certificate(tmp_path, "own")
    with ReferenceServer(models, socket_file=tmp_path / "s.sock") as server:
        reference = f"openai:{server.base_url},tokenizer={triple / 'teacher'}"
        assert score(traces, reference, triple, database) == 0
        with open_reader(database) as reader:
            assert reader.runs()[0].environment[-1]["served"]["teacher"]["address"] == f"unix://{tmp_path}/s.sock"
    with ReferenceServer(models, certificate=own) as server:
        reference = f"openai:{server.base_url},tokenizer={triple / 'teacher'}"
        capsys.readouterr()
        assert score(traces, reference, triple, database) == 2
        assert "certificate is not trusted" in capsys.readouterr().err
        assert score(traces, f"{reference},ca_file={own.file}", triple, database) == 0
        assert f"answers at {server.base_url.removesuffix('/v1')}" in capsys.readouterr().err
    # Where it stands changes no run.
    with open_reader(database) as reader:
        assert len(reader.runs()) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_a_gateway_that_says_no_to_one_trace_leaves_the_others(
    triple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    from starlette.responses import HTMLResponse

    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(6)), tmp_path / "run.duckdb"
    with ReferenceServer({"teacher": triple / "teacher"}) as server:
        answer = server._answer
        sizes: set[int] = set()

        async def gateway(request: Any, name: str, ids: list[int], *rest: Any) -> Any:
            sizes.add(len(ids))
            # The longest trace so far, once the first few are through.
            if len(ids) == max(sizes) and len(sizes) > 3:
                return HTMLResponse("<title>Blocked</title>", status_code=status)
            return await answer(request, name, ids, *rest)

        monkeypatch.setattr(server, "_answer", gateway)
        reference = f"openai:{server.base_url},tokenizer={triple / 'teacher'},concurrency=1"
        assert score(traces, reference, triple, database) == 3
        (log,) = tmp_path.glob("run.duckdb.*.unscored.jsonl")
        found = [json.loads(line) for line in log.read_text().splitlines()]
        assert 0 < len(found) < 6
        assert {(line["reason"], line["detail"]) for line in found} == {("server_refused", f"HTTP {status}: Blocked")}
        monkeypatch.undo()
        assert score(traces, reference, triple, database) == 0
    rows = export(database, "tokens", tmp_path / "o.jsonl")
    assert len({row["trace_id"] for row in rows if row["role"] == "teacher" and row["logprob"] is not None}) == 6
