"""The selection page in a browser: drawn in both themes and widths, and what only a browser shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rdpt_core.records import Role
from tests.app.test_selection import candidates
from tests.browser.conftest import Server, address, settle
from tests.support import synthetic

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def selection_server(tmp_path_factory: pytest.TempPathFactory, start_server: Callable[[Path], Server]) -> Server:
    path = tmp_path_factory.mktemp("selection") / "candidates.duckdb"
    synthetic.build(path, candidates(), roles=(Role.TEACHER, Role.STUDENT))
    return start_server(path)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_it_is_drawn_without_sideways_scrolling(
    visit: Callable[..., Page], page: Page, selection_server: Server, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("selection", base=selection_server.url)
    expect(page.get_by_test_id("stMetric")).to_have_count(4)
    expect(page.locator(".js-plotly-plot .bars path")).to_have_count(6)
    expect(page.locator(".js-plotly-plot .hm image, .js-plotly-plot .heatmaplayer image").first).to_be_attached()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("keeps sample").first).to_be_visible()
    assert page.evaluate(SIDEWAYS) <= 0


def test_the_address_keeps_the_controls(visit: Callable[..., Page], page: Page, selection_server: Server) -> None:
    visit("selection", base=selection_server.url)
    page.get_by_text("Equal tokens", exact=True).click()
    settle(page)
    expect(page.locator("[data-testid=stCode]").last).to_contain_text("--equal-tokens")
    assert "equal_tokens=true" in address(page)
    page.reload()
    settle(page)
    expect(page.locator("[data-testid=stCode]").last).to_contain_text("--equal-tokens")


def test_the_download_is_the_training_file(visit: Callable[..., Page], page: Page, selection_server: Server) -> None:
    visit("selection", base=selection_server.url)
    with page.expect_download() as started:
        page.get_by_role("button", name="Download 8 samples").click()
    path = started.value.path()
    assert path is not None
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8
    assert all('"messages"' in line for line in lines)


def test_a_candidate_is_one_click_away(visit: Callable[..., Page], page: Page, selection_server: Server) -> None:
    visit("selection", base=selection_server.url)
    page.get_by_role("button", name="Read alone").click()
    page.wait_for_url("**/trace?*")
    settle(page)
    expect(page.locator(".reader .s").first).to_be_visible()


def test_two_candidates_stand_beside_each_other(
    visit: Callable[..., Page], page: Page, selection_server: Server
) -> None:
    visit("selection", base=selection_server.url)
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare?*")
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    query = address(page)
    assert "trace=q" in query and "trace2=q" in query
