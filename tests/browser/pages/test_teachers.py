"""The page Teachers in a browser: in both themes and widths, a click that leads to a sentence, and a threshold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.companions.test_teachers import build
from tests.browser.conftest import Server, address, settle
from tests.browser.pages.charts import click_at

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
MATRIX = ".st-key-matrix .js-plotly-plot"


@pytest.fixture(scope="module")
def teachers_server(tmp_path_factory: pytest.TempPathFactory, start_server: Callable[[Path], Server]) -> Server:
    return start_server(build(tmp_path_factory.mktemp("teachers") / "teachers.duckdb"))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_it_is_drawn_without_sideways_scrolling(
    visit: Callable[..., Page], page: Page, teachers_server: Server, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("teachers", base=teachers_server.url)
    expect(page.locator(f"{MATRIX} .annotation")).to_have_count(20)
    expect(page.locator(".st-key-verdict")).to_contain_text("Over 27 questions")
    expect(page.locator(".st-key-weights .js-plotly-plot")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_cell_leads_to_a_sentence(visit: Callable[..., Page], teachers_server: Server) -> None:
    page = visit("teachers", base=teachers_server.url)
    click_at(page, "matrix", 0, 0)
    listed = page.locator(".st-key-drilldown_cell")
    expect(listed).to_contain_text("Click a row to read it in place")
    settle(page)
    listed.get_by_role("button", name="Read the first").click()
    page.wait_for_url("**/trace?*sentence=*")
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_have_count(1)
    expect(page.locator(".reader .side")).to_contain_text("Attribution")


def test_a_threshold_stands_in_the_address_and_comes_back_with_it(
    visit: Callable[..., Page], teachers_server: Server
) -> None:
    page = visit("teachers", base=teachers_server.url)
    # Its label names the button for help, too.
    sure = page.get_by_role("spinbutton", name="Sure from")
    expect(sure).to_have_value("0.9")
    sure.fill("0.97")
    sure.press("Enter")
    page.wait_for_function("location.search.includes('attribution=')")
    settle(page)
    assert "attribution=0.97,0.3,1" in address(page)
    page.reload()
    settle(page)
    expect(sure).to_have_value("0.97")
    page.get_by_role("button", name="Defaults").click()
    page.wait_for_function("!location.search.includes('attribution=')")
    expect(sure).to_have_value("0.9")
