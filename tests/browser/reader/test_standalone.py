"""A saved trace, opened from the disk without a network: the same reader, the run's card, and paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import standalone_html
from tests.browser.conftest import Server

TRACE = "shop-005-s0"


@pytest.fixture(scope="module")
def saved(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace as a file."""
    path = tmp_path_factory.mktemp("saved") / "trace.html"
    with open_reader(database) as reader:
        run = reader.run(None)
        view = load_trace_view(reader, run, reader.trace_no(run, TRACE), LabelRule.make())
        path.write_text(standalone_html(reader, run, view))
    return path


@pytest.fixture
def offline(page: Page, saved: Path) -> Iterator[Page]:
    """The file in a browser without a network; any error of the page fails the test."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.context.set_offline(True)
    page.goto(saved.as_uri())
    expect(page.locator(".reader .s")).to_have_count(11)
    yield page
    page.context.set_offline(False)
    assert errors == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark")])
def test_it_looks_and_works_as_in_the_app(
    page: Page, saved: Path, visit: Callable[..., Page], server: Server, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    look = "nodes => nodes.map(n => [n.className, getComputedStyle(n).backgroundColor, n.textContent])"
    visit("trace", trace=TRACE)
    expect(page.locator(".reader .s")).to_have_count(11)
    in_app = page.locator(".reader .s").evaluate_all(look)
    page.goto(saved.as_uri())
    expect(page.locator(".reader")).to_have_attribute("data-mode", scheme)
    assert page.locator(".reader .s").evaluate_all(look) == in_app
    page.locator('.reader .s[data-i="1"]').hover()
    expect(page.locator(".reader .tip")).to_contain_text("pT − pS = 0.610 > β = 0.100")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_pinning_shows_tokens_without_a_server(offline: Page) -> None:
    offline.locator('.reader .s[data-i="1"]').click()
    expect(offline.locator(".reader .side")).to_contain_text("sentence 2 of 11")
    expect(offline.locator(".reader .side .strip-row")).not_to_have_count(0)
    offline.keyboard.press("Escape")
    expect(offline.locator('.reader [aria-current="true"]')).to_have_count(0)


def test_the_legend_filters_and_a_threshold_recolours(offline: Page) -> None:
    offline.locator(".chip", has_text="Teacher").click()
    expect(offline.locator(".chip", has_text="Teacher")).to_have_attribute("aria-pressed", "true")
    before = offline.locator(".reader .s.m-teacher").count()
    offline.get_by_role("slider", name="β").first.focus()
    for _ in range(8):
        offline.keyboard.press("PageUp")
    expect(offline.locator("#rule")).not_to_contain_text("β = 0.1")
    assert before > 0


def test_formulas_are_rendered_from_the_file(offline: Page) -> None:
    offline.get_by_role("button", name="Show formulas rendered").click()
    expect(offline.locator(".reader math")).to_have_count(1)
    offline.get_by_role("button", name="Show formulas rendered").click()
    expect(offline.locator(".reader math")).to_have_count(0)


def test_the_card_tells_how_it_was_made(offline: Page) -> None:
    made = offline.get_by_role("region", name="How this was made")
    for text in ("data/teacher", "sha256:tttt", "float32", "tok-a", "synthetic 1", "own_token, difference"):
        expect(made).to_contain_text(text)
    for text in ("0123456789abcdef", "α = 0.05, β = 0.1", "text hash"):
        expect(made).to_contain_text(text)
    expect(offline.get_by_role("region", name="Question and answer")).to_contain_text("Ann has 7 apples")


def test_the_policy_lets_one_script_run_and_nothing_else(saved: Path, page: Page) -> None:
    text = saved.read_text()
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert len(policy) == 1
    assert policy[0].replace("&#x27;", "'").startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[0] and "http" not in policy[0]
    # Nothing is loaded: the only addresses are names of XML namespaces.
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}
    page.goto(saved.as_uri())
    expect(page.locator(".reader .s")).to_have_count(11)
    page.evaluate(
        "() => { const node = document.createElement('script'); "
        "node.textContent = 'window.owned = 1'; document.body.append(node); }"
    )
    assert page.evaluate("window.owned ?? null") is None


def test_on_paper_the_whole_text_is_there_with_marks(offline: Page) -> None:
    offline.emulate_media(media="print", color_scheme="dark")
    offline.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in (".top", ".ribbon", ".tools", ".side"):
        expect(offline.locator(f".reader {hidden}")).to_be_hidden()
    assert offline.locator(".reader .text").evaluate("e => e.scrollHeight - e.clientHeight") <= 1
    mark = "e => [getComputedStyle(e, '::before').content, getComputedStyle(e).textDecorationStyle]"
    marks = {tuple(node.evaluate(mark)) for node in offline.locator(".reader .s").all()}
    # Letter and underline tell every label, whatever the printer makes of the colours.
    assert len(marks) >= 5
    assert len({underline for _, underline in marks}) >= 4
    assert offline.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(offline.pdf()) > 10_000


def test_the_trace_page_offers_the_file(visit: Callable[..., Page], saved: Path) -> None:
    page = visit("trace", trace=TRACE)
    expect(page.locator(".reader .s")).to_have_count(11)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as one HTML file").click()
    assert download.value.suggested_filename == f"trace-{TRACE}.html"
    assert Path(download.value.path()).read_text() == saved.read_text()


def test_a_trace_without_scores_and_one_that_is_long(database: Path, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "long.html"
    with open_reader(database) as reader:
        run = reader.run(None)
        view = load_trace_view(reader, run, reader.trace_no(run, "long-000-s0"), LabelRule.make())
        path.write_text(standalone_html(reader, run, view))
    page.goto(path.as_uri())
    expect(page.locator(".reader .s")).to_have_count(2000)
    page.locator('.reader .s[data-i="3"]').click()
    expect(page.locator(".reader .side")).to_contain_text("sentence 4 of 2")


def test_a_notebook_that_lays_its_frame_out_late_shows_the_whole_text(page: Page, saved: Path) -> None:
    frame = f'<iframe sandbox="allow-scripts" srcdoc="{escape(saved.read_text())}" width="1100" height="720"></iframe>'
    page.set_content(f"<div id=cell style='display: none'>{frame}</div>")
    text = page.frame_locator("iframe").locator(".reader .text")
    expect(text.locator(".s")).to_have_count(11)
    page.locator("#cell").evaluate("cell => (cell.style.display = 'block')")
    expect(text).to_be_visible()
    page.wait_for_function("() => document.querySelector('iframe').clientWidth > 0")
    expect(text.locator('.s[data-i="10"]')).to_be_in_viewport()
    assert text.evaluate("box => box.clientHeight >= box.scrollHeight - 1")
