"""Overview and trace, wide and light, narrow and dark: complete, without errors, without sideways scrolling."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, address, settle

LOOKS = [(1280, "light"), (800, "dark")]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(params=LOOKS, ids=[f"{width}-{scheme}" for width, scheme in LOOKS])
def look(request: pytest.FixtureRequest, page: Page) -> tuple[int, str]:
    width, scheme = request.param
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    return width, scheme


def test_overview(visit: Callable[..., Page], look: tuple[int, str]) -> None:
    page = visit()
    expect(page.get_by_test_id("stMetric")).to_have_count(4)
    expect(page.locator(".js-plotly-plot .bars path").first).to_be_attached()
    expect(page.get_by_text("1 sentence has no label")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").filter(visible=True)).to_have_count(2)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0


def test_trace(visit: Callable[..., Page], look: tuple[int, str]) -> None:
    page = visit("trace", trace="shop-005-s0")
    expect(page.locator(".reader .s")).to_have_count(11)
    expect(page.locator(".card")).to_contain_text("Ann has 7 apples")
    expect(page.locator(".card")).to_contain_text("✓ Correct")
    expect(page.locator(".reader canvas").first).to_be_visible()
    expect(page.locator(".reader")).to_have_attribute("data-mode", look[1])
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0


def test_the_theme_reaches_the_text(visit: Callable[..., Page], page: Page) -> None:
    page.emulate_media(color_scheme="light")
    visit("trace", trace="shop-005-s0")
    sentence = page.locator(".reader .s.m-student").first
    light = sentence.evaluate("e => getComputedStyle(e).backgroundColor")
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".reader")).to_have_attribute("data-mode", "dark")
    assert sentence.evaluate("e => getComputedStyle(e).backgroundColor") != light


def test_a_click_on_a_bar_opens_that_benchmark(visit: Callable[..., Page]) -> None:
    page = visit()
    bar = page.locator(".js-plotly-plot .barlayer .trace").first.locator(".point path").nth(1)
    box = bar.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/trace?*benchmark=*")
    settle(page)
    assert "holds=Teacher" in address(page)
    expect(page.locator(".card")).to_contain_text("benchmarkclock")


def test_the_first_request_may_go_straight_to_a_page(
    start_server: Callable[..., Server], database: object, visit: Callable[..., Page]
) -> None:
    fresh = start_server(database)
    page = visit("trace", base=fresh.url, trace="clock-001-s0", sentence="2", beta="0.2")
    expect(page.locator(".reader .s")).not_to_have_count(0)
    expect(page.locator(".card")).to_contain_text("clock-001-s0")
    expect(page.get_by_label("β, exact")).to_have_value("0.2")
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "1")
    expect(page.get_by_test_id("stException")).to_have_count(0)
