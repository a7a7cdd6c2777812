"""A link keeps its promise, or says why it cannot: the file was copied, a run was added, a text has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, address, settle
from tests.support import synthetic

TRACE = "shop-005-s0"
OTHER = "clock-003-s0"
RUN = "0123456789abcdef"


@pytest.fixture(scope="module")
def later(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The same run, in which the text of one trace has changed, and two runs more; the last has lost that trace."""
    path = tmp_path_factory.mktemp("db") / "later.duckdb"
    same = synthetic.sketches()
    changed = [
        replace(sketch, sentences=[("Something else. ", "Teacher"), *sketch.sentences[1:]])
        if sketch.trace_id == TRACE
        else sketch
        for sketch in same
    ]
    synthetic.build(path, changed, run_id=RUN)
    synthetic.build(path, same, run_id="aaaa000011112222", name="kept")
    without = [sketch for sketch in same if sketch.trace_id != TRACE]
    synthetic.build(path, without, run_id="bbbb000011112222", name="lost")
    return start_server(path)


@pytest.fixture
def link(visit: Callable[..., Page]) -> Callable[[str], str]:
    """The query of a link to the third sentence of a trace, as the first file's app writes it."""

    def make(trace: str) -> str:
        page = visit("trace", trace=trace, sentence="3", beta="0.2")
        expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
        page.wait_for_function("location.search.includes('text=') && location.search.includes('file=')")
        return urlsplit(page.evaluate("location.href")).query

    return make


def open_link(page: Page, server: Server, query: str) -> None:
    page.goto(f"{server.url}/trace?{query}")
    settle(page)


def test_a_link_opens_its_sentence_under_its_thresholds(link: Callable[[str], str], server: Server, page: Page) -> None:
    open_link(page, server, link(TRACE))
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
    expect(page.get_by_label("β, exact")).to_have_value("0.2")
    expect(page.get_by_test_id("stAlert").filter(has_text="link")).to_have_count(0)


def test_a_run_that_did_not_change_keeps_its_links_when_others_come(
    link: Callable[[str], str], later: Server, page: Page
) -> None:
    before = link(OTHER)
    open_link(page, later, before)
    expect(page.locator(".card").first).to_contain_text(OTHER)
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
    expect(page.get_by_text("changed since the link was made")).to_have_count(0)
    # From here on the address is that of this file.
    page.wait_for_function("file => !location.search.includes(file)", arg=before.split("file=")[1].split("&")[0])


def test_a_changed_text_shows_no_sentence_and_says_so(link: Callable[[str], str], later: Server, page: Page) -> None:
    open_link(page, later, link(TRACE))
    expect(page.get_by_text("The text of this trace has changed since the link was made.")).to_be_visible()
    expect(page.locator(".reader .s").first).to_contain_text("Something else.")
    expect(page.locator('.reader [aria-current="true"]')).to_have_count(0)
    # Choosing a sentence of the text that is there ends the matter.
    page.locator('.reader .s[data-i="1"]').click()
    page.wait_for_function("location.search.includes('sentence=2')")
    open_link(page, later, urlsplit(page.evaluate("location.href")).query)
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "1")
    expect(page.get_by_text("changed since the link was made")).to_have_count(0)


def test_a_lost_run_leads_to_the_same_text_elsewhere(link: Callable[[str], str], later: Server, page: Page) -> None:
    open_link(page, later, link(TRACE).replace(RUN, "feedfeedfeedfeed"))
    expect(page.get_by_text("asks for a run that this file does not hold")).to_be_visible()
    expect(page.get_by_text("the fingerprint of this one is")).to_be_visible()
    expect(page.get_by_role("link", name="another text")).to_be_visible()
    page.get_by_role("link", name="kept · aaaa0000, the same text").click()
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
    page.wait_for_function("location.search.includes('run=aaaa000011112222')")


def test_a_lost_trace_leads_to_the_runs_that_hold_it(link: Callable[[str], str], later: Server, page: Page) -> None:
    open_link(page, later, link(TRACE).replace(RUN, "bbbb000011112222"))
    expect(page.get_by_text("asks for a trace that this run does not hold")).to_be_visible()
    page.get_by_role("link", name="kept · aaaa0000, the same text").click()
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
    assert f"trace={TRACE}" in address(page)
