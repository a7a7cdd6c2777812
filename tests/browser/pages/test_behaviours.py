"""The behaviours page in a browser: drawn in both themes and widths; a click opens a kind, which leads on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, address, settle
from tests.browser.pages.charts import click_at
from tests.support import synthetic

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def behaviours_server(tmp_path_factory: pytest.TempPathFactory, start_server: Callable[[Path], Server]) -> Server:
    """Enough questions for two halves."""
    path = tmp_path_factory.mktemp("behaviours") / "behaviours.duckdb"
    synthetic.build(path, synthetic.sketches(24))
    return start_server(path)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_it_is_drawn_without_sideways_scrolling(
    visit: Callable[..., Page], page: Page, behaviours_server: Server, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("behaviours", base=behaviours_server.url)
    expect(page.locator(".st-key-behaviours_summary")).to_contain_text("Found:")
    expect(page.locator(".st-key-behaviour_lenses")).to_be_visible()
    expect(page.locator(".st-key-behaviour_kinds .js-plotly-plot")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_point_opens_its_kind_and_that_its_sentences(visit: Callable[..., Page], behaviours_server: Server) -> None:
    page = visit("behaviours", base=behaviours_server.url)
    figure = page.locator(".st-key-behaviour_kinds .js-plotly-plot")
    expect(figure).to_be_visible()
    x, y = figure.evaluate("figure => [figure.data[0].x[0], figure.data[0].y[0]]")
    click_at(page, "behaviour_kinds", x, y)
    opened = page.locator(".st-key-behaviour_opened")
    expect(opened).to_contain_text("of its sentences carry Teacher")
    assert "kind_of=wording" in address(page)
    opened.get_by_role("link", name="All its sentences").click()
    page.wait_for_url("**/patterns?*how=kind*")
    settle(page)
    assert "family=wording" in address(page)
