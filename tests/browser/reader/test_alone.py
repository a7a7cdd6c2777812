"""The reader without Streamlit: a plain page, two readers on it, parts in any order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.reader.payload import SCRIPT, STYLE, ReaderState, labels_payload, text_payload
from tests.support import synthetic

_PAGE = "<!DOCTYPE html><style>{style}</style><main><div id=one></div><div id=two></div></main>"
_LOAD = """async (script) => {
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  globalThis.heard = [];
  globalThis.bring = (id, json) => {
    const setTriggerValue = (trigger, value) => heard.push([id, trigger, value]);
    return module.default({ data: JSON.parse(json), parentElement: document.getElementById(id), setTriggerValue });
  };
}"""


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[TraceView]:
    path = tmp_path_factory.mktemp("db") / "two.duckdb"
    synthetic.build(path, [synthetic.long_sketch(30, "a-0"), synthetic.long_sketch(50, "b-0")])
    with open_reader(path) as reader:
        return [load_trace_view(reader, reader.run(None), number, LabelRule.make()) for number in (0, 1)]


@pytest.fixture
def two(shared_context: BrowserContext, views: list[TraceView]) -> Iterator[Page]:
    page = shared_context.new_page()
    page.set_content(_PAGE.format(style=STYLE))
    page.evaluate(_LOAD, SCRIPT)
    for name, view in zip(("one", "two"), views, strict=True):
        # Labels first: a part waits for the other.
        state = ReaderState(features=("joint", "thresholds", "card", "search"), has_link=False)
        bring(page, name, labels_payload(view, name, state, name))
        bring(page, name, text_payload(view, name, name))
    expect(page.locator(".reader[data-ready]")).to_have_count(2)
    yield page
    page.close()


def bring(page: Page, name: str, payload: dict[str, object]) -> None:
    page.evaluate("([id, json]) => { bring(id, json) }", [name, json.dumps(payload)])


def reader(page: Page, name: str) -> Locator:
    return page.locator(f"#{name} .reader")


def test_marks_stand_between_sentences_and_carry_no_label(two: Page, tmp_path: Path) -> None:
    path = tmp_path / "marks.duckdb"
    synthetic.build(
        path, [synthetic.Sketch("t", "q", [("<think>\n", "Teacher"), ("Hm. ", "Teacher"), ("Two.", "Shared")])]
    )
    shown = reader(two, "one")
    for counts, title in ((False, "Mark of format"), (True, "Teacher")):
        with open_reader(path) as opened:
            view = load_trace_view(opened, opened.run(None), 0, LabelRule.make(marks=counts))
        state = ReaderState(features=(), has_link=False)
        bring(two, "one", labels_payload(view, f"k{counts}", state, "one"))
        bring(two, "one", text_payload(view, f"k{counts}", "one"))
        expect(shown.locator('[data-filter="Teacher"] .chip-n')).to_have_text(str(1 + counts))
        expect(shown.locator('[data-filter="Unscored"]')).to_be_hidden()
        mark = shown.locator(".s[data-mark]")
        expect(mark).to_have_text("<think>")
        mark.hover()
        expect(shown.locator(".tip .tip-label")).to_have_text(title)
        two.mouse.move(0, 0)


def test_two_readers_keep_apart(two: Page) -> None:
    one, other = reader(two, "one"), reader(two, "two")
    expect(one.locator(".s")).to_have_count(30)
    expect(other.locator(".s")).to_have_count(50)
    assert one.evaluate("e => e.dataset.mode") == "light"
    one.locator('[data-filter="Student"]').click()
    expect(one.locator(".text")).to_contain_class("only")
    expect(other.locator(".text")).not_to_contain_class("only")
    # The keys belong to the reader that was used last.
    other.locator('.s[data-i="3"]').click()
    two.evaluate("document.activeElement.blur()")
    two.keyboard.press("j")
    expect(other.locator('.s[data-i="4"]')).to_be_focused()
    expect(one.locator(".side")).to_contain_text("No sentence is pinned")
    ids = two.locator(".tip").evaluate_all("nodes => nodes.map(n => n.id)")
    assert len(set(ids)) == 2


def test_triggers_name_their_trace_and_a_threshold_stays_without_a_server(two: Page) -> None:
    one = reader(two, "one")
    one.locator('.s[data-i="2"]').click()
    handle = one.get_by_role("slider", name="β, threshold")
    handle.focus()
    two.keyboard.press("PageUp")
    heard = two.evaluate("heard.map(([id, trigger, value]) => [id, trigger, value.key, value.index, value.beta])")
    assert heard == [["one", "pick", "one", 2, None], ["one", "thresholds", "one", None, 0.12]]
    expect(one.locator(".side")).to_contain_text("sentence 3 of 30")
    expect(one.get_by_role("button", name="Copy link")).to_have_count(0)
    expect(one.locator(".status")).to_contain_text("0 sentences")
    one.locator(".reset").click()
    expect(handle).to_have_attribute("aria-valuenow", "0.1")


def test_a_part_that_comes_late_changes_nothing_that_was_chosen_meanwhile(two: Page, views: list[TraceView]) -> None:
    one = reader(two, "one")
    for index in (4, 9):
        one.locator(f'.s[data-i="{index}"]').click()
    first, second = two.evaluate("heard.map(([id, trigger, value]) => value.at)")
    late = ReaderState(selected=4, answers=first)
    bring(two, "one", labels_payload(views[0], "one", late, "one"))
    expect(one.locator('[aria-current="true"]')).to_have_attribute("data-i", "9")
    bring(two, "one", labels_payload(views[0], "one", ReaderState(selected=9, answers=second), "one"))
    expect(one.locator('[aria-current="true"]')).to_have_attribute("data-i", "9")
    # Another trace under the same name: nothing is left of the old one.
    bring(two, "one", text_payload(views[1], "new", "one"))
    expect(one.locator(".s")).to_have_count(30)
    bring(two, "one", labels_payload(views[1], "new", ReaderState(selected=1), "one"))
    expect(one.locator(".s")).to_have_count(50)
    expect(one.locator('[aria-current="true"]')).to_have_attribute("data-i", "1")
    # Equal text in a new object keeps the place. A sentence that is brought into view moves for the last time after two
    # frames.
    two.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")
    one.locator(".text").evaluate("e => { e.scrollTop = 200 }")
    bring(two, "one", text_payload(views[1], "new", "one"))
    assert one.locator(".text").evaluate("e => e.scrollTop") == 200


def test_a_reader_goes_when_it_is_taken_away(two: Page, views: list[TraceView], tmp_path: Path) -> None:
    payload = json.dumps(text_payload(views[0], "one", "one"))
    two.evaluate(
        "([id, json]) => { const stale = bring(id, json); globalThis.away = bring(id, json); stale(); }",
        ["one", payload],
    )
    # What a later mount replaced takes nothing away.
    expect(reader(two, "one").locator(".s")).to_have_count(30)
    two.evaluate("away()")
    expect(reader(two, "one")).to_have_count(0)
    expect(reader(two, "two").locator(".s")).to_have_count(50)
    two.keyboard.press("j")
    expect(reader(two, "two").locator('.s[data-i="0"]')).to_be_focused()


def test_what_is_not_scored_or_empty_shows_no_empty_charts(two: Page, tmp_path: Path) -> None:
    path = tmp_path / "unscored.duckdb"
    traces = [
        synthetic.Sketch("later-0", "later", [("Not yet. ", "Teacher")]),
        synthetic.Sketch("empty-0", "empty", []),
    ]
    synthetic.build(path, traces, n_scored=0, finish=False)
    one = reader(two, "one")
    with open_reader(path) as opened:
        for number, shown in ((0, True), (1, False)):
            view = load_trace_view(opened, opened.run(None), number, LabelRule.make())
            bring(two, "one", text_payload(view, f"k{number}", "one"))
            bring(two, "one", labels_payload(view, f"k{number}", None, "one"))
            expect(one).to_have_attribute("data-ready", f"k{number}")
            expect(one.locator(".joint")).to_be_hidden()
            expect(one.locator(".thresholds")).to_be_hidden()
            expect(one.locator(".ribbon")).to_be_visible(visible=shown)
            expect(one.locator(".s.m-none")).to_have_count(int(shown))
    two.keyboard.press("j")
    two.keyboard.press("?")
