"""The reader over a short trace: hover, keys, legend, thresholds, and how it moves with chart and address."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.reader import open_reader
from tests.browser.conftest import Server, address, settle
from tests.browser.reader.wire import Wire
from tests.browser.reading import TRACE, sentence, undimmed
from tests.support import synthetic


def set_number(page: Page, name: str, value: str) -> None:
    box = page.get_by_label(f"{name}, exact")
    box.fill(value)
    box.press("Enter")
    settle(page)


def test_hover_tells_label_rule_and_numbers(page_with_trace: Page) -> None:
    page = page_with_trace
    sentence(page, 1).hover()
    tip = page.locator(".reader .tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Teacher")
    expect(tip).to_contain_text("pT − pS = 0.610 > β = 0.100")
    for text in ("sentence 2 of 11", "0.820", "0.210", "0.780", "pT / pS = 3.90", "pD / pS = 3.71", "margin 0.510"):
        expect(tip).to_contain_text(text)
    expect(tip.locator(".tip-fill")).to_have_count(3)
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_hover_goes_on_after_keys(page_with_trace: Page) -> None:
    page = page_with_trace
    tip = page.locator(".reader .tip")
    sentence(page, 0).hover()
    page.keyboard.press("?")
    sentence(page, 2).click()
    page.keyboard.press("Escape")
    for index in (1, 3, 1):
        sentence(page, index).hover()
        expect(tip).to_contain_text(f"sentence {index + 1} of 11")


def test_hover_says_where_all_models_find_a_sentence_unlikely(visit: Callable[..., Page]) -> None:
    page = visit("trace", trace=TRACE)
    sentence(page, 5).hover()
    expect(page.locator(".reader .tip")).to_contain_text("all three find it about as likely")
    expect(page.locator(".reader .tip")).not_to_contain_text("unlikely")
    visit("trace", trace=TRACE, alpha="0.95")
    sentence(page, 5).hover()
    expect(page.locator(".reader .tip")).to_contain_text("All three find it unlikely: p ≤ α.")


def test_keyboard_moves_shows_and_picks(page_with_trace: Page) -> None:
    page = page_with_trace
    sentence(page, 0).focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(sentence(page, 2)).to_be_focused()
    expect(page.locator(".reader .tip")).to_contain_text("distillation lowered it")
    expect(sentence(page, 2)).to_have_attribute("aria-describedby", "rdpt-tip-main")
    page.keyboard.press("k")
    expect(sentence(page, 1)).to_be_focused()
    # Streamlit would rerun on r and offer to clear its cache on c.
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(sentence(page, 1)).to_have_attribute("aria-current", "true")
    page.wait_for_function("location.search.includes('sentence=2')")


def test_marks_beside_colour(page_with_trace: Page) -> None:
    style = "e => [getComputedStyle(e, '::before').content, getComputedStyle(e).textDecorationStyle]"
    assert sentence(page_with_trace, 0).evaluate(style) == ['"S"', "dashed"]
    assert sentence(page_with_trace, 1).evaluate(style) == ['"T"', "solid"]
    assert sentence(page_with_trace, 2).evaluate(style) == ['"B↓"', "wavy"]
    assert sentence(page_with_trace, 3).evaluate(style) == ['"T?"', "solid"]
    assert sentence(page_with_trace, 5).evaluate(style) == ['"H"', "dotted"]


def test_legend_isolates_and_adds(page_with_trace: Page) -> None:
    page = page_with_trace
    student = page.locator('.legend [data-filter="Student"]')
    student.click()
    expect(student).to_have_attribute("aria-pressed", "true")
    assert len(undimmed(page)) == 2
    page.locator('.legend [data-filter="Shared"]').click(modifiers=["Shift"])
    assert len(undimmed(page)) == 5
    page.keyboard.press("Escape")
    assert len(undimmed(page)) == 11


def test_thresholds_relabel_as_the_analysis_does(page_with_trace: Page, database) -> None:
    page = page_with_trace
    set_number(page, "β", "0.6")
    set_number(page, "α", "0.3")
    page.wait_for_function("location.search.includes('alpha=0.3')")
    with open_reader(database) as reader:
        run = reader.run(None)
        numbers = reader.query("SELECT trace_no FROM traces WHERE trace_id = ?", [TRACE]).column(0).to_pylist()
        view = load_trace_view(reader, run, numbers[0], LabelRule.make(0.3, 0.6))
    for count in view.label_counts():
        chip = page.locator(f'.legend [data-filter="{count.label}"] .chip-n')
        expect(chip).to_have_text(str(count.n_sentences))
    keys = [f"m-{(label or 'none').lower()}" for label in view.column("label")]
    for index, key in enumerate(keys):
        expect(sentence(page, index)).to_contain_class(key if key != "m-boosted" else "s")
    page.get_by_test_id("stSidebar").get_by_role("button", name="Paper's values").click()
    expect(page.locator('.legend [data-filter="Teacher"] .chip-n')).to_have_text("3")
    page.wait_for_function("!location.search.includes('alpha')")


def test_the_slider_is_a_handle_of_the_number(page_with_trace: Page) -> None:
    page = page_with_trace
    page.get_by_test_id("stSidebar").get_by_role("slider", name="β").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    settle(page)
    expect(page.get_by_label("β, exact")).to_have_value("0.115")
    # 0.605 − 0.5 is no longer above β, and α is exceeded.
    expect(sentence(page, 3)).to_contain_class("m-boosted")


# In step with the address


def test_a_click_in_the_text_marks_ribbon_and_address(page_with_trace: Page) -> None:
    page = page_with_trace
    sentence(page, 4).click()
    expect(page.locator(".ribbon .pin")).to_be_visible()
    expect(sentence(page, 4)).to_have_attribute("aria-current", "true")
    page.wait_for_function("location.search.includes('sentence=5')")


def test_a_click_on_the_chart_selects_in_the_text(page_with_trace: Page) -> None:
    page = page_with_trace
    chart = page.locator(".joint canvas")
    box = chart.bounding_box()
    assert box is not None
    # Eleven sentences share the width between the axis and the right edge.
    chart.click(position={"x": 34 + (box["width"] - 42) * 8.5 / 11, "y": 60})
    expect(sentence(page, 8)).to_have_attribute("aria-current", "true")
    page.wait_for_function("location.search.includes('sentence=9')")
    # The same point again, and another way round: the text has the last word.
    sentence(page, 1).click()
    page.wait_for_function("location.search.includes('sentence=2')")
    settle(page)
    expect(sentence(page, 1)).to_have_attribute("aria-current", "true")


def test_a_link_restores_everything(visit: Callable[..., Page], page: Page) -> None:
    query = {"trace": "shop-006-s1", "sentence": "3", "benchmark": "shop", "grade": "correct", "alpha": "0.0123456"}
    query |= {"beta": "0.3", "unit": "common token", "space": "ratio"}
    visit("trace", **query)
    expect(page.locator(".card")).to_contain_text("shop-006-s1")
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
    expect(page.get_by_label("β, exact")).to_have_value("0.3")
    for name, value in query.items():
        assert f"{name}={value}" in address(page)
    assert "run=0123456789abcdef" in address(page)
    before = page.locator(".reader .legend").inner_text()
    page.goto(page.evaluate("location.href"))
    settle(page)
    expect(page.locator('.reader [aria-current="true"]')).to_have_attribute("data-i", "2")
    assert page.locator(".reader .legend").inner_text() == before


def test_next_and_previous(page_with_trace: Page) -> None:
    page = page_with_trace
    sentence(page, 4).click()
    page.wait_for_function("location.search.includes('sentence=5')")
    page.locator(".st-key-next button").filter(visible=True).click()
    expect(page.locator(".card")).to_contain_text("shop-006-s0")
    page.wait_for_function("location.search.includes('trace=shop-006-s0') && !location.search.includes('sentence')")
    page.locator(".st-key-previous button").filter(visible=True).click()
    expect(page.locator(".card")).to_contain_text(TRACE)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"trace": "gone-1"}, "does not hold"),
        ({"run": "feedfeedfeed", "trace": TRACE}, "asks for a run"),
        ({"trace": TRACE, "sentence": "99"}, "does not have"),
        ({"trace": TRACE, "sentence": "x"}, "does not have"),
    ],
)
def test_a_stale_link_is_explained(visit: Callable[..., Page], query: dict[str, str], words: str) -> None:
    page = visit("trace", **query)
    expect(page.get_by_test_id("stAlert").filter(has_text=words)).to_be_visible()
    if "sentence" not in query:
        expect(page.locator(".reader")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_unscored_sentences_say_why(visit: Callable[..., Page]) -> None:
    page = visit("trace", trace="cut-000-s0")
    expect(page.locator(".reader .s.m-none")).to_have_count(1)
    page.locator(".reader .s.m-none").hover()
    expect(page.locator(".reader .tip")).to_contain_text("longer than some model's context")


def test_of_a_long_trace_little_is_sent_again(visit: Callable[..., Page], page: Page, server: Server) -> None:
    wire = Wire(server.port)
    visit("trace", base=wire.url, trace="long-000-s0", sentence="1500")
    expect(page.locator(".reader .s")).to_have_count(2000)
    current = page.locator('.reader [aria-current="true"]')
    expect(current).to_have_attribute("data-i", "1499")
    expect(current).to_be_in_viewport()
    response = "".join(text for text, _ in synthetic.long_sketch(2000).sentences)
    shown = page.locator(".reader .text").evaluate("e => e.textContent")
    assert shown == response

    before = wire.n_bytes_at_rest()
    sentence(page, 1501).click()
    page.wait_for_function("location.search.includes('sentence=1502')")
    after_click = wire.n_bytes_at_rest(beyond=before)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    after_rerun = wire.n_bytes_at_rest(beyond=after_click)
    assert after_click - before < 5000
    assert after_rerun - after_click < 5000
    wire.close()
