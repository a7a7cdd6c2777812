"""The page Transfer in a browser: both themes and widths, a click on a level, and switches that the address keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, settle
from tests.browser.pages.charts import click_at
from tests.browser.test_axe import grave
from tests.support import companions, synthetic

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LEVELS = {"shop": "seen", "clock": "half seen", "week": "unseen"}
SWITCH = "Standardise log-ratios"


@pytest.fixture(scope="module")
def levels_server(tmp_path_factory: pytest.TempPathFactory, start_server: Callable[[Path], Server]) -> Server:
    path = tmp_path_factory.mktemp("transfer") / "levels.duckdb"
    sketches = [replace(sketch, domain=LEVELS[sketch.benchmark]) for sketch in synthetic.sketches(12)]
    companions.build(path, sketches, ["control:decoy"])
    return start_server(path)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_it_is_drawn_without_sideways_scrolling_and_without_grave_violation(
    visit: Callable[..., Page], page: Page, levels_server: Server, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("transfer", base=levels_server.url, standardise="true")
    expect(page.get_by_text("Standardising is a bound and no correction")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0
    assert grave(page) == []


def test_a_click_lists_sentences_and_the_address_keeps_the_switches(
    visit: Callable[..., Page], levels_server: Server
) -> None:
    page = visit("transfer", base=levels_server.url)
    figure = page.locator(".st-key-transfer_reach .js-plotly-plot")
    expect(figure.locator(".nsewdrag").first).to_be_attached()
    x, y = figure.evaluate("figure => [figure.data[0].x[0], figure.data[0].y[0]]")
    click_at(page, "transfer_reach", x, y)
    expect(page.get_by_text("Reached sentences, seen")).to_be_visible()
    page.get_by_text(SWITCH).click()
    page.wait_for_function("location.search.includes('standardise=true')")
    page.get_by_role("radio", name="my choice").click()
    expect(page.get_by_text("Choose above which of these groups the training data had.")).to_be_visible()
    page.get_by_role("button", name="week").first.click()
    page.wait_for_function("location.search.includes('seen=week')")
    settle(page)
    expect(page.get_by_text("You chose the levels; nothing in the file says them.").first).to_be_visible()
