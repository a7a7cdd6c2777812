"""Compare: two readers, one strip; jumps move both; each side opens alone; everything is in the address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, address, settle
from tests.support import synthetic

LEFT = synthetic.Sketch(
    "q-s0",
    "q",
    [
        ("We begin with 7 apples. ", "Teacher"),
        ("Then 5 more are bought. ", "Shared"),
        ("Wait, let me check. ", "Teacher"),
        ("So the answer is 12.", "Student"),
    ],
    correct=True,
)
RIGHT = synthetic.Sketch(
    "q-s1",
    "q",
    [
        ("Okay. ", "Teacher"),
        ("We begin with 7 apples. ", "Student"),
        ("Then 5 more are bought. ", "Uncertain"),
        ("So the answer is 13.", "Student"),
    ],
    correct=False,
    sample=1,
)


@pytest.fixture(scope="module")
def two_runs(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A question with a correct and an incorrect trace, in two runs; a lone trace beside it."""
    path = tmp_path_factory.mktemp("db") / "compare.duckdb"
    lone = synthetic.Sketch("lone", "lone", [("Nothing alike here. ", "Shared")], correct=None)
    for run_id in ("aaaa000011112222", "bbbb000011112222"):
        synthetic.build(path, [lone, LEFT, RIGHT], run_id=run_id, name=run_id[:4])
    return start_server(path)


def reader(page: Page, side: int, what: str = ""):
    return page.locator(".reader").nth(side).locator(what) if what else page.locator(".reader").nth(side)


def current(page: Page, side: int):
    return reader(page, side, '[aria-current="true"]')


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_the_first_visit_pairs_a_correct_with_an_incorrect_trace(
    visit: Callable[..., Page], two_runs: Server, page: Page, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    visit("compare", base=two_runs.url)
    expect(reader(page, 0, ".s")).to_have_count(4)
    expect(reader(page, 1, ".s")).to_have_count(4)
    expect(page.locator(".card").filter(has_text="q-s0")).to_contain_text("✓ Correct")
    expect(page.locator(".card").filter(has_text="q-s1")).to_contain_text("✗ Incorrect")
    expect(page.locator(".pairs")).to_have_attribute("data-mode", scheme)
    expect(page.locator(".pairs .rule")).to_contain_text("where they share words")
    page.wait_for_function(
        "['trace=q-s0', 'trace2=q-s1', 'run=bbbb', 'run2=bbbb'].every((part) => location.search.includes(part))"
    )
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_jumps_move_both_readers(visit: Callable[..., Page], two_runs: Server) -> None:
    page = visit("compare", base=two_runs.url)
    differs = page.get_by_role("group", name="Label differs")
    expect(differs).to_contain_text("2")
    page.get_by_role("button", name="Label differs: next").click()
    expect(current(page, 0)).to_have_attribute("data-i", "0")
    expect(current(page, 1)).to_have_attribute("data-i", "1")
    expect(differs).to_contain_text("1 of 2")
    expect(page.locator(".pairs .detail")).to_contain_text("left 1, Teacher")
    expect(page.locator(".pairs .detail")).to_contain_text("right 2, Student")
    page.wait_for_function("location.search.includes('pair=2')")
    page.get_by_role("button", name="Label differs: next").click()
    expect(current(page, 0)).to_have_attribute("data-i", "1")
    # The largest gap is that of the first pair: 0.61 against −0.56.
    page.get_by_role("button", name="Largest gap: previous").click()
    expect(current(page, 0)).to_have_attribute("data-i", "0")
    expect(page.locator(".pairs .detail")).to_contain_text("gap 1.170")


def test_keys_step_through_the_pairs_and_one_side_may_be_alone(visit: Callable[..., Page], two_runs: Server) -> None:
    page = visit("compare", base=two_runs.url)
    strip = page.get_by_role("slider", name="Pair of sentences")
    strip.focus()
    page.keyboard.press("Home")
    expect(page.locator(".pairs .detail")).to_contain_text("left: no sentence stands beside it")
    expect(current(page, 0)).to_have_count(0)
    expect(current(page, 1)).to_have_attribute("data-i", "0")
    page.keyboard.press("ArrowRight")
    expect(strip).to_have_attribute("aria-valuetext", "pair 2 of 5: left sentence 1, right sentence 2")
    expect(strip).to_be_focused()


def test_a_click_in_one_text_shows_its_partner_in_the_other(visit: Callable[..., Page], two_runs: Server) -> None:
    page = visit("compare", base=two_runs.url)
    reader(page, 1, '.s[data-i="3"]').click()
    expect(current(page, 0)).to_have_attribute("data-i", "3")
    expect(page.locator(".pairs .detail")).to_contain_text("Pair 5 of 5")


def test_a_link_opens_the_same_comparison(visit: Callable[..., Page], two_runs: Server) -> None:
    page = visit("compare", base=two_runs.url, trace="q-s1", run2="aaaa000011112222", trace2="q-s1", pair="3")
    expect(current(page, 0)).to_have_attribute("data-i", "2")
    expect(current(page, 1)).to_have_attribute("data-i", "2")
    # One text under two runs is paired by its characters.
    expect(page.locator(".pairs .rule")).to_contain_text("One text")
    expect(page.get_by_role("combobox", name="Right run")).to_have_value("aaaa · aaaa0000")


def test_suggestions_swap_and_opening_alone(visit: Callable[..., Page], two_runs: Server) -> None:
    page = visit("compare", base=two_runs.url)
    page.get_by_role("button", name="same trace in aaaa").click()
    page.wait_for_function("location.search.includes('run2=aaaa') && location.search.includes('trace2=q-s0')")
    settle(page)
    page.get_by_role("button", name="Swap sides").click()
    page.wait_for_function("location.search.includes('run=aaaa') && location.search.includes('run2=bbbb')")
    settle(page)
    page.get_by_role("button", name="Next question with both outcomes").click()
    page.wait_for_function("location.search.includes('trace2=q-s1')")
    settle(page)
    expect(page.locator(".card[aria-label='Trace on the right']")).to_contain_text("q-s1")
    page.get_by_role("link", name="Open the right trace alone").click()
    page.wait_for_url("**/trace?*")
    settle(page)
    assert "trace=q-s1" in address(page)
    expect(page.locator(".reader")).to_have_count(1)


def test_what_is_not_there_is_explained(visit: Callable[..., Page], two_runs: Server) -> None:
    page = visit("compare", base=two_runs.url, trace="q-s0", run2="feed", trace2="q-s1")
    expect(page.get_by_text("asks for a second run that this file does not hold")).to_be_visible()
    visit("compare", base=two_runs.url, trace="q-s0", trace2="gone")
    expect(page.get_by_text("asks for a trace that this run does not hold")).to_be_visible()
    page.get_by_role("button", name="Compare with what is here").click()
    expect(reader(page, 1, ".s")).to_have_count(4)


def test_a_file_with_one_lone_trace(
    visit: Callable[..., Page], start_server: Callable[[Path], Server], tmp_path: Path
) -> None:
    path = tmp_path / "one.duckdb"
    synthetic.build(path, [synthetic.Sketch("only", "only", [("Alone. ", "Shared")])])
    page = visit("compare", base=start_server(path).url)
    expect(page.locator(".reader")).to_have_count(2)
    expect(page.get_by_test_id("stException")).to_have_count(0)
