"""What the reader shows: text and parts, formulas, the pinned card, ribbon, search and legend."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Server
from tests.browser.reading import N_STEPS, THOUGHTS, pixel, sentence, tint, undimmed

# 1 Text


def test_thinking_and_answer_are_told_apart_and_the_text_stays_the_response(open_trace: Callable[..., Page]) -> None:
    page = open_trace("thoughts-0")
    parts = page.locator(".reader .part")
    expect(parts).to_have_count(2)
    expect(parts.nth(0)).to_have_attribute("aria-label", "Thinking · 5 sentences")
    expect(parts.nth(1)).to_have_attribute("aria-label", "Answer · 1 sentence")
    expect(parts.nth(1).locator(".s")).to_have_text(r"**Answer:** \(\boxed{2}\)")
    assert page.locator(".reader .text").evaluate("e => e.textContent") == "".join(text for text, _ in THOUGHTS)


def test_uncertain_sentences_are_hatched_and_unscored_ones_say_why(
    page_with_trace: Page, visit: Callable[..., Page]
) -> None:
    image = "e => getComputedStyle(e).backgroundImage"
    assert "repeating-linear-gradient" in sentence(page_with_trace, 3).evaluate(image)
    assert sentence(page_with_trace, 1).evaluate(image) == "none"
    page = visit("trace", trace="cut-000-s0")
    expect(sentence(page, 2)).to_contain_class("m-none")
    sentence(page, 2).hover()
    expect(page.locator(".reader .tip")).to_contain_text("longer than some model's context")


def test_formulas_are_rendered_on_demand_and_keep_the_sentences(open_trace: Callable[..., Page]) -> None:
    page = open_trace("thoughts-0")
    expect(page.locator(".reader math")).to_have_count(0)
    page.get_by_role("button", name="Show formulas rendered").click()
    expect(page.locator(".reader math")).to_have_count(4)
    expect(page.locator(".reader .s")).to_have_count(len(THOUGHTS))
    expect(sentence(page, 3).locator("mfrac")).to_have_count(1)
    expect(sentence(page, 7).locator("menclose")).to_have_count(1)
    # What is no formula, and what is no harmless one, stays source.
    assert sentence(page, 4).evaluate("e => e.textContent") == THOUGHTS[4][0].strip()
    names = "e => [...new Set([...e.querySelectorAll('.f *')].map(n => n.namespaceURI))]"
    assert page.locator(".reader .text").evaluate(names) == ["http://www.w3.org/1998/Math/MathML"]
    # Two sentences more under the same roof: the labels still belong to whole sentences.
    expect(sentence(page, 2)).to_contain_class("m-student")
    page.keyboard.press("m")
    expect(page.locator(".reader math")).to_have_count(0)
    assert page.locator(".reader .text").evaluate("e => e.textContent") == "".join(text for text, _ in THOUGHTS)


def test_ten_thousand_formulas_are_built_only_where_they_are_seen(open_trace: Callable[..., Page]) -> None:
    page = open_trace("formulas-0")
    page.keyboard.press("m")
    expect(sentence(page, 0).locator("math")).to_have_count(2)
    assert page.locator(".reader math").count() < 1_500
    page.keyboard.press("g")
    page.keyboard.type("5000")
    page.keyboard.press("Enter")
    expect(sentence(page, 4999).locator("math")).to_have_count(2)


def test_a_million_characters_without_width_stay_text_and_are_counted(open_trace: Callable[..., Page]) -> None:
    page = open_trace("wide-0")
    expect(page.locator(".reader .s")).to_have_count(3)
    for index in range(3):
        assert sentence(page, index).evaluate("e => e.textContent.length") == 500_010
        note = "e => getComputedStyle(e, '::before').content"
        assert "500,000 characters without width" in sentence(page, index).locator(".zero-width").evaluate(note)
    sentence(page, 1).hover()
    expect(page.locator(".reader .tip")).to_contain_text("sentence 2 of 3")
    sentence(page, 1).click(position={"x": 20, "y": 8})
    expect(page.locator(".side .token").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


# 2 Hover and the pinned card


def test_a_click_pins_a_card_with_the_tokens_of_every_model(
    page_with_trace: Page, shared_context: BrowserContext, server: Server
) -> None:
    page = page_with_trace
    expect(page.locator(".side")).to_contain_text("No sentence is pinned")
    sentence(page, 1).click()
    card = page.locator(".side")
    expect(card).to_contain_text("sentence 2 of 11")
    rows = card.locator(".strip-row")
    expect(rows.locator(".strip-role")).to_have_text(["T", "S", "D"] * 2)
    text = sentence(page, 1).inner_text()
    for row in range(3):
        # Two lines of three rows; the rows of a model spell the sentence.
        joined = "".join("".join(rows.nth(r).locator(".token").all_inner_texts()) for r in (row, row + 3))
        assert joined.replace(" ", "").replace("↵", "") == text.replace(" ", "")
    # Tokens of equal text begin at equal columns.
    lefts = [rows.nth(row).locator(".token").nth(2).bounding_box() for row in range(3)]
    assert len({round(box["x"]) for box in lefts if box}) == 1
    rows.nth(1).locator(".token").nth(1).hover()
    expect(card.locator(".strip-readout")).to_contain_text("p = 0.210, ln p = −1.56")
    # The student found it unlikely, so its tokens are darker than the teacher's.
    heat = "e => parseFloat(e.style.getPropertyValue('--heat'))"
    assert rows.nth(1).locator(".token").nth(1).evaluate(heat) > rows.nth(0).locator(".token").nth(1).evaluate(heat)
    card.locator(".strip").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(rows.nth(1).locator(".token").nth(2)).to_contain_class("here")
    shared_context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    card.get_by_role("button", name="Copy text").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text
    card.get_by_role("button", name="Copy link").click()
    page.wait_for_function("navigator.clipboard.readText().then(t => t.includes('sentence=2') && t.includes('trace='))")
    card.locator(".neighbour").nth(1).click()
    expect(card).to_contain_text("sentence 3 of 11")
    expect(sentence(page, 2)).to_have_attribute("aria-current", "true")
    card.get_by_role("button", name="Unpin").click()
    expect(card).to_contain_text("No sentence is pinned")
    page.wait_for_function("!location.search.includes('sentence=')")


# 3 Ribbon


def test_the_ribbon_shows_and_scrubs_the_trace(open_trace: Callable[..., Page]) -> None:
    page = open_trace("steps-0")
    ribbon = page.locator(".ribbon")
    assert pixel(page, ".ribbon canvas", 0.0005, 16) == tint(page, "teacher")
    bracket = page.locator(".bracket")
    start = bracket.bounding_box()
    box = ribbon.bounding_box()
    assert start is not None and box is not None
    assert start["x"] - box["x"] < 2 and start["width"] < box["width"] / 5
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 15, steps=6)
    page.mouse.up()
    expect(ribbon).to_have_attribute("aria-valuenow", re.compile("^(2[89][0-9]|30[0-9])$"))
    expect(sentence(page, 300)).to_be_in_viewport()
    ribbon.focus()
    page.keyboard.press("Home")
    expect(ribbon).to_have_attribute("aria-valuenow", "1")
    # Hits of a search stand above the cells.
    above = (317 + 0.5) / N_STEPS
    assert pixel(page, ".ribbon canvas", above, 1) == [0, 0, 0]
    page.get_by_label("Search within this trace").fill("step 317 ")
    expect(page.locator(".search-n")).to_have_text("1/1")
    page.wait_for_function("performance.now()")
    expect(sentence(page, 317)).to_be_in_viewport()
    assert pixel(page, ".ribbon canvas", above, 1) != [0, 0, 0]


def test_search_finds_marks_and_steps(open_trace: Callable[..., Page]) -> None:
    page = open_trace("steps-0")
    page.keyboard.press("/")
    page.keyboard.type("STEP 2")
    expect(page.locator(".search-n")).to_have_text(re.compile(r"^1/1\d\d$"))
    assert page.evaluate("[...CSS.highlights.get('rdpt-hit')].length") > 100
    page.keyboard.press("Enter")
    expect(page.locator(".search-n")).to_have_text(re.compile("^2/"))
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(sentence(page, 299)).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(sentence(page, 299)).to_be_focused()
    assert page.evaluate("[...CSS.highlights.get('rdpt-hit')].length") == 0


# 4 Legend


def test_the_legend_counts_sentences_and_tokens_and_dims_ribbon_and_chart(open_trace: Callable[..., Page]) -> None:
    page = open_trace("steps-0")
    chip = page.locator('.legend [data-filter="Teacher"]')
    expect(chip.locator(".chip-n")).to_have_text("160")
    expect(chip.locator(".chip-share")).to_have_text("40%")
    expect(chip).to_have_attribute("aria-label", re.compile("Teacher: 160 sentences, 40% of tokens"))
    before = pixel(page, ".ribbon canvas", 0.0005, 16)
    page.keyboard.press("3")
    expect(page.locator('.legend [data-filter="Student"]')).to_have_attribute("aria-pressed", "true")
    assert pixel(page, ".ribbon canvas", 0.0005, 16) != before
    page.keyboard.press("Shift+1")
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert len(undimmed(page)) == 240
    assert page.locator(".reader .s").count() == N_STEPS
    page.keyboard.press("Escape")
    assert pixel(page, ".ribbon canvas", 0.0005, 16) == before
