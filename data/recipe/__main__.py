"""The command line: `python -m data.recipe --out FOLDER`."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from data.recipe.building.plan import build
from data.recipe.progress import report, silence_progress_bars
from data.recipe.settings import FULL, QUICK


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the arguments and builds.

    Returns:
        The exit status: 0, since whatever fails raises.
    """
    parser = argparse.ArgumentParser(
        prog="python -m data.recipe",
        description="Trains models from scratch (teachers, sibling, decoys, student, distilled with checkpoints, "
        "mixture), samples and grades traces, measures everything and writes the cards. No GPU and no network are "
        "needed. The same machine and library versions give the same bytes.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where to write teacher/, student/, distilled/, companions/, checkpoints/, the JSON Lines files, "
        "triple.toml, mixture.toml and README.md; existing files of these names are overwritten",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="build everything at a toy size within seconds; shows that the recipe runs, the models learn nothing",
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=2,
        metavar="N",
        help="how many models are trained at once, on one thread each (default: 2); the files do not depend on it",
    )
    options = parser.parse_args(arguments)
    silence_progress_bars()
    started = time.monotonic()
    seconds = build(QUICK if options.quick else FULL, options.out, options.processes)
    for stage, taken in seconds.items():
        report(f"{taken:7.1f} s  {stage}")
    report(f"built {options.out} in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
