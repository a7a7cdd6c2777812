"""What the reader says of how much the answer depends on a sentence, in a file that works alone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import standalone_html
from tests.support import synthetic
from tests.support.companions import importance

SENTENCES = [("One. ", "Teacher"), ("Two. ", "Student"), ("Three. ", "Shared"), ("Four. ", "Boosted"), ("5.", "Shared")]
DROPS: list[float | None] = [1.62, -0.4, 0.001, None, None]


def test_a_sentence_says_what_the_answer_loses_without_it(page: Page, tmp_path: Path) -> None:
    database, saved = tmp_path / "run.duckdb", tmp_path / "trace.html"
    synthetic.build(database, [synthetic.Sketch("t", "q", SENTENCES)])
    start = len("".join(text for text, _ in SENTENCES[:-1]))
    replaced: list[float | None] = [12.34, *DROPS[1:]]
    importance.insert(database, [(0, "replacement", start, replaced, None), (0, "deletion", start, DROPS, None)])
    with open_reader(database) as reader:
        run = reader.run(None)
        saved.write_text(standalone_html(reader, run, load_trace_view(reader, run, 0, LabelRule.make())))
    page.goto(saved.as_uri())
    expected = [
        [
            "Without it the answer loses 1.6 nats (deletion)",
            "With another sentence in its place the answer loses 12.3 nats (replacement)",
        ],
        [
            "Without it the answer gains 0.40 nats (deletion)",
            "With another sentence in its place the answer gains 0.40 nats (replacement)",
        ],
        [
            "Without it the answer is as likely (deletion)",
            "With another sentence in its place the answer is as likely (replacement)",
        ],
        [],
        [],
    ]
    for index, lines in enumerate(expected):
        page.locator(f'.reader .s[data-i="{index}"]').click()
        card = page.locator(".reader .side .facts")
        expect(card).to_contain_text(f"sentence {index + 1} of 5")
        expect(card.locator(".tip-answer")).to_have_text(lines)
