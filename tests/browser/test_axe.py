"""Every page in both themes under axe-core: nothing serious, nothing critical. Pages are found, not listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import standalone_html
from tests.browser.conftest import ROOT, settle

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("[!_]*.py"))
# What a page needs to show more than its invitation.
QUERIES = {
    "trace": {"trace": "shop-005-s0", "sentence": "2"},
    "compare": {"pair": "2"},
    "find": {"q": "12"},
    "patterns": {"how": "text", "value": "12"},
}
GRAVE = ("serious", "critical")
_STILL = """Promise.all(
  document.getAnimations()
    .filter((a) => a.effect.getComputedTiming().iterations !== Infinity)
    .map((a) => a.finished.catch(() => {})),
)"""


def grave(page: Page) -> list[str]:
    """The grave violations, each as one line."""
    found = Axe().run(page).response["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['help']}: {node['html'][:200]}"
        for item in found
        if item["impact"] in GRAVE
        for node in item["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_grave_violation(visit: Callable[..., Page], page: Page, name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    visit("" if name == "overview" else name, **QUERIES.get(name, {}))
    expect(page.get_by_test_id("stMainBlockContainer")).not_to_be_empty()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    settle(page)
    # Whatever is being replaced or fades in is paler than it will be.
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    page.evaluate(_STILL)
    assert grave(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_grave_violation_in_a_saved_page(page: Page, database: Path, tmp_path: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    path = tmp_path / "saved.html"
    with open_reader(database) as reader:
        run = reader.run(None)
        path.write_text(standalone_html(reader, run, load_trace_view(reader, run, 6, LabelRule.make())))
    page.goto(path.as_uri())
    page.locator('.reader .s[data-i="1"]').click()
    expect(page.locator(".reader .side")).to_contain_text("Tokens")
    # The page's own policy keeps scripts out, and so axe too: for this look it is taken away.
    content = path.read_text()
    start, end = content.index("<meta http-equiv"), content.index("<meta name=")
    path.write_text(content[:start] + content[end:])
    page.goto(path.as_uri())
    page.locator('.reader .s[data-i="1"]').click()
    expect(page.locator(".reader .side")).to_contain_text("Tokens")
    assert grave(page) == []
