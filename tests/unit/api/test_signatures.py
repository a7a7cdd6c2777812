"""What `import rdpt_core` offers, name by name and argument by argument: a change is meant, or it is a fault.

`pytest tests/unit/api --update-golden` writes the file again.
"""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import pytest

import rdpt_core as rdpt

GOLDEN = Path(__file__).with_name("signatures.txt")


def described(name: str) -> list[str]:
    """A function with its arguments, or a class with its base, fields and methods; one line each."""
    thing = getattr(rdpt, name)
    if inspect.isfunction(thing):
        return with_arguments(name, thing)
    lines = [f"class {name}({', '.join(base.__name__ for base in thing.__bases__)})"]
    if dataclasses.is_dataclass(thing):
        lines += [f"    {field.name}: {field.type}" for field in dataclasses.fields(thing)]
    if not issubclass(thing, rdpt.RdptError):
        for member, value in inspect.getmembers(thing):
            if member.startswith("_"):
                continue
            if isinstance(value, property):
                lines.append(f"    {member}: {inspect.signature(value.fget).return_annotation}")
            elif inspect.isfunction(value):
                lines += ["    " + line for line in with_arguments(member, value)]
    return lines


def with_arguments(name: str, function: object) -> list[str]:
    signature = inspect.signature(function)  # type: ignore[arg-type]
    lines, keyword_only = [f"{name}("], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            lines.append("    *,")
            keyword_only = True
        annotation = "" if parameter.annotation is parameter.empty else f": {parameter.annotation}"
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        lines.append(f"    {parameter.name}{annotation}{default},")
    return [*lines, f") -> {signature.return_annotation}"]


def test_signatures_are_those_that_were_announced(request: pytest.FixtureRequest) -> None:
    names = [name for name in rdpt.__all__ if name != "__version__"]
    text = "\n".join("\n".join([*described(name), ""]) for name in names)
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in rdpt.__all__ if inspect.isfunction(getattr(rdpt, name))])
def test_every_argument_is_explained(name: str) -> None:
    function = getattr(rdpt, name)
    text = inspect.getdoc(function) or ""
    arguments = text.split("Args:\n")[1].split("\n\n")[0]
    explained = [line.split(":")[0].strip() for line in arguments.splitlines() if line[4:5].strip()]
    assert explained == list(inspect.signature(function).parameters)
    assert "Returns:\n" in text and "Raises:\n" in text
