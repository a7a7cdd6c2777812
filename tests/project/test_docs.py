"""The pages about the project say what the program does: links, commands and options, formats, strategies, code."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from rdpt_core.analysis.selection.strategies import STRATEGIES
from rdpt_core.cli import make_parser
from rdpt_core.records import Label
from rdpt_core.scoring.backends.served.dialects import DIALECTS
from rdpt_core.traces.formats import FORMATS
from rdpt_core.traces.splitters import SPLITTERS

PROJECT = Path(__file__).resolve().parents[2]
README = PROJECT / "README.md"
DOCS = PROJECT / "docs"
PAGES = (
    README,
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "CHANGELOG.md",
    PROJECT / "data" / "README.md",
    *DOCS.glob("*.md"),
)

MAX_README_LINES = 205

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.M)
_FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
_COMMAND = re.compile(r"^## `rdpt ([a-z]+)`$", re.M)
_FIRST_CELL = re.compile(r"^\| ((?:[^|\\]|\\.)+) \|", re.M)
_OPTION = re.compile(r"--[a-z][a-z-]*")
_CODE_PATH = re.compile(r"`((?:rdpt_core|tests|pages|docs|data)/[\w./-]*)`")


def anchor(heading: str) -> str:
    """What a link to a heading is called: `## \\`rdpt score\\`` is `#rdpt-score`."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a relative link of a page leads to a file of the project, and to a heading of it if it names one."""
    name, _, fragment = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not (target.is_relative_to(PROJECT) and target.exists()):
        return False
    return not fragment or fragment in map(anchor, _HEADING.findall(target.read_text(encoding="utf-8")))


def broken_links(page: Path, text: str) -> list[str]:
    """Relative links that lead nowhere."""
    links = [link for link in _LINK.findall(_FENCE.sub("", text)) if not re.match(r"[a-z]+:", link)]
    return [link for link in links if not leads_somewhere(page, link)]


def first_cells(text: str) -> list[str]:
    """The first cell of every row of every table."""
    return _FIRST_CELL.findall(text)


def named_in_tables(page: Path) -> set[str]:
    """Everything in backticks in the first column of a page's tables."""
    return {name for cell in first_cells(page.read_text(encoding="utf-8")) for name in re.findall(r"`([^`]+)`", cell)}


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Command → its parser."""
    (subparsers,) = (action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(subparsers.choices)


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """The long options of a command, but for `--help`."""
    return {option for action in parser._actions for option in action.option_strings if option[:2] == "--"} - {"--help"}


def sections() -> dict[str, str]:
    """Command → its section of `commands.md`."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.M)
    return {match[1]: part for part in parts if (match := _COMMAND.match(f"## {part.splitlines()[0]}"))}


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


def test_broken_links_are_found() -> None:
    text = "[a](docs/nowhere.md) [b](docs/method.md#nothing) [c](#nothing) [d](../outside.md)"
    good = "[e](docs/commands.md#rdpt-score) [f](https://example.org/) ![g](data/screenshots/trace-light.png)"
    assert len(broken_links(README, f"{text} {good}")) == 4


def test_every_page_is_linked_from_the_readme() -> None:
    links = _LINK.findall(README.read_text(encoding="utf-8"))
    assert {f"docs/{page.name}" for page in DOCS.iterdir()} <= set(links)


def test_files_that_contributors_are_told_of_exist() -> None:
    paths = _CODE_PATH.findall((PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert paths
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def test_commands_are_those_of_the_parser() -> None:
    assert set(sections()) == set(parsers())


@pytest.mark.parametrize("command", sorted(parsers()))
def test_options_are_those_of_the_parser(command: str) -> None:
    described = {option for cell in first_cells(sections()[command]) for option in _OPTION.findall(cell)}
    assert described == options_of(parsers()[command])


@pytest.mark.parametrize("page", [README, DOCS / "app.md"], ids=lambda page: page.name)
def test_pages_are_those_of_the_app(page: Path) -> None:
    titles = [cell.strip("*") for cell in first_cells(page.read_text(encoding="utf-8")) if cell.startswith("**")]
    expected = {path.stem for path in (PROJECT / "pages").glob("*.py")}
    assert {title.lower() for title in titles} - {str(label).lower() for label in Label} == expected


def test_formats_are_those_of_the_registry() -> None:
    assert {known.name for known in FORMATS} <= named_in_tables(DOCS / "formats.md")


def test_strategies_are_those_of_the_registry() -> None:
    text = (DOCS / "selection.md").read_text(encoding="utf-8")
    table = text.partition("## Strategies")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| (largest|smallest) \|", table, re.M)
    assert rows == [(item.name, item.best) for item in STRATEGIES.values()]


def test_dialects_and_splitters_are_described() -> None:
    served, commands = ((DOCS / name).read_text(encoding="utf-8") for name in ("served.md", "commands.md"))
    assert [name for name in DIALECTS if f"`{name}`" not in served] == []
    assert [name for name in SPLITTERS if f"`{name}`" not in commands] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_python_blocks_compile(page: Path) -> None:
    for block in _PYTHON.findall(page.read_text(encoding="utf-8")):
        compile(block, str(page), "exec")
