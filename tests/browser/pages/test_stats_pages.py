"""Benchmarks, positions and predict in a browser: every look, and from each figure through a click to the sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.test_stats_pages import graded
from tests.browser.conftest import Server, address, settle
from tests.support import synthetic

LOOKS = [(1280, "light"), (800, "dark")]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VIEWS = {
    "benchmarks": {"columns": "correctness"},
    "positions": {"traces": "correct against incorrect"},
    "predict": {"measure": "count"},
}


@pytest.fixture(scope="module")
def stats_server(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    path = tmp_path_factory.mktemp("db") / "stats.duckdb"
    synthetic.build(path, [*graded(), synthetic.unscored_sketch(), synthetic.hostile_sketch()])
    return start_server(path)


@pytest.fixture
def open_page(visit: Callable[..., Page], stats_server: Server) -> Callable[..., Page]:
    """Opens a page over the graded traces."""
    return lambda path, **query: visit(path, base=stats_server.url, **query)


def click_middle(page: Page, target: Locator) -> None:
    """A real click in the middle of an element of a figure."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def read_the_first(page: Page) -> None:
    """From the list behind a number to the trace."""
    page.get_by_role("button", name="Read the first").click()
    page.wait_for_url("**/trace?*")
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_have_count(1)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("path", list(VIEWS))
def test_every_look(open_page: Callable[..., Page], page: Page, path: str, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    open_page(path, **VIEWS[path])
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_text("The numbers as a table")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(SIDEWAYS) <= 0


def test_from_a_bar_to_the_sentence(open_page: Callable[..., Page]) -> None:
    page = open_page("benchmarks")
    bars = page.locator(".st-key-shares_of_groups .barlayer .trace").nth(2).locator(".point path")
    click_middle(page, bars.nth(2))
    expect(page.get_by_text("traces with a Student sentence")).to_be_visible()
    read_the_first(page)
    assert "sentence=" in address(page)
    expect(page.locator('.reader [aria-current="true"].m-student')).to_have_count(1)


def test_from_a_point_of_a_curve_to_the_sentence(open_page: Callable[..., Page]) -> None:
    page = open_page("positions")
    points = page.locator(".st-key-positions .scatterlayer .trace .points path.point")
    click_middle(page, points.nth(2))
    expect(page.get_by_text("at sentence 3, clock")).to_be_visible()
    read_the_first(page)
    assert "sentence=3" in address(page)


def test_from_an_auc_to_the_sentence(open_page: Callable[..., Page]) -> None:
    page = open_page("predict")
    point = page.locator(".st-key-auc .scatterlayer .trace").first.locator(".points path.point").first
    click_middle(page, point)
    expect(page.get_by_text("traces by share of Teacher sentences")).to_be_visible()
    read_the_first(page)
    expect(page.locator('.reader [aria-current="true"].m-teacher')).to_have_count(1)


def test_a_threshold_redraws_the_figure(open_page: Callable[..., Page]) -> None:
    page = open_page("benchmarks", beta="0.1")
    bar = page.locator(".st-key-shares_of_groups .barlayer .trace").first.locator(".point path").nth(2)
    before = bar.get_attribute("d")
    assert before is not None
    box = page.get_by_label("β, exact")
    box.fill("0.8")
    box.press("Enter")
    expect(page.get_by_text("β = 0.8; share of sentences")).to_be_visible()
    expect(bar).not_to_have_attribute("d", before)
