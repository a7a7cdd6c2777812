"""Logs that the real tools write: every trace there, verbatim, with its verdict, its gold answer and its end.

    python tests/acceptance/logs/check.py --env DIR              2.5 GB, about ten minutes the first time
    python tests/acceptance/logs/check.py --env DIR inspect tables

Each tool is installed in an environment of its own, writes logs with a mock or a bundled model, and says beside them
what it holds of each trace (`write_NAME.py`). The logs are imported with this program, and both are compared.
Printed: one line a log, and the differences. Exit status 1 if there are any.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
TOOLS = ("inspect", "tables", "clients", "trl", "lm_eval", "lighteval")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=f"which of {', '.join(TOOLS)}; all by default")
    parser.add_argument("--env", type=Path, help="folder of the tools' environments; made if not there")
    parser.add_argument("--logs", type=Path, help="keep the logs here, and use those that are there already")
    arguments = parser.parse_args()
    unknown = set(arguments.tools) - set(TOOLS)
    if unknown:
        parser.error(f"there is no tool {', '.join(sorted(unknown))}; there are {', '.join(TOOLS)}")
    n_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        logs = arguments.logs or Path(folder)
        for tool in arguments.tools or TOOLS:
            written = logs / tool
            if not (written / "expected.json").exists():
                if arguments.env is None:
                    parser.error("--env is needed to write the logs")
                write(tool, environment(arguments.env, tool), written)
            n_wrong += sum(check(written, case) for case in json.loads((written / "expected.json").read_text("utf-8")))
    print(f"{n_wrong} logs differ" if n_wrong else "all logs are read as their tools see them")
    return 1 if n_wrong else 0


def environment(folder: Path, tool: str) -> Path:
    """The tool's own Python, with what its requirements name."""
    where = folder / tool
    python = where / "bin" / "python"
    done = where / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(where)], check=True)
        requirements = HERE / f"requirements-{tool}.txt"
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)], check=True)
        done.touch()
    return python


def write(tool: str, python: Path, folder: Path) -> None:
    """Have the tool write its logs. Hubs are not asked: all that it needs is here."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(python), str(HERE / f"write_{tool}.py"), str(folder), str(PROJECT / "data" / "distilled")]
    with tempfile.TemporaryDirectory() as cache:
        offline = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": cache}
        done = subprocess.run(command, env=offline, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"write_{tool}.py failed:\n{done.stderr[-4000:]}")


def check(folder: Path, case: dict[str, Any]) -> int:
    """Import one log and compare. Prints a line, and what differs. Returns 1 if anything does."""
    with tempfile.TemporaryDirectory() as work:
        out, rejects = Path(work) / "out.jsonl", Path(work) / "rejects.jsonl"
        command = [sys.executable, "-m", "rdpt_core", "import", str(folder / case["source"]), "--out", str(out)]
        command += ["--rejects", str(rejects)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        traces, refused = lines(out), lines(rejects)
    wrong = differences(case, traces, refused, done)
    print(
        "differs" if wrong else "     ok",
        f"{folder.name}/{case['source']}: {len(traces)} traces, {len(refused)} rejects",
    )
    for line in wrong:
        print("        ", line)
    return 1 if wrong else 0


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, which end at line feeds only; none if it is not there."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line] if path.exists() else []


def differences(
    case: dict[str, Any],
    traces: list[dict[str, Any]],
    rejects: list[dict[str, Any]],
    done: subprocess.CompletedProcess[str],
) -> list[str]:
    """What is not as the tool says, a line each."""
    if case["refused"] is not None:
        reasons = [done.stderr, *(reject["reason"] for reject in rejects)]
        said = any(case["refused"] in reason for reason in reasons) and done.returncode in (2, 3) and not traces
        return [] if said else [f"not refused: {done.stderr.strip()}"]
    status = 3 if case["rejects"] else 0
    if done.returncode != status:
        return [f"exit status {done.returncode}, not {status}: {done.stderr.strip()[-600:]}"]
    wrong = []
    if len(rejects) != case["rejects"]:
        wrong.append(f"{len(rejects)} rejects, not {case['rejects']}: {[reject['reason'] for reject in rejects[:2]]}")
    if len(traces) != len(case["traces"]):
        wrong.append(f"{len(traces)} traces, not {len(case['traces'])}")
    fields = sorted({frozenset(trace) for trace in case["traces"]}, key=sorted)
    for names in fields:
        # In any order, since some logs are sorted by id; traces that say less are compared among themselves.
        said = Counter(view(trace, names) for trace in case["traces"] if frozenset(trace) == names)
        seen = Counter(view(seen_as(trace), names) for trace in traces)
        wrong += [f"missing: {key}" for key in (said - seen).elements()]
        if len(fields) == 1:
            wrong += [f"surplus: {key}" for key in (seen - said).elements()]
    return wrong


def seen_as(trace: dict[str, Any]) -> dict[str, Any]:
    """A trace with what the writers call `truncated` and `messages`."""
    messages = [[turn["role"], turn["content"]] for turn in trace.get("messages") or []]
    return {**trace, "truncated": "truncated" in trace["meta"], "messages": messages}


def view(trace: dict[str, Any], names: frozenset[str]) -> str:
    return json.dumps({name: trace.get(name) for name in sorted(names)}, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
