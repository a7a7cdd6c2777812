"""Notes: written beside a trace, found again, changed, taken away, and never shown on a text they are not about."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rdpt_core.store.beside.notes import Anchor, add_note, notes
from rdpt_core.store.beside.sidecar import sidecar_path
from tests.browser.conftest import settle

TRACE = "shop-005-s0"


@pytest.fixture
def database_alone(database: Path) -> Iterator[Path]:
    """The database without notes, before and after."""
    sidecar_path(database).unlink(missing_ok=True)
    yield database
    sidecar_path(database).unlink(missing_ok=True)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_a_note_on_a_sentence(
    visit: Callable[..., Page], database_alone: Path, width: int, scheme: str, page: Page
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("trace", trace=TRACE, sentence="2")
    page.get_by_text("Notes", exact=True).click()
    settle(page)
    page.get_by_role("textbox", name="New note").fill("Is this <b>really</b> the teacher?")
    page.get_by_role("textbox", name="Tags").fill("#to do, second")
    page.get_by_role("button", name="Save note").click()
    card = page.locator(".card[aria-label='Note 1']")
    expect(card).to_contain_text("Is this <b>really</b> the teacher?")
    expect(card).to_contain_text("sentence 2")
    expect(card).to_contain_text("to do")
    expect(page.get_by_role("textbox", name="New note")).to_have_value("")
    (note,) = notes(database_alone)
    assert (note.anchor.sentence_index, note.tags) == (1, ("to do", "second"))
    assert note.anchor.quote.strip() == page.locator('.reader .s[data-i="1"]').inner_text().strip()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_a_note_is_changed_and_deleted(visit: Callable[..., Page], database_alone: Path) -> None:
    add_note(database_alone, Anchor("r", TRACE, "0" * 12), "about another text", ())
    page = visit("trace", trace=TRACE)
    expect(page.get_by_text("about an older text of this trace")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Text of note 1").fill("changed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".card[aria-label='Note 1']")).to_contain_text("changed")
    assert notes(database_alone)[0].text == "changed"
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("about an older text of this trace")).to_have_count(0)
    assert notes(database_alone) == ()


def test_notes_are_found_and_taken_away(visit: Callable[..., Page], database_alone: Path) -> None:
    page = visit("find", look_in="notes")
    expect(page.get_by_text("There are no notes yet.")).to_be_visible()
    add_note(database_alone, Anchor("r", TRACE, "0" * 12), "the first one", ("a", "b"))
    add_note(database_alone, Anchor("r", "gone", "0" * 12), 'a "second" one', ("b",))
    visit("find", look_in="notes")
    expect(page.locator(".results .entry")).to_have_count(2)
    expect(page.locator(".results .entry").nth(1)).to_contain_text("trace not in this file")
    expect(page.locator(".results .entry").nth(1).locator("a")).to_have_count(0)
    page.get_by_role("textbox", name="Text to find").fill("FIRST")
    page.get_by_role("textbox", name="Text to find").press("Enter")
    expect(page.locator(".results .entry")).to_have_count(1)
    expect(page.get_by_text("1 of 2 notes")).to_be_visible()
    page.get_by_role("button", name="Take these notes away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    (row,) = csv.DictReader(Path(download.value.path()).read_text().splitlines())
    assert (row["text"], row["state"]) == ("the first one", "older text")
    page.keyboard.press("Escape")
    page.locator(".results .entry a.place").click()
    page.wait_for_url("**/trace?*")
    settle(page)
    expect(page.locator(".card").first).to_contain_text(TRACE)


def test_notes_of_another_program_leave_the_page_in_place(visit: Callable[..., Page], database_alone: Path) -> None:
    sidecar_path(database_alone).write_text("not ours" * 200)
    page = visit("trace", trace=TRACE)
    expect(page.get_by_text("The notes cannot be used")).to_be_visible()
    expect(page.locator(".reader .s")).to_have_count(11)
    expect(page.get_by_test_id("stException")).to_have_count(0)
