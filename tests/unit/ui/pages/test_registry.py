"""The list of pages, against the files of the app and the README."""

from __future__ import annotations

import re
from pathlib import Path

from rdpt_core.ui.pages.registry import OVERVIEW, PAGES

PROJECT = Path(__file__).resolve().parents[4]


def test_every_file_of_a_page_is_in_the_list_once() -> None:
    files = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "pages").glob("*.py")}
    paths = [entry.path for entry in PAGES]
    assert set(paths) == files
    assert len(set(paths)) == len(paths)
    assert PAGES[0] is OVERVIEW


def test_a_title_is_the_name_of_the_file_and_a_purpose_is_a_sentence() -> None:
    for entry in PAGES:
        assert entry.title.lower() == Path(entry.path).stem
        assert re.fullmatch(r"[A-Z].*[.?]", entry.purpose)


def test_the_readme_lists_the_same_pages_in_the_same_order() -> None:
    rows = re.findall(r"^\| \*\*(\w+)\*\* \| (.+) \|$", (PROJECT / "README.md").read_text(encoding="utf-8"), re.M)
    titles = [entry.title for entry in PAGES]
    assert [title for title, _ in rows if title in titles] == titles
