"""The measuring command: `python -m data.recipe.measure --data data`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from data.recipe.measuring.card import write_cards
from data.recipe.measuring.measurement import measure
from data.recipe.measuring.tables import all_tables
from data.recipe.progress import silence_progress_bars
from data.recipe.reproducible import reproducible_torch


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures a built folder and prints the tables to standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m data.recipe.measure",
        description="Measures the greedy accuracy of the three models and the labels of the bundled traces, and prints "
        "the tables. Takes about two minutes of one CPU core.",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="a folder that the recipe built")
    parser.add_argument(
        "--write-cards", action="store_true", help="also write the README files again, as after a change of wording"
    )
    options = parser.parse_args(arguments)
    silence_progress_bars()
    with reproducible_torch():
        measurement = measure(options.data)
    for title, table in all_tables(measurement).items():
        print(f"## {title}\n\n{table}\n")
    if options.write_cards:
        write_cards(options.data, measurement)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
