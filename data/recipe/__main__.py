"""The command line: `python -m data.recipe --out data`."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from data.recipe.build import build
from data.recipe.progress import report, silence_progress_bars
from data.recipe.settings import FULL, QUICK


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the arguments and builds.

    Returns:
        The exit status: 0, since whatever fails raises.
    """
    parser = argparse.ArgumentParser(
        prog="python -m data.recipe",
        description="Trains the bundled teacher, student and distilled model from scratch, samples and grades traces "
        "from the distilled one, measures everything and writes the cards. Takes about 20 minutes of one CPU core, "
        "no GPU and no network. The same machine and library versions give the same bytes.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where to write teacher/, student/, distilled/, problems.jsonl, distillation.jsonl, traces.jsonl and "
        "README.md; existing files of these names are overwritten",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="build everything at a toy size within seconds; shows that the recipe runs, the models learn nothing",
    )
    options = parser.parse_args(arguments)
    silence_progress_bars()
    started = time.monotonic()
    build(QUICK if options.quick else FULL, options.out)
    report(f"built {options.out} in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
