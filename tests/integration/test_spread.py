"""`--engine ray`: the bytes of the plain engine, also when a worker is killed, a server fails, or a run resumes."""

from __future__ import annotations

import ipaddress
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rdpt_core.cli import main
from tests.support.servers.reference_server import ReferenceServer
from tests.support.tiny_models import save_model

from .conftest import export, make_lines, write_lines
from .test_served import flags, score, table, write_triple

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="ray is not installed: pip install 'ray[data]>=2.60,<3'"
)
ENGINE = ["--engine", "ray", "--workers", "2"]


def same_bytes(one: Path, other: Path, tmp_path: Path) -> None:
    for what in ("sentences", "tokens", "traces"):
        export(one, what, tmp_path / "one.jsonl")
        export(other, what, tmp_path / "other.jsonl")
        assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "other.jsonl").read_bytes()


def start(traces: Path, models: list[str], database: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rdpt_core", "score", "--traces", str(traces), *models, "--db", str(database)]
    return subprocess.Popen([*command, "--quiet", *options], cwd=PROJECT, stderr=subprocess.PIPE, text=True)


def descendants(pid: int) -> list[int]:
    """Processes that a process started, or that these started."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])

    def descends(one: int) -> bool:
        while one in parents:
            one = parents[one]
            if one == pid:
                return True
        return False

    return [one for one in parents if descends(one)]


def workers_of(pid: int) -> list[int]:
    """Processes of Ray's actors that descend from a process."""
    found = []
    for one in descendants(pid):
        try:
            name = Path(f"/proc/{one}/cmdline").read_bytes()
        except OSError:
            continue
        if b"ScoringWorker" in name:
            found.append(one)
    return found


@needs_ray
@pytest.mark.ray
def test_two_workers_give_the_bytes_of_the_plain_engine_and_a_killed_one_changes_nothing(tmp_path: Path) -> None:
    plain, spread = tmp_path / "plain.duckdb", tmp_path / "spread.duckdb"
    traces = DATA / "traces.jsonl"
    some = ["--limit", "400"]
    assert start(traces, flags(DATA), plain, *some).wait() == 0
    process = start(traces, flags(DATA), spread, *ENGINE, *some)
    killed: list[int] = []
    deadline_s = time.monotonic() + 500
    while process.poll() is None and time.monotonic() < deadline_s:
        # Once something was stored, a worker is in the middle of its work.
        if not killed and list(tmp_path.glob("spread.duckdb.shards/*/teacher/shards/shard-*")):
            killed = workers_of(process.pid)[:1]
            for one in killed:
                os.kill(one, signal.SIGKILL)
        time.sleep(0.02)
    assert process.wait(timeout=60) == 0, process.stderr and process.stderr.read()
    assert killed
    same_bytes(plain, spread, tmp_path)
    # Nothing is left on the way.
    assert not list(tmp_path.glob("spread.duckdb.shards/*/*"))


@needs_ray
@pytest.mark.ray
def test_a_killed_driver_is_followed_by_one_that_goes_on_with_either_engine(triple: Path, tmp_path: Path) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(400))
    plain, broken = tmp_path / "plain.duckdb", tmp_path / "broken.duckdb"
    assert score(traces, flags(triple), plain) == 0
    process = start(traces, flags(triple), broken, *ENGINE)
    while process.poll() is None and not list(tmp_path.glob("broken.duckdb.shards/*/teacher/shards/shard-*")):
        time.sleep(0.01)
    assert process.poll() is None
    process.kill()
    process.wait()
    # A shard that was finished and not stored waits; the plain engine scores what is missing.
    assert score(traces, flags(triple), broken) == 0
    same_bytes(plain, broken, tmp_path)


@needs_ray
@pytest.mark.ray
def test_companions_of_a_spread_run_have_the_bytes_of_the_plain_engine(triple: Path, tmp_path: Path) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(150))
    plain, spread = tmp_path / "plain.duckdb", tmp_path / "spread.duckdb"
    companions = ["--teacher", f"code={triple / 'student'}", "--checkpoint", f"400={triple / 'teacher'}"]
    assert score(traces, [*flags(triple), *companions], plain) == 0
    assert score(traces, [*flags(triple), *companions[:2]], spread, *ENGINE) == 0
    assert main(["score", "--add", "--db", str(spread), *companions, *ENGINE, "--quiet"]) == 0
    same_bytes(plain, spread, tmp_path)
    assert not list(tmp_path.glob("spread.duckdb.shards/*/*"))


@needs_ray
@pytest.mark.ray
def test_a_served_teacher_and_errors_of_workers(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(150))
    plain, spread = tmp_path / "plain.duckdb", tmp_path / "spread.duckdb"
    with ReferenceServer({"teacher": triple / "teacher"}) as server:
        toml = write_triple(tmp_path / "t.toml", triple, {"teacher": table(server, triple, patience_s=1)})
        models = ["--triple", str(toml), "--roles", "teacher,student"]
        assert score(traces, models, plain) == 0
        server.down_after = server.n_answered + 100
        assert score(traces, models, spread, *ENGINE) == 3
        said = capsys.readouterr().err
        assert "gave no good answer" in said and "student: 150 of 150 traces" in said
        kept = {row["trace_id"] for row in export(spread, "tokens", tmp_path / "kept.jsonl")}
        assert 80 <= len(kept) < 150
        server.down_after = None
        assert score(traces, models, spread, *ENGINE) == 0
    same_bytes(plain, spread, tmp_path)


