"""What the reader says of training texts: a line, two texts side by side, a colour; in a file that works alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import standalone_html
from tests.browser.test_axe import grave
from tests.support import synthetic
from tests.support.companions import overlap

SENTENCES = [
    ("Let me see. ", "Teacher"),
    ("Now we add 5 to 𝟕 here. ", "Student"),
    ("Nobody wrote this before. ", "Shared"),
    ("<think>\n", "Shared"),
    ("12.", "Boosted"),
]
CLASSES: list[str | None] = ["copied", "template", "new", None, None]
ATTACK = f"Now we add 6 to 𝟕 <img src={synthetic.ELSEWHERE}/x onerror=alert(1)>."
START = len(SENTENCES[0][0])
NEAREST = {
    (0, 0): ("Let me see.", (0, 11)),
    (0, 1): (ATTACK, (START, START + len("Now we add"))),
    (0, 2): ("Nobody wrote that.", None),
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    database, path = tmp_path / "run.duckdb", tmp_path / "trace.html"
    sketches = [synthetic.Sketch("t", "q", SENTENCES)]
    synthetic.build(database, sketches)
    overlap.insert(database, sketches, [CLASSES], NEAREST)
    with open_reader(database) as reader:
        run = reader.run(None)
        path.write_text(standalone_html(reader, run, load_trace_view(reader, run, 0, LabelRule.make())))
    return path


def test_the_card_says_how_often_a_sentence_was_seen_and_shows_both_texts(page: Page, saved: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(saved.as_uri())
    card = page.locator(".reader .side")
    lines = [
        ["Training = copied: seen 12 times in training, 3 in this wording"],
        ["Training ≈ template: seen 9 times in training, never in this wording"],
        ["Training + new: not seen in training, with any numbers, names or formulas"],
        [],
        [],
    ]
    for index, expected in enumerate(lines):
        page.locator(f'.reader .s[data-i="{index}"]').click()
        expect(card.locator(".facts")).to_contain_text(f"{index + 1} of 5")
        expect(card.locator(".tip-answer")).to_have_text(expected)
        expect(card.locator(".training")).to_have_count(int((0, index) in NEAREST))

    page.locator('.reader .s[data-i="0"]').click()
    # The same text twice would say nothing.
    expect(card.locator(".training-text")).to_have_count(0)
    expect(card.locator(".training-where")).to_have_text("It stands in record 1 (rec-0), sentence 1.")

    page.locator('.reader .s[data-i="1"]').click()
    own, near = card.locator(".training-text").all()
    assert own.text_content() == SENTENCES[1][0].rstrip()
    expect(near).to_have_text(ATTACK)
    assert own.locator(".verbatim").all_inner_texts() == ["Now we add"]
    assert own.locator(".unlike").all_inner_texts() == ["5", "here."]
    assert near.locator(".unlike").all_inner_texts()[0] == "6"
    assert "𝟕" not in "".join(own.locator(".unlike").all_inner_texts())
    expect(card.locator(".training-where")).to_have_text(
        [
            "Nearest: record 8 (rec-1), sentence 2; 2 times in all.",
            "Underlined: its longest stretch word for word, 3 words, also there.",
        ]
    )
    assert near.locator("img").count() == 0 and [url for url in asked if not url.startswith("file:")] == []

    page.locator('.reader .s[data-i="2"]').click()
    expect(card.locator(".training-where")).to_have_text(["Nearest: record 15 (rec-2), sentence 3; 3 times in all."])
    expect(page.locator("section dl")).to_contain_text(["training texts<b>sft</b>.jsonl: 40 records, 400 sentences"])


def test_training_is_a_way_to_colour(page: Page, saved: Path) -> None:
    page.goto(saved.as_uri())
    page.get_by_role("button", name="training", exact=True).click()
    classes = page.evaluate("[...document.querySelectorAll('.reader .s')].map((span) => span.className)")
    names = [
        "s m-none" if name is None else f"s by-answer a-training-{name} c-{overlap.CLASSES.index(name) + 1}"
        for name in CLASSES
    ]
    assert [" ".join(found.split()) for found in classes] == names
    expect(page.locator(".legend .chip-name")).to_have_text(["copied", "template", "new", "no class"])
    expect(page.locator(".legend")).to_have_attribute("aria-label", re.compile("Classes by the training texts"))
    page.locator(".legend .chip", has_text="template").click()
    opacity = page.evaluate("[...document.querySelectorAll('.reader .s')].map((s) => getComputedStyle(s).opacity)")
    assert [value == "1" for value in opacity] == [name == "template" for name in CLASSES]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_grave_violation_with_both_texts_in_sight(page: Page, tmp_path: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    long = "A long sentence has many words, and a box in which it scrolls. " * 12
    sketches = [synthetic.Sketch("t", "q", [(long, "Teacher"), ("12.", "Shared"), (SENTENCES[2][0], "Student")])]
    database, path = tmp_path / "run.duckdb", tmp_path / "trace.html"
    synthetic.build(database, sketches)
    overlap.insert(database, sketches, [["template", "copied", "new"]], {(0, 0): (long.upper(), (0, 15))})
    with open_reader(database) as reader:
        run = reader.run(None)
        path.write_text(standalone_html(reader, run, load_trace_view(reader, run, 0, LabelRule.make())))
    page.goto(path.as_uri())
    page.get_by_role("button", name="training", exact=True).click()
    page.locator('.reader .s[data-i="0"]').click()
    expect(page.locator(".training-text")).to_have_count(2)
    assert grave(page) == []
