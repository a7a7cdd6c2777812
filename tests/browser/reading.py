"""Traces that the reader is tested with, and ways to look at what it shows."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.support import synthetic

TRACE = "shop-005-s0"
"""Of the database that all browser tests share."""

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


def build_traces(path: Path) -> None:
    """Thinking and answer, formulas, attacks on size."""
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


def sentence(page: Page, index: int) -> Locator:
    return page.locator(f'.reader .s[data-i="{index}"]')


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


def undimmed(page: Page) -> list[int]:
    """The sentences that the legend's choice leaves as they are."""
    found: list[int] = page.locator(".reader .text").evaluate(
        "e => [...e.querySelectorAll('.s')].filter(s => getComputedStyle(s).opacity === '1').map(s => +s.dataset.i)"
    )
    return found
