"""Colouring by attribution instead of label, and the further models in the card: the reader on a plain page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.others import OtherView, load_others
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.reader.answers import SentenceAnswers
from rdpt_core.ui.components.reader.evidence import SentenceEvidence
from rdpt_core.ui.components.reader.payload import (
    SCRIPT,
    STYLE,
    Extras,
    ReaderState,
    labels_payload,
    text_payload,
)
from rdpt_core.ui.style.sources import AnswerLooks
from tests.browser.reader.test_alone import _LOAD
from tests.support import companions, synthetic

NAMES = ("math", "code", "student", "several", "none")
CODES = np.array([0, 1, 2, 2, 3, 4, 5], dtype=np.uint8)
WORDS = (None, "math", "code", "code", "the student", "math or code", "none of these")
_PAGE = "<!DOCTYPE html><style>{style}</style><main><div id=one></div></main>"


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> tuple[TraceView, tuple[OtherView, ...]]:
    """Seven sentences, and what further models make of them."""
    path = tmp_path_factory.mktemp("db") / "several.duckdb"
    companions.build(path, synthetic.sketches(2))
    with open_reader(path) as reader:
        run = reader.run(None)
        number, rule = reader.trace_no(run, "shop-001-s0"), LabelRule.make()
        return load_trace_view(reader, run, number, rule), load_others(reader, run, number, rule)


def answers(codes: np.ndarray[tuple[int], np.dtype[np.uint8]] = CODES) -> SentenceAnswers:
    looks = AnswerLooks(NAMES[:2])
    posterior = np.full((len(codes), 4), 0.25)
    letters = tuple(looks.letters()[name] for name in NAMES)
    return SentenceAnswers(
        NAMES,
        tuple(map(looks.key, NAMES)),
        letters,
        codes,
        WORDS,
        ("math", "code", "student", "none of these"),
        posterior,
    )


@pytest.fixture
def bring(
    shared_context: BrowserContext, trace: tuple[TraceView, tuple[OtherView, ...]]
) -> Iterator[Callable[[Extras], Page]]:
    """A page with the reader of that trace, the third sentence pinned; bringing again changes it."""
    page = shared_context.new_page()
    page.set_content(_PAGE.format(style=STYLE))
    page.evaluate(_LOAD, SCRIPT)

    def go(extras: Extras) -> Page:
        view, _ = trace
        state = ReaderState(selected=2, features=("joint", "thresholds", "card", "search"), has_link=False)
        for payload in (labels_payload(view, "k", state), text_payload(view, "k", extras=extras)):
            page.evaluate("(json) => { bring('one', json) }", json.dumps(payload))
        expect(page.locator(".reader[data-ready]")).to_have_count(1)
        return page

    yield go
    page.close()


def _classes(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('.s')].map((span) => span.className)")
    return found


def test_the_switch_colours_by_attribution_and_back(bring: Callable[[Extras], Page]) -> None:
    page = bring(Extras(answers=answers()))
    by_label = _classes(page)
    assert by_label[2] == "s m-student"
    page.get_by_role("button", name="attribution").click()
    assert _classes(page) == [
        "s m-none",
        "s by-answer a-source-1 c-1",
        "s by-answer a-source-2 c-2",
        "s by-answer a-source-2 c-2",
        "s by-answer a-student c-3",
        "s by-answer a-several c-4",
        "s by-answer a-nobody c-5",
    ]
    letters = page.evaluate(
        "[...document.querySelectorAll('.s')].map((span) => getComputedStyle(span, '::before').content)"
    )
    assert letters == [f'"{letter}"' for letter in "–MCCS&∅"]
    expect(page.locator(".legend .chip-name")).to_have_text([*NAMES, "unscored"])
    expect(page.locator(".legend .chip-n")).to_have_text(["1", "2", "1", "1", "1", "1"])
    page.get_by_role("button", name="label", exact=True).click()
    assert _classes(page) == by_label


def test_the_tints_of_different_answers_differ(bring: Callable[[Extras], Page]) -> None:
    page = bring(Extras(answers=answers()))
    page.get_by_role("button", name="attribution").click()
    tints = page.evaluate(
        "[...document.querySelectorAll('.s.by-answer')].map((span) => getComputedStyle(span).backgroundColor)"
    )
    assert len(set(tints)) == len(NAMES)


def test_a_chip_isolates_the_sentences_of_an_answer(bring: Callable[[Extras], Page]) -> None:
    page = bring(Extras(answers=answers()))
    page.get_by_role("button", name="attribution").click()
    page.locator(".legend .chip", has_text="code").click()
    opacity = page.evaluate("[...document.querySelectorAll('.s')].map((span) => getComputedStyle(span).opacity)")
    assert [value == "1" for value in opacity] == [code == 2 for code in CODES]
    # The other way of colouring begins without a choice.
    page.get_by_role("button", name="label", exact=True).click()
    expect(page.locator(".text.only")).to_have_count(0)


def test_another_answer_is_painted_and_none_takes_the_switch_away(bring: Callable[[Extras], Page]) -> None:
    page = bring(Extras(answers=answers()))
    page.get_by_role("button", name="attribution").click()
    bring(Extras(answers=answers(CODES[::-1].copy())))
    assert _classes(page)[0] == "s by-answer a-nobody c-5"
    bring(Extras())
    expect(page.locator(".colour-by")).to_be_hidden()
    assert _classes(page)[2] == "s m-student"
    expect(page.locator(".legend .chip-name").first).to_have_text("Teacher")


def test_the_card_says_whose_a_sentence_is_and_what_every_model_makes_of_it(
    bring: Callable[[Extras], Page], trace: tuple[TraceView, tuple[OtherView, ...]]
) -> None:
    page = bring(Extras(teacher="math", others=trace[1], answers=answers()))
    expect(page.locator(".side .tip-answer")).to_have_text("Attribution C code")
    expect(page.locator(".whose-grid .tip-n")).to_have_text(["0.25"] * 4)
    expect(page.locator(".side .facts .tip-role")).to_have_text(["teacher math", "student", "distilled"])
    expect(page.locator(".others .tip-role")).to_have_text(["code", "decoy", "200", "400"])
    expect(page.locator(".others .others-group")).to_have_text(["Other teachers", "Controls", "Checkpoints"])
    # A Student sentence.
    numbers = page.locator(".others .tip-n").all_inner_texts()
    assert numbers[0::3] == [
        f"{companions.probability(key, 'Student'):.3f}"
        for key in ("teacher:code", "control:decoy", "checkpoint:200", "checkpoint:400")
    ]


EVIDENCE = SentenceEvidence(
    np.array([0, 1, 2, 3, 4, 4, 1], dtype=np.uint8), (None, *(f"in {k} of 20 references as high" for k in range(6)))
)


def test_evidence_is_a_third_way_to_colour(bring: Callable[[Extras], Page]) -> None:
    page = bring(Extras(answers=answers(), evidence=EVIDENCE))
    by_label = _classes(page)
    page.get_by_role("button", name="evidence").click()
    steps = ("strong", "found", "weak", "none", "none", "strong")
    codes = (1, 2, 3, 4, 4, 1)
    assert _classes(page) == [
        "s m-none",
        *(f"s by-answer a-evidence-{step} c-{code}" for step, code in zip(steps, codes, strict=True)),
    ]
    tints = page.evaluate(
        "[...document.querySelectorAll('.s.by-answer')].map((span) => getComputedStyle(span).backgroundColor)"
    )
    assert len(set(tints)) == 4
    expect(page.locator(".legend .chip-name")).to_have_text(
        ["found at 1%", "found at 5%", "p ≤ 0.05, not found", "no evidence", "unscored"]
    )
    expect(page.locator(".legend")).to_have_attribute("aria-label", re.compile("Steps of evidence"))
    page.locator(".legend .chip", has_text="found at 1%").click()
    opacity = page.evaluate("[...document.querySelectorAll('.s')].map((span) => getComputedStyle(span).opacity)")
    assert [value == "1" for value in opacity] == [code == 1 for code in EVIDENCE.codes]
    page.get_by_role("button", name="label", exact=True).click()
    assert _classes(page) == by_label
    expect(page.locator(".side .tip-answer").last).to_have_text("Evidence 2 in 1 of 20 references as high")


def test_counts_alone_stand_in_the_card_and_colour_nothing(bring: Callable[[Extras], Page]) -> None:
    page = bring(Extras(evidence=SentenceEvidence(None, EVIDENCE.words)))
    expect(page.locator(".colour-by")).to_be_hidden()
    expect(page.locator(".side .tip-answer")).to_have_text("Evidence in 1 of 20 references as high")
    # Once there are steps, they can colour; without an attribution that button is hidden.
    bring(Extras(evidence=EVIDENCE))
    expect(page.get_by_role("button", name="attribution")).to_be_hidden()
    page.get_by_role("button", name="evidence").click()
    bring(Extras())
    assert _classes(page)[2] == "s m-student"


def test_a_reader_without_extras_has_neither(bring: Callable[[Extras], Page]) -> None:
    page = bring(Extras())
    expect(page.locator(".colour-by")).to_be_hidden()
    for part in (".others", ".tip-answer", ".whose-grid"):
        expect(page.locator(part)).to_have_count(0)
