"""Try to break the program: `python -m tests.torture --seed 1 --attempts 100`."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

# Workers share the cores, and models this small gain nothing from a second thread.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
# Where this is set, every process would compile every module again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def main() -> int:
    """Print failures as they come, then the table; exit status 1 if any attempt failed."""
    from tests.torture.runner import NAMES, Attempt, Result, describe, plan, run

    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seed", type=int, help="decides every choice (default: a random one, which is printed)")
    parser.add_argument("--attempts", type=int, default=100, metavar="N", help="in all (default: 100)")
    parser.add_argument("--only", choices=NAMES, metavar="GROUND", help="one of " + ", ".join(NAMES))
    parser.add_argument("--attempt", type=int, metavar="N", help="with --only: just this one")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="attempts at once (default: 1)")
    parser.add_argument("--keep", action="store_true", help="leave all files of the attempts, and say where they are")
    arguments = parser.parse_args()
    if arguments.attempt is not None and arguments.only is None:
        parser.error("--attempt needs --only")
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    attempts = plan(seed, arguments.attempts, arguments.only)
    if arguments.attempt is not None:
        attempts = [Attempt(seed, arguments.only, arguments.attempt)]
    print(f"seed {seed}, {len(attempts)} attempts", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="torture-"))

    def show(result: Result) -> None:
        if not result.verdict.held:
            print(describe(result), flush=True)
        elif arguments.attempt is not None:
            print(f"held: {result.verdict.what}", flush=True)

    try:
        report = run(attempts, folder, n_jobs=arguments.jobs, keep=arguments.keep, on_result=show)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        if arguments.keep:
            print(f"files: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"\nseed {seed}\n{report.table()}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
