"""What it costs to have the model of the second of two roles on one base: the base taken over, or loaded again.

    python tests/benchmarks/bench_adapters.py [--shape smollm2-135m] [--dtype float32] [--repeats 3]

The first role is a base with random weights, the second the same base with an adapter on all of its projections. Each
way has processes of its own, in turns. The probe, which is the same in both, is left out. `cold` is a base whose file
the system no longer holds in memory. Memory is the most that the process held of its own meanwhile; pages of the weight
file, which the system may drop, are left out.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rdpt_core.records import ModelReference
from rdpt_core.scoring.benchmark.measure import SHAPES
from rdpt_core.scoring.engine.kernel import CausalKernel
from rdpt_core.scoring.models.merging import load_merged
from rdpt_core.scoring.models.references import resolve
from tests.benchmarks.bench_pipeline import save_model
from tests.support.tiny_adapters import save_adapter

WAYS = ("taken over", "loaded again")


def own_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"RssAnon:\s+(\d+)", status)[0]) / 1e3


def forget(folder: Path) -> None:
    """Have the system drop what it holds of the weights."""
    for file in folder.glob("*.safetensors"):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def measure(folder: Path, way: str, dtype: str, is_cold: bool) -> dict[str, float]:
    base, adapter = folder / "base", folder / "adapter"
    how = {"device": "cpu", "dtype": dtype, "trust_remote_code": False}
    kernels = [CausalKernel(load_merged(resolve(ModelReference(str(base))), **how))]
    files = resolve(ModelReference(str(base), adapter=str(adapter)))
    if is_cold:
        forget(base)
    peak, done = [own_mb()], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            peak.append(own_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    taken = kernels[0].release() if way == "taken over" else None
    kernels.clear()
    gc.collect()
    load_merged(files, base=taken, **how)
    seconds, cpu_s = time.perf_counter() - started_s, time.process_time() - started_cpu_s
    done.set()
    watcher.join()
    return {"s": seconds, "cpu_s": cpu_s, "mb": max(peak)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="smollm2-135m", choices=list(SHAPES))
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=3, metavar=("FOLDER", "WAY", "COLD"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        folder, way, cold = arguments.measure
        print(json.dumps(measure(Path(folder), way, arguments.dtype, cold == "cold")))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_model(folder / "base", arguments.shape, "bfloat16", 0)
        save_adapter(folder / "adapter", folder / "base", r=16)
        print(f"{arguments.shape}, weights in bfloat16, run in {arguments.dtype}, {os.cpu_count()} cores", flush=True)
        found: dict[tuple[str, str], list[dict[str, float]]] = {}
        for _ in range(arguments.repeats):
            for state in ("warm", "cold"):
                for way in WAYS:
                    command = [sys.executable, __file__, "--dtype", arguments.dtype, "--measure", name, way, state]
                    # As `rdpt score` does, before torch is imported.
                    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
                    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
                    found.setdefault((way, state), []).append(json.loads(answer.stdout.splitlines()[-1]))
        for (way, state), rows in found.items():
            seconds, cpu_s, mb = (statistics.median(row[key] for row in rows) for key in ("s", "cpu_s", "mb"))
            print(f"{way:13} {state}  {seconds:6.2f} s, {cpu_s:6.2f} s of processors  {mb:7,.0f} MB", flush=True)


if __name__ == "__main__":
    main()
