"""The thresholds page in a browser: figures that set the thresholds of every page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import address, follow, settle
from tests.browser.pages.charts import click_at


def test_a_click_on_the_map_sets_both_thresholds_here_and_on_other_pages(visit: Callable[..., Page]) -> None:
    page = visit("thresholds")
    click_at(page, "map", 0.12, 0.3)
    expect(page.get_by_label("α, exact")).to_have_value("0.12")
    expect(page.get_by_label("β, exact")).to_have_value("0.3")
    expect(page.get_by_text("α stays at 0.12")).to_be_visible()
    assert "alpha=0.12" in address(page) and "beta=0.3" in address(page)
    follow(page, "Labels", "Ratios")
    expect(page.get_by_text("label regions at α = 0.12, β = 0.3")).to_be_visible()


def test_the_suggested_beta_can_be_used(visit: Callable[..., Page]) -> None:
    # Beside the long trace all others weigh nothing.
    page = visit("thresholds", benchmark="clock")
    page.get_by_role("button", name="Use it on all questions").click()
    expect(page.get_by_label("β, exact")).not_to_have_value("0.1")
    # While one figure takes the place of another, both are there for a moment.
    expect(page.locator(".st-key-curves .js-plotly-plot").last).to_be_visible()
    settle(page)
    expect(page.locator(".st-key-curves .js-plotly-plot")).to_have_count(1)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_what_the_map_shows_stands_in_the_address(visit: Callable[..., Page]) -> None:
    page = visit("thresholds", show="Boosted")
    expect(page.get_by_role("radio", name="Boosted")).to_be_checked()
    page.get_by_role("radio", name="Teacher").click()
    expect(page.get_by_role("radio", name="Teacher")).to_be_checked()
    assert "show=Teacher" in address(page)