@needs_ray
@pytest.mark.ray
def test_ray_listens_on_loopback_only(tmp_path: Path) -> None:
    from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions, cluster

    with cluster(DistributedOptions(1, 0.5, 0.0, None, tmp_path)):
        opened = listening([os.getpid(), *descendants(os.getpid())])
    assert len(opened) >= 3
    assert {address for address in opened if not address.is_loopback} == set()


def listening(pids: list[int]) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Addresses on which these processes wait for connections."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                inodes.add(os.readlink(link))
            except OSError:
                continue
    found = []
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                host = fields[1].split(":")[0]
                # Words of four bytes in the machine's order.
                words = [bytes.fromhex(host[at : at + 8])[::-1] for at in range(0, len(host), 8)]
                address = ipaddress.ip_address(b"".join(words))
                found.append(getattr(address, "ipv4_mapped", None) or address)
    return found


def test_without_ray_the_message_says_what_to_install(
    triple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rdpt_core.scoring.jobs.distributed.cluster.find_spec", lambda name: None)
    traces = write_lines(tmp_path / "t.jsonl", make_lines(2))
    assert score(traces, flags(triple), tmp_path / "x.duckdb", *ENGINE) == 2
    assert 'pip install "ray[data]>=2.60,<3"' in capsys.readouterr().err


class FakeRay:
    """What the engine asks of Ray, in this process: every worker gets what a pickle of it holds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.roles: list[str] = []
        names = ("ray", "ray.data", "ray.exceptions", "ray._private", "ray._private.services")
        ray, data, exceptions, private, services = (ModuleType(name) for name in names)
        for name, module in zip(names, (ray, data, exceptions, private, services), strict=True):
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr("rdpt_core.scoring.jobs.distributed.cluster.find_spec", lambda name: True)
        context = SimpleNamespace(enable_progress_bars=True)
        ray.__dict__.update(data=data, init=lambda **options: None, shutdown=lambda: None)
        private.__dict__.update(services=services)
        services.__dict__.update(resolve_ip_for_localhost=None)
        exceptions.__dict__.update(RayError=RuntimeError)
        data.__dict__.update(
            ActorPoolStrategy=lambda size: size,
            DataContext=SimpleNamespace(get_current=lambda: context),
            from_items=lambda items, override_num_blocks: SimpleNamespace(map_batches=partial(self._map, items)),
        )

    def _map(self, items: list[dict[str, str]], worker: Any, fn_constructor_args: Any, **options: Any) -> Any:
        made = worker(*pickle.loads(pickle.dumps(fn_constructor_args)))
        self.roles.append(fn_constructor_args[1].role)
        scored = [made({"traces": [item["traces"]]}) for item in items]
        return SimpleNamespace(iter_rows=lambda: [{"shard": row["shard"][0], "gone": row["gone"][0]} for row in scored])


def test_further_models_are_scored_by_workers_too(
    triple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeRay(monkeypatch)
    traces = write_lines(tmp_path / "t.jsonl", make_lines(4))
    code = save_model(tmp_path / "code", seed=11, context_length=512)
    plain, spread = tmp_path / "plain.duckdb", tmp_path / "spread.duckdb"
    assert score(traces, flags(triple), plain) == 0
    shutil.copy(plain, spread)
    monkeypatch.chdir(tmp_path)
    add = ["score", "--add", "--quiet", "--teacher", "code=code", "--db"]
    assert main([*add, str(plain)]) == 0
    assert main([*add, str(spread), *ENGINE]) == 0
    assert fake.roles == ["teacher:code"] and code.is_dir()
    same_bytes(plain, spread, tmp_path)
    assert not list((tmp_path / "spread.duckdb.shards").glob("*/*"))
    capsys.readouterr()
    assert main([*add, str(spread), *ENGINE, "--ranks"]) == 2
    assert "workers of Ray store no ranks" in capsys.readouterr().err
    assert main([*add, str(spread), *ENGINE, "--controls", "all"]) == 2
    assert "workers of Ray score no variants of the models" in capsys.readouterr().err


def test_shards_hold_what_was_put_in(tmp_path: Path) -> None:
    import numpy as np

    from rdpt_core.records import RoleResult, TokenLogprobs, UnscoredReason
    from rdpt_core.scoring.jobs.distributed.shards import read_shard, write_shard

    def tokens(*logprobs: float) -> TokenLogprobs:
        n = len(logprobs)
        numbers = np.arange(n, dtype=np.int32)
        return TokenLogprobs(numbers, numbers, numbers + 1, np.array(logprobs, dtype=np.float32))

    results = [
        RoleResult(7, tokens(-0.1, np.nan, -3.25), 1),
        RoleResult(9, tokens(), 0, UnscoredReason.SERVER_REFUSED, "too long"),
    ]
    found = read_shard(write_shard(tmp_path, results))
    for a, b in zip(results, found, strict=True):
        assert (a.trace_no, a.n_straddling, a.unscored_reason, a.detail) == (
            b.trace_no,
            b.n_straddling,
            b.unscored_reason,
            b.detail,
        )
        for name in ("token_id", "char_start", "char_end", "logprob"):
            mine, theirs = getattr(a.tokens, name), getattr(b.tokens, name)
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs, equal_nan=True)
