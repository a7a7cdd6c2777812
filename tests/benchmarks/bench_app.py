"""How fast the pages of the app are on a large database, and how much memory its server takes.

    python tests/benchmarks/make_large.py large.duckdb
    python tests/benchmarks/bench_app.py large.duckdb [--repeats 5]

Every page is opened in a fresh process that has shown a small database before, so that imports are not counted; then
alpha and beta are changed many times. Times are those of the script run that draws the page, without the browser's
part: wall clock and processor time, medians. Memory is the resident set at the end, and its peak. It prints numbers
and judges none.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import synthetic

ROOT = Path(__file__).resolve().parents[2]

PAGES = ("overview", "benchmarks", "positions", "predict", "thresholds", "ratios")
TIMEOUT_S = 300


def resident_mb() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def measure(database: str, page: str, repeats: int, query: dict[str, str]) -> None:
    """Runs in a process of its own: open a page, then change thresholds."""
    from streamlit.testing.v1 import AppTest

    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.duckdb"
        synthetic.build(small, synthetic.sketches())
        os.environ["RDPT_DB"] = str(small)
        sys.argv = ["app.py"]
        for name in PAGES:
            app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT_S)
            if name != "overview":
                app.switch_page(f"pages/{name}.py")
            app.run()
    os.environ["RDPT_DB"] = database
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT_S)
    app.query_params.update(query)

    def timed(act: Callable[[], object]) -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        assert not app.exception, app.exception[0].value
        return time.perf_counter() - wall, time.process_time() - cpu

    if page != "overview":
        app.switch_page(f"pages/{page}.py")
    opened = timed(app.run)
    again = []
    for k in range(repeats):
        key, value = ("beta", 0.11 + 0.01 * k) if k % 2 else ("alpha", 0.04 - 0.002 * k)
        app.number_input(key=key).set_value(round(value, 4))
        again.append(timed(app.run))
    wall, cpu = (statistics.median(values) for values in zip(*again, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    name = page + "".join(f" {value}" for value in query.values())
    print(
        f"{name:42} open {opened[0]:5.2f} s ({opened[1]:5.2f} s of CPU)   change {1e3 * wall:5.0f} ms "
        f"({1e3 * cpu:5.0f} ms of CPU)   memory {resident_mb():5.0f} MB, peak {peak:5.0f} MB",
        flush=True,
    )


VIEWS: tuple[tuple[str, dict[str, str]], ...] = (
    ("overview", {}),
    ("benchmarks", {}),
    ("benchmarks", {"columns": "correctness"}),
    ("benchmarks", {"count": "tokens"}),
    ("positions", {}),
    ("positions", {"traces": "correct against incorrect"}),
    ("positions", {"scale": "part of the trace"}),
    ("predict", {}),
    ("thresholds", {}),
    ("ratios", {}),
)


def main() -> None:
    """Measure every view in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("database")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--view", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.view is not None:
        page, query = VIEWS[arguments.view]
        measure(arguments.database, page, arguments.repeats, query)
        return
    for view in range(len(VIEWS)):
        command = [sys.executable, __file__, arguments.database, "--repeats", str(arguments.repeats)]
        subprocess.run([*command, "--view", str(view)], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
