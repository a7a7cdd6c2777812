"""Choosing which teacher is T: the address keeps it, other pages follow, and runs without a choice show no box."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, follow, settle
from tests.support import companions, synthetic

TRACE = "shop-001-s0"


@pytest.fixture(scope="module")
def several(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The app over a run with several teachers."""
    path = tmp_path_factory.mktemp("db") / "several.duckdb"
    companions.build(path, synthetic.sketches(), models=companions.named_teacher())
    return start_server(path)


def _p_teacher(page: Page) -> str:
    """What the card of the pinned sentence says of T."""
    return page.locator(".side .facts .tip-grid .tip-n").first.inner_text()


def test_a_link_restores_the_teacher_and_pages_follow(visit: Callable[..., Page], several: Server) -> None:
    page = visit("trace", base=several.url, trace=TRACE, sentence="3", teacher="code")
    expect(page.locator(".side .tip-role").first).to_have_text("teacher code")
    # A Student sentence: 0.18 under the triple's teacher.
    assert _p_teacher(page) == "0.200"
    expect(page.locator(".side .others")).to_contain_text("math")
    follow(page, "Labels", "Positions")
    settle(page)
    expect(page.get_by_text("Teacher: code.")).to_be_visible()
    page.wait_for_function("location.search.includes('teacher=code')")


def test_a_choice_changes_the_page_and_the_address(visit: Callable[..., Page], several: Server) -> None:
    page = visit("trace", base=several.url, trace=TRACE, sentence="3")
    expect(page.locator(".side .tip-role").first).to_have_text("teacher math")
    assert _p_teacher(page) == "0.180"
    page.get_by_role("combobox", name="Teacher", exact=True).click()
    page.get_by_role("option", name="decoy · control, for comparison").click()
    expect(page.locator(".side .tip-role").first).to_have_text("teacher decoy")
    expect(page.get_by_text("Teacher: decoy, a control.")).to_be_visible()
    page.wait_for_function("location.search.includes('teacher=decoy')")
    # The pinned sentence stays, with its other models.
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
    expect(page.locator(".side .others")).to_contain_text("Other teachers")


def test_a_run_without_companions_has_no_box(visit: Callable[..., Page]) -> None:
    page = visit("trace", trace=TRACE)
    expect(page.locator(".reader[data-ready]")).to_be_visible()
    expect(page.get_by_role("combobox", name="Run", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Teacher", exact=True)).to_have_count(0)
    expect(page.locator(".reader .colour-by")).to_be_hidden()
    expect(page.locator(".reader .others")).to_have_count(0)
