"""The ratios page in a browser: from every figure and table to the sentence behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rdpt_core.analysis.run.gaps import gap_plane
from tests.browser.conftest import Server, address, settle
from tests.browser.pages.charts import click_at
from tests.support import synthetic

PLANE = ".st-key-plane .js-plotly-plot"


def test_a_click_on_a_point_opens_its_sentence(visit: Callable[..., Page]) -> None:
    page = visit("ratios", benchmark="shop", near="true")
    expect(page.get_by_text("Tinted areas are the label regions")).to_be_visible()
    teacher, student, distilled = synthetic.PROBABILITIES["Uncertain"]
    click_at(page, "plane", teacher - student, distilled - student)
    page.wait_for_url("**/trace?*sentence=*")
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_contain_text("这一步没有问题。")


def test_a_click_on_a_square_opens_its_sentence(visit: Callable[..., Page]) -> None:
    page = visit("ratios", benchmark="clock")
    click_at(page, "strips", 2, 0)
    page.wait_for_url("**/trace?*sentence=2*")
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "1")


def test_a_click_on_a_row_opens_its_sentence(visit: Callable[..., Page]) -> None:
    page = visit("ratios", benchmark="shop")
    page.get_by_role("radio", name="student-like").click()
    expect(page.get_by_text("sorted by how far the student's value exceeds the teacher's")).to_be_visible()
    settle(page)
    table = page.locator(".st-key-ranked .dvn-scroller").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 60, "y": 55})
    page.wait_for_url("**/trace?*sentence=*")
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_have_class(re.compile("m-student"))


def test_axes_of_the_other_space_have_no_regions(visit: Callable[..., Page]) -> None:
    page = visit("ratios", axes="ratio")
    expect(page.get_by_text("no region can be drawn on these axes")).to_be_visible()
    expect(page.locator(f"{PLANE} .shapelayer path")).to_have_count(0)
    assert "axes=ratio" in address(page)
    page.get_by_role("radio", name="difference").click()
    expect(page.get_by_text("Tinted areas are the label regions")).to_be_visible()
    expect(page.locator(f"{PLANE} .shapelayer path")).to_have_count(5)


def test_filters_stand_in_the_address_and_an_empty_choice_is_explained(visit: Callable[..., Page]) -> None:
    page = visit("ratios", grade="not graded", benchmark="clock")
    expect(page.get_by_text("No scored sentence fits the filters")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(PLANE)).to_be_visible()
    assert "benchmark" not in address(page)


@pytest.fixture(scope="module")
def crowded(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """More sentences than the plane draws as points."""
    path = tmp_path_factory.mktemp("db") / "crowded.duckdb"
    n = 5000
    synthetic.build(path, [synthetic.long_sketch(n, f"long-{i:03d}-s0") for i in range(gap_plane.MAX_POINTS // n + 1)])
    return start_server(path)


def test_a_click_on_a_cell_lists_its_sentences(visit: Callable[..., Page], crowded: Server) -> None:
    page = visit("ratios", base=crowded.url)
    expect(page.get_by_text("Click a cell to list its sentences")).to_be_visible()
    teacher, student, distilled = synthetic.PROBABILITIES["Student"]
    click_at(page, "plane", teacher - student, distilled - student)
    expect(page.get_by_text("Only the chosen cell")).to_be_visible()
    assert "cell=difference," in address(page)
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("Only the chosen cell")).to_have_count(0)
