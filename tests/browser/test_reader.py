"""The reader: hover, keyboard, legend, thresholds, and how it moves with the chart and the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace_view import load_trace_view
from rdpt_core.store.reader import open_reader
from tests import synthetic
from tests.browser.conftest import Server, address, settle

TRACE = "shop-005-s0"


@pytest.fixture
def page_with_trace(visit: Callable[..., Page]) -> Page:
    page = visit("trace", trace=TRACE)
    expect(page.locator(".reader .s")).to_have_count(11)
    return page


def sentence(page: Page, index: int) -> Locator:
    return page.locator(f'.reader .s[data-i="{index}"]')


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


def undimmed(page: Page) -> list[int]:
    """The sentences that the legend's choice leaves as they are."""
    found: list[int] = page.locator(".reader .text").evaluate(
        "e => [...e.querySelectorAll('.s')].filter(s => getComputedStyle(s).opacity === '1').map(s => +s.dataset.i)"
    )
    return found


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


# What follows needs traces of its own: thinking and answer, formulas, attacks on size.

THOUGHTS = (
    ("<think>\n", "Shared"),
    ("Okay, let me think about this.\n\n", "Teacher"),
    (r"We know that \(x^2 + 1 = 5\), so $x = \pm 2$. ", "Student"),
    (r"Then \[ \frac{x}{2} = \sqrt{1} \] holds." + "\n", "Boosted"),
    (r"This is no formula: $5 and $6, nor is \(\href{javascript:alert(1)}{x}\), nor `$a$`. ", "Shared"),
    ("这一步没有问题。", "Teacher"),
    ("\n</think>\n\n", "Student"),
    (r"**Answer:** \(\boxed{2}\)", "Teacher"),
)
N_STEPS = 400


