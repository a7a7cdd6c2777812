"""Argument types and option groups that several commands share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from rdpt_core.api.arguments import is_device, readable, why_unusable
from rdpt_core.records import ROLES, CompanionRole

EXIT_PARTIAL = 3

_NOT_FLAGS = {"command", "run"}


def keywords(arguments: argparse.Namespace, without: Container[str] = ()) -> dict[str, Any]:
    """The flags of a command as arguments of the function of the API that it stands on: they have the same names.

    Args:
        without: flags that concern the command only, such as what it prints.
    """
    named = {name: value for name, value in vars(arguments).items() if name not in _NOT_FLAGS and name not in without}
    # `run` itself is what the parser calls; the flag `--run` is stored beside it.
    return {"run" if name == "run_key" else name: value for name, value in named.items()}


def add_database(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """`--db FILE`, for commands that read."""
    parser.add_argument(
        "--db", type=file_path, required=required, metavar="FILE", help="the DuckDB file that `score` wrote"
    )


def add_splitter(parser: argparse.ArgumentParser) -> None:
    """`--splitter NAME`, for commands that cut responses into sentences."""
    parser.add_argument(
        "--splitter",
        default="sentence",
        choices=["sentence", "line", "paragraph", "step"],
        help="how a response is cut: sentences, lines, paragraphs, or blank-line blocks as steps (default: sentence)",
    )


def add_with_marks(parser: argparse.ArgumentParser) -> None:
    """`--with-marks`, for commands that label sentences."""
    parser.add_argument(
        "--with-marks",
        action="store_true",
        help="label and count marks of format (<think>, turn markers) like sentences (default: they carry no label)",
    )


def add_teacher(parser: argparse.ArgumentParser) -> None:
    """`--teacher NAME`, for commands that label sentences of a run which may have several."""
    parser.add_argument(
        "--teacher",
        type=readable,
        metavar="NAME",
        help="which of the run's teachers and controls labels ask, by its name, such as code or control:decoy "
        "(default: the triple's own)",
    )


def add_stored_models(parser: argparse.ArgumentParser, roles: Iterable[str]) -> None:
    """Options of a command that loads models of a scored run once more."""
    for role in roles:
        parser.add_argument(
            f"--{role}",
            metavar="REF",
            help=f"where the run's {role} model is now (default: where it was when it scored the run)",
        )
    parser.add_argument("--device", type=device_name, default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "--trust-remote-code", action="store_true", help="run code that comes with a model; only if you have read it"
    )


def file_path(text: str) -> Path:
    """A path that can name a file."""
    reason = why_unusable(text)
    if reason is not None:
        raise argparse.ArgumentTypeError(f"expected a file, got {reason}")
    return Path(text)


def device_name(text: str) -> str:
    """`auto`, `cpu`, `cuda` or `cuda:N`."""
    if not is_device(text):
        raise argparse.ArgumentTypeError(f"expected auto, cpu, cuda or cuda:N, got {text!r}")
    return text


def positive_integer(text: str) -> int:
    """A whole number above 0 that fits 32 bits."""
    return _whole_number(text, least=1)


def automatic_or_positive(text: str) -> int | None:
    """A whole number above 0, or None for `auto`."""
    return None if text == "auto" else positive_integer(text)


def threshold(text: str) -> float:
    """A number ≥ 0."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, got {text!r}")
    return value


def not_negative_integer(text: str) -> int:
    """A whole number of at least 0 that fits 32 bits."""
    return _whole_number(text, least=0)


def _whole_number(text: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not least <= value < 2**31:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} to 2147483647, got {text!r}")
    return value


def quota(text: str) -> tuple[str, int]:
    """`NAME=N`; the name may hold further equals signs."""
    name, sign, number = text.rpartition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"expected NAME=N, got {text!r}")
    return name, positive_integer(number)


def of_role(text: str) -> tuple[str, str]:
    """`ROLE:VALUE`, or `KIND:NAME:VALUE` of a further model."""
    return _of_role(text, is_assignment=False)


def _of_role(text: str, *, is_assignment: bool) -> tuple[str, str]:
    kind, colon, rest = text.partition(":")
    name, second, value = rest.partition(":")
    # `teacher:x=a:b` gives the triple's teacher a value with a colon, and names no further model.
    if second and CompanionRole.is_key(f"{kind}:{name}") and not (is_assignment and "=" in name):
        role = f"{kind}:{name}"
    else:
        role, value = kind, rest
    if not (role in tuple(ROLES) or CompanionRole.is_key(role)) or not colon or not value:
        *others, last = (f"{known}:" for known in ROLES)
        raise argparse.ArgumentTypeError(
            f"expected {', '.join(others)} or {last} first (for further models such as teacher:code:), and something "
            f"behind it, got {text!r}"
        )
    return role, value


def template_argument(text: str) -> tuple[str, tuple[str, Any]]:
    """`ROLE:NAME=VALUE`: a value that is JSON is what it says; any other is a text, unless it was meant to be JSON: the
    text `False` would switch thinking on."""
    role, assignment = _of_role(text, is_assignment=True)
    name, sign, value = assignment.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"expected ROLE:NAME=VALUE, got {text!r}")
    try:
        return role, (name, json.loads(value))
    except (ValueError, RecursionError):
        if value.lower() in ("true", "false", "null", "none") or value.startswith(("[", "{", '"')):
            raise argparse.ArgumentTypeError(
                f"expected true, false, null, a number, a text, or JSON that is whole, got {text!r}"
            ) from None
        return role, (name, value)


class ByRole(argparse.Action):
    """Gathers `of_role` values to one for each role, and `template_argument` values to a mapping for each."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add the values of one flag.

        Raises:
            argparse.ArgumentError: one is given twice.
        """
        gathered = dict(getattr(namespace, self.dest) or {})
        for role, value in values:
            if isinstance(value, tuple):
                known = gathered.setdefault(role, {})
                key, content = value
            else:
                known, key, content = gathered, role, value
            if key in known:
                twice = f"{known[key]} and {content}" if known is gathered else key
                raise argparse.ArgumentError(self, f"given twice for the {role}: {twice}")
            known[key] = content
        setattr(namespace, self.dest, gathered)


def share(text: str) -> float:
    """A number above 0."""
    value = threshold(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value
