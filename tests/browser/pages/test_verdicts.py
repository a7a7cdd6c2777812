"""The verdicts page in a browser: drawn in both themes and widths, and a click that opens a disputed trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, settle
from tests.support import synthetic

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def checked_server(tmp_path_factory: pytest.TempPathFactory, start_server: Callable[[Path], Server]) -> Server:
    path = tmp_path_factory.mktemp("verdicts") / "checked.duckdb"
    grading = {"method": "number", "extracted": "13", "correct": False}
    sketches = [replace(sketch, correct=True, meta={"grading": grading}) for sketch in synthetic.sketches(9)]
    synthetic.build(path, sketches)
    return start_server(path)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_it_is_drawn_without_sideways_scrolling(
    visit: Callable[..., Page], page: Page, checked_server: Server, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("verdicts", base=checked_server.url)
    expect(page.get_by_test_id("stMetric")).to_have_count(3)
    expect(page.get_by_test_id("stDataFrame").filter(visible=True)).to_have_count(3)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_click_opens_the_trace_and_the_address_keeps_the_choice(
    visit: Callable[..., Page], checked_server: Server
) -> None:
    page = visit("verdicts", base=checked_server.url)
    page.get_by_role("radio", name="only the source says correct").click()
    page.wait_for_function("location.search.includes('dispute=only')")
    settle(page)
    table = page.locator(".st-key-disputed_table_1 .dvn-scroller").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 60, "y": 55})
    page.wait_for_url("**/trace?*sentence=1*")
    settle(page)
    expect(page.locator(".card")).to_contain_text("benchmarkclock")
