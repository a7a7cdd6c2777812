"""What the reader does: handles of the thresholds, the chart in step, keys, and its layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import address, settle
from tests.browser.reading import N_STEPS, THOUGHTS, labels, pixel, sentence, tint

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
