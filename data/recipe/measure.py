"""The measuring command: `python -m data.recipe.measure --data FOLDER`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from data.recipe.measuring.card import write_cards
from data.recipe.measuring.measurement import measure_model, model_names, put_together
from data.recipe.measuring.tables import all_tables
from data.recipe.progress import report, silence_progress_bars
from data.recipe.reproducible import reproducible_torch
from data.recipe.settings import FULL


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures a built folder and prints the tables to standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m data.recipe.measure",
        description="Measures the greedy accuracy of all models of a built folder and the labels of its traces, and "
        "prints the tables.",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="a folder that the recipe built")
    parser.add_argument(
        "--write-cards", action="store_true", help="also write the README files again, as after a change of wording"
    )
    options = parser.parse_args(arguments)
    silence_progress_bars()
    models = {}
    with reproducible_torch():
        for name in model_names(options.data):
            report(f"measuring {name}")
            models[name] = measure_model(options.data, name)
    measurement = put_together(options.data, models)
    for title, table in all_tables(measurement).items():
        print(f"## {title}\n\n{table}\n")
    if options.write_cards:
        write_cards(options.data, measurement, FULL)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
