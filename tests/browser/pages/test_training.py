"""The training page in a browser: every look, and from a cell of the turns through a click to the sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.test_stats_pages import graded
from tests.browser.conftest import Server, settle
from tests.browser.pages.test_stats_pages import SIDEWAYS, click_middle, read_the_first
from tests.support import companions, synthetic

KEYS = ("checkpoint:200", "checkpoint:400", "checkpoint:700")


@pytest.fixture(scope="module")
def training_server(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    path = tmp_path_factory.mktemp("db") / "training.duckdb"
    companions.build(path, [*graded(), synthetic.hostile_sketch()], KEYS)
    return start_server(path)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_every_look(visit: Callable[..., Page], training_server: Server, page: Page, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    visit("training", base=training_server.url, split="benchmark")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_text("When did sentences turn?")).to_be_visible()
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_cell_leads_to_its_sentences(visit: Callable[..., Page], training_server: Server, page: Page) -> None:
    visit("training", base=training_server.url)
    figure = page.locator(".st-key-turns")
    # The cells are drawn in order: labels, and in each the times. Gained since 400 is the third.
    click_middle(page, figure.locator(".scatterlayer .point").nth(2))
    settle(page)
    # The cell's own hover text says the same.
    expect(page.locator("strong", has_text="to the end, at step 400 for the first time")).to_be_visible()
    read_the_first(page)
