"""Find: sentences with a text, marked, filtered, counted honestly; a click lands on the sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import address, settle


@pytest.fixture(params=[(1280, "light"), (800, "dark")], ids=["1280-light", "800-dark"])
def look(request: pytest.FixtureRequest, page: Page) -> tuple[int, str]:
    width, scheme = request.param
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    return width, scheme


def test_a_text_is_found_marked_and_opened(visit: Callable[..., Page], look: tuple[int, str]) -> None:
    page = visit("find")
    page.get_by_role("textbox", name="Text to find").fill("order MATTERS")
    page.get_by_role("textbox", name="Text to find").press("Enter")
    first = page.locator(".results .entry").first
    expect(first.locator("mark")).to_have_text("order matters")
    expect(first.locator(".inside").first).to_have_text("Note that the ")
    expect(first.locator(".head")).to_contain_text("Boosted, down")
    expect(page.locator(".results")).to_have_attribute("data-mode", look[1])
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    place = first.locator("a.place").inner_text()
    first.locator("a.place").click()
    page.wait_for_url("**/trace?*")
    current = page.locator('.reader [aria-current="true"]')
    expect(current).to_have_text("Note that the order matters here.")
    number = int(place.removeprefix("sentence ").split(" ")[0])
    expect(current).to_have_attribute("data-i", str(number - 1))


def test_a_result_is_a_link_that_opens_alone(visit: Callable[..., Page]) -> None:
    page = visit("find", q="order matters")
    href = page.locator(".results a.place").first.get_attribute("href")
    assert href is not None and href.startswith("trace?run=")
    page.goto(f"{page.url.split('/find')[0]}/{href}")
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_have_text("Note that the order matters here.")


def test_counts_pages_and_filters(visit: Callable[..., Page]) -> None:
    page = visit("find", q="12")
    expect(page.get_by_text("1 to 25 are shown")).to_be_visible()
    expect(page.locator(".results .entry")).to_have_count(25)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("26 to 50 are shown")).to_be_visible()
    page.wait_for_function("location.search.includes('page=2')")


def test_a_label_keeps_its_sentences_only(visit: Callable[..., Page]) -> None:
    page = visit("find", q="12")
    expect(page.locator(".results .entry")).to_have_count(25)
    page.get_by_role("combobox", name="Label").click()
    page.get_by_role("option", name="Student").click()
    expect(page.locator(".results .entry:not(.m-student)")).to_have_count(0)
    expect(page.locator(".results .entry.m-student").first).to_be_visible()
    page.wait_for_function("location.search.includes('label=Student')")


def test_everything_is_in_the_address(visit: Callable[..., Page]) -> None:
    page = visit("find", q=r"7 [+] \d+ =", regex="true", case="true", label="Boosted", benchmark="shop")
    expect(page.get_by_role("textbox", name="Text to find")).to_have_value(r"7 [+] \d+ =")
    expect(page.get_by_role("checkbox", name="Regular expression")).to_be_checked()
    expect(page.locator(".results mark").first).to_have_text("7 + 5 =")
    expect(page.locator(".results .head").first).to_contain_text("shop")
    assert "benchmark=shop" in address(page)


def test_no_expression_and_no_hit_are_explained(visit: Callable[..., Page]) -> None:
    page = visit("find", q="(", regex="true")
    expect(page.get_by_text("This is not a regular expression.")).to_be_visible()
    visit("find", q="a*", regex="true")
    expect(page.get_by_text("matches the empty text")).to_be_visible()
    visit("find", q="no such words anywhere")
    expect(page.get_by_text("No sentence holds that.")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_an_example_is_one_click(visit: Callable[..., Page]) -> None:
    page = visit("find")
    page.get_by_role("button", name="Second thoughts").click()
    expect(page.locator(".results mark").first).to_have_text("Wait")


def test_the_answer_above_the_hits(visit: Callable[..., Page], look: tuple[int, str]) -> None:
    page = visit("find", q="order matters")
    expect(page.get_by_text("of all others").first).to_be_visible()
    # A label that no hit carries has a bar without width.
    expect(page.locator(".js-plotly-plot .barlayer .point path").filter(visible=True).first).to_be_visible()
    above, below = page.locator(".js-plotly-plot").bounding_box(), page.locator(".results").bounding_box()
    assert above is not None and below is not None and above["y"] < below["y"]
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.get_by_text("By benchmark and correctness").click()
    expect(page.get_by_test_id("stDataFrame").filter(visible=True)).to_have_count(1)
