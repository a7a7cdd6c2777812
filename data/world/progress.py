"""One line of progress at a time, on standard error."""

import sys

from transformers.utils import logging


def report(message: str) -> None:
    """Prints a line at once, also when standard error is a file."""
    print(message, file=sys.stderr, flush=True)


def silence_progress_bars() -> None:
    """Turns off transformers' own bars, which would show for every model folder that is written or read."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