@pytest.fixture(scope="module")
def thinking_server(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    path = tmp_path_factory.mktemp("db") / "reader.duckdb"
    wide = [(f"zero{mark * 500_000}width. ", "Teacher") for mark in ("\u200b", "\u0301", "\u202e")]
    formulas = [(rf"Here \(x_{{{i}}}^2\) is \(\frac{{{i}}}{{7}}\)." + "\n", "Student") for i in range(5_000)]
    traces = [
        synthetic.Sketch("thoughts-0", "thoughts", THOUGHTS),
        synthetic.long_sketch(N_STEPS, "steps-0"),
        synthetic.Sketch("wide-0", "wide", wide),
        synthetic.Sketch("formulas-0", "formulas", formulas),
        synthetic.unscored_sketch(),
    ]
    synthetic.build(path, traces)
    return start_server(path)


@pytest.fixture
def open_trace(visit: Callable[..., Page], thinking_server: Server) -> Callable[..., Page]:
    def go(trace: str, **query: str) -> Page:
        page = visit("trace", base=thinking_server.url, trace=trace, **query)
        expect(page.locator(".reader[data-ready]")).to_be_visible()
        return page

    return go


def labels(page: Page) -> list[str]:
    """The mark of every sentence, certain or not."""
    found: list[str] = page.locator(".reader .text").evaluate(
        "e => [...e.querySelectorAll('.s')].map(s => s.className.split(' ')[1])"
    )
    return found


def pixel(page: Page, canvas: str, x: float, y: float) -> list[int]:
    """The colour of a canvas at a place, from 0 to 1 across and in pixels down."""
    found: list[int] = page.locator(canvas).evaluate(
        """(c, [x, y]) => {
            const scale = c.width / c.clientWidth;
            return [...c.getContext('2d').getImageData(Math.floor(c.width * x), y * scale, 1, 1).data.slice(0, 3)];
        }""",
        [x, y],
    )
    return found


def tint(page: Page, key: str) -> list[int]:
    script = "(e, k) => getComputedStyle(e).getPropertyValue('--tint-' + k).trim()"
    value: str = page.locator(".reader").evaluate(script, key)
    return [int(value[i : i + 2], 16) for i in (1, 3, 5)]


# 1 Text


def test_thinking_and_answer_are_told_apart_and_the_text_stays_the_response(open_trace: Callable[..., Page]) -> None:
    page = open_trace("thoughts-0")
    parts = page.locator(".reader .part")
    expect(parts).to_have_count(2)
    expect(parts.nth(0)).to_have_attribute("aria-label", "Thinking · 7 sentences")
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
        assert "500,000 characters without width" in sentence(page, index).locator(".heap").evaluate(note)
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


# 5 Thresholds


@pytest.mark.parametrize("space", ["difference", "ratio"])
def test_dragging_a_handle_recolours_at_once_and_tells_the_server_when_let_go(
    open_trace: Callable[..., Page], space: str
) -> None:
    page = open_trace("steps-0", **({"space": space} if space == "ratio" else {}))
    handle = page.get_by_role("slider", name="β, threshold")
    start = handle.bounding_box()
    assert start is not None
    before = labels(page)
    x, y = start["x"] + start["width"] / 2, start["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 110, y, steps=5)
    # Teacher leads by 0.61, or by 1.36 nats: β now lies above.
    status = page.locator(".thresholds .status")
    expect(status).to_have_text(re.compile("^[0-9]+ sentences change"))
    changed = sum(a != b for a, b in zip(before, labels(page), strict=True))
    expect(status).to_have_text(re.compile(f"^{changed} sentences change"))
    assert changed > 0
    assert "beta" not in address(page)
    counted = page.locator('.legend [data-filter="Teacher"] .chip-n').inner_text()
    assert int(counted) == labels(page).count("m-teacher")
    page.mouse.up()
    page.wait_for_function("location.search.includes('beta=')")
    settle(page)
    value = float(handle.get_attribute("aria-valuenow") or "0")
    expect(page.get_by_label("β, exact")).to_have_value(f"{value:.4g}")
    assert f"beta={value:g}" in address(page)
    assert sum(a != b for a, b in zip(before, labels(page), strict=True)) == changed
    page.locator(".thresholds .reset").click()
    page.wait_for_function("!location.search.includes('beta=')")
    assert labels(page) == before


def test_the_handles_answer_to_keys(page_with_trace: Page) -> None:
    page = page_with_trace
    handle = page.get_by_role("slider", name="α, threshold")
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "0.055")
    page.wait_for_function("location.search.includes('alpha=0.055')")
    expect(page.get_by_label("α, exact")).to_have_value("0.055")


# 6 The joint chart in step


def test_text_and_chart_light_up_together(open_trace: Callable[..., Page]) -> None:
    page = open_trace("steps-0")
    chart = page.locator(".joint canvas")
    box = chart.bounding_box()
    assert box is not None
    chart.hover(position={"x": 200, "y": 50})
    expect(page.locator(".reader .s[data-lit]")).to_have_count(1)
    lit = int(page.locator(".reader .s[data-lit]").get_attribute("data-i") or -1)
    expect(page.locator(".reader .tip")).to_contain_text(f"sentence {lit + 1} of {N_STEPS}")
    expect(page.locator(".ribbon .lit")).to_be_visible()
    page.mouse.move(5, 5)
    expect(page.locator(".reader .s[data-lit]")).to_have_count(0)
    image = "c => c.toDataURL()"
    before = chart.evaluate(image)
    sentence(page, 4).hover()
    page.wait_for_function("performance.now()")
    assert chart.evaluate(image) != before
    chart.click(position={"x": 200, "y": 50})
    expect(sentence(page, lit)).to_have_attribute("data-flash", "")
    expect(sentence(page, lit)).to_have_attribute("aria-current", "true")


def test_the_chart_follows_the_text(open_trace: Callable[..., Page]) -> None:
    page = open_trace("steps-0")
    expect(page.locator(".joint .of")).to_have_text(re.compile("^sentences 1–[0-9]+ of 400$"))
    page.locator(".reader .text").evaluate("e => { e.scrollTop = e.scrollHeight }")
    expect(page.locator(".joint .of")).to_have_text(re.compile("^sentences [0-9]+–400 of 400$"))


# 7 Keys


def test_every_key_does_what_the_help_says(open_trace: Callable[..., Page]) -> None:
    page = open_trace("steps-0")
    # Nothing is focused: the keys work all the same.
    page.keyboard.press("j")
    expect(sentence(page, 0)).to_be_focused()
    page.keyboard.press("n")
    expect(sentence(page, 4)).to_be_focused()
    page.keyboard.press("p")
    expect(sentence(page, 0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(sentence(page, 0)).to_be_focused()
    page.keyboard.press("End")
    expect(sentence(page, N_STEPS - 1)).to_be_focused()
    expect(sentence(page, N_STEPS - 1)).to_be_in_viewport()
    page.keyboard.press("g")
    page.keyboard.type("9999")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Go to sentence number")).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("200")
    page.keyboard.press("Enter")
    expect(sentence(page, 199)).to_be_focused()
    expect(sentence(page, 199)).to_be_in_viewport()
    page.keyboard.press("?")
    panel = page.get_by_role("dialog", name="Keys of the reader")
    expect(panel).to_be_visible()
    shown = panel.locator("kbd").all_inner_texts()
    assert {"j", "k", "n", "p", "[", "]", "1", "4", "/", "g", "m", "?", "Esc", "Enter"} <= set(shown)
    assert not {"r", "c"} & set(shown)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(sentence(page, 199)).to_be_focused()


def test_brackets_lead_to_other_traces(open_trace: Callable[..., Page]) -> None:
    page = open_trace("thoughts-0")
    page.keyboard.press("]")
    expect(page.locator(".reader .s")).to_have_count(N_STEPS)
    page.wait_for_function("location.search.includes('trace=steps-0')")
    page.keyboard.press("[")
    expect(page.locator(".reader .s")).to_have_count(len(THOUGHTS))


def test_a_drag_of_numbers_costs_nothing_while_closed(page_with_trace: Page) -> None:
    page = page_with_trace
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    page.get_by_text("Numbers and figure").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    expect(page.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(3)
    page.wait_for_function("location.search.includes('numbers=')")


# Light and dark, wide and narrow


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_layout(open_trace: Callable[..., Page], page: Page, mode: Literal["light", "dark"], width: int) -> None:
    page.emulate_media(color_scheme=mode)
    page.set_viewport_size({"width": width, "height": 800})
    open_trace("steps-0", sentence="3")
    expect(page.locator(".reader")).to_have_attribute("data-mode", mode)
    expect(page.locator(".side .token").first).to_be_attached()
    text, side = page.locator(".reader .text").bounding_box(), page.locator(".side").bounding_box()
    assert text is not None and side is not None
    if width == 1280:
        assert side["x"] >= text["x"] + text["width"] and abs(side["y"] - text["y"]) < 2
    else:
        assert side["y"] >= text["y"] + text["height"]
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.locator(".reader").evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    # The canvases follow the theme: the first cell has the tint of its mode.
    assert pixel(page, ".ribbon canvas", 0.0005, 16) == tint(page, "teacher")
    found = Axe().run(page, context=".stApp", options={"runOnly": ["wcag2a", "wcag2aa"]})
    serious = [v["id"] for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []


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


def test_a_long_trace_is_quick_and_little_is_sent_again(visit: Callable[..., Page], page: Page) -> None:
    received: list[int] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: received.append(len(data))))
    visit("trace", trace="long-000-s0", sentence="1500")
    expect(page.locator(".reader .s")).to_have_count(2000)
    current = page.locator('.reader [aria-current="true"]')
    expect(current).to_have_attribute("data-i", "1499")
    expect(current).to_be_in_viewport()
    response = "".join(text for text, _ in synthetic.long_sketch(2000).sentences)
    shown = page.locator(".reader .text").evaluate("e => e.textContent")
    assert shown == response
    settle(page)
    page.wait_for_timeout(500)
    received.clear()
    sentence(page, 1501).click()
    page.wait_for_function("location.search.includes('sentence=1502')")
    settle(page)
    page.wait_for_timeout(500)
    print("bytes", sum(received), sorted(received)[-6:])
