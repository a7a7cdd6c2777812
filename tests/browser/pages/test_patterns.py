"""Patterns in a browser: from a search to a kept pattern, its sections in both themes, and back into the reader."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, address, settle

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def own_server(
    start_server: Callable[[Path], Server], database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Server:
    """The app over a copy of its own: what is kept beside it is no other test's."""
    path = tmp_path_factory.mktemp("patterns") / "patterns.duckdb"
    shutil.copyfile(database, path)
    return start_server(path)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_one_pattern_fits_the_screen(
    visit: Callable[..., Page], own_server: Server, page: Page, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("patterns", base=own_server.url, how="text", value="Wait")
    expect(page.get_by_role("heading", name="Against all other sentences")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    expect(page.locator(".results")).to_have_attribute("data-mode", scheme)
    expect(page.locator(".results mark").first).to_have_text("Wait")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_search_is_kept_opened_and_forgotten(visit: Callable[..., Page], own_server: Server) -> None:
    page = visit("find", base=own_server.url, q="order matters")
    page.get_by_role("button", name="Save as a pattern").click()
    page.get_by_role("textbox", name="Name").fill("about order")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Kept as")).to_be_visible()
    page.get_by_role("link", name="Open as a pattern").click()
    page.wait_for_url("**/patterns?*")
    settle(page)
    expect(page.get_by_role("heading", name="about order")).to_be_visible()
    page.get_by_role("button", name="All patterns").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    settle(page)
    # All of them are Boosted, the last label: the bars before it have no width.
    box = page.locator(".js-plotly-plot .barlayer .trace").last.locator(".point path").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", name="about order")).to_be_visible()
    settle(page)
    assert "pattern=about order" in address(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("No pattern is kept yet")).to_be_visible()


def test_a_sentence_opens_in_the_reader(visit: Callable[..., Page], own_server: Server) -> None:
    page = visit("patterns", base=own_server.url, how="text", value="order matters")
    page.locator(".results a.place").first.click()
    page.wait_for_url("**/trace?*")
    expect(page.locator('.reader [aria-current="true"]')).to_have_text("Note that the order matters here.")
