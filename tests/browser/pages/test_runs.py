"""The runs page in a browser: from a transition to its sentences, and from a sentence to the reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, address, settle
from tests.browser.pages.charts import click_at
from tests.support import synthetic


@pytest.fixture(scope="module")
def two_runs(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Two runs of the same traces; in the second one the first sentence of each is the student's."""
    path = tmp_path_factory.mktemp("db") / "two.duckdb"
    traces = synthetic.sketches()
    synthetic.build(path, traces, run_id="a" * 16, name="first")
    turned = [replace(t, sentences=[(t.sentences[0][0], "Student"), *t.sentences[1:]]) for t in traces]
    synthetic.build(path, turned, run_id="b" * 16, name="second")
    return start_server(path)


def test_a_click_on_a_transition_lists_its_sentences_and_a_row_opens_one(
    visit: Callable[..., Page], two_runs: Server
) -> None:
    page = visit("runs", base=two_runs.url, run="a" * 16, run2="b" * 16)
    expect(page.get_by_text("Which sentences moved")).to_be_visible()
    # Rows and columns in the order of the labels: Teacher is 0, Student is 2.
    click_at(page, "transitions", 2, 0)
    expect(page.get_by_role("heading", name="Teacher → Student")).to_be_visible()
    settle(page)
    assert "moved=Teacher,Student" in address(page)
    table = page.locator(".st-key-moved_table .dvn-scroller").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 60, "y": 55})
    page.wait_for_url("**/trace?*sentence=1*")
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_have_class(re.compile("m-teacher"))


def test_leaving_a_transition_shows_all_that_moved(visit: Callable[..., Page], two_runs: Server) -> None:
    page = visit("runs", base=two_runs.url, run="a" * 16, run2="b" * 16, moved="Shared,Student")
    page.get_by_role("button", name="Show all that moved").click()
    expect(page.get_by_role("heading", name="Which sentences moved")).to_be_visible()
    assert "moved" not in address(page)


def test_one_run_is_told_how_to_make_another(visit: Callable[..., Page]) -> None:
    page = visit("runs")
    expect(page.get_by_text("there is nothing to compare yet")).to_be_visible()
    expect(page.get_by_text("resplit --db")).to_be_visible()
