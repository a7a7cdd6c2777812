"""The pages of the app, in the order of the navigation: the one list of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page.

    Attributes:
        path: its file, relative to the app's; the page's address is the name of that file.
        purpose: what one learns there, as a sentence.
        section: the menu of the navigation that holds it; empty for pages that stand there themselves.
    """

    path: str
    title: str
    purpose: str
    section: str = ""


OVERVIEW = PageEntry("pages/overview.py", "Overview", "What is in the file, and which labels its sentences carry.")
LABELS, EVIDENCE, MODELS = "Labels", "Evidence", "Models"
"""Sections, in the order of the navigation."""

PAGES = (
    OVERVIEW,
    PageEntry("pages/trace.py", "Trace", "Read one response, sentence by sentence, with what each model thinks of it."),
    PageEntry(
        "pages/compare.py", "Compare", "Two responses side by side: where do their labels part, and where the models?"
    ),
    PageEntry(
        "pages/find.py",
        "Find",
        "Every sentence that holds a text, such as “wait”, and how its labels differ from all others.",
    ),
    PageEntry(
        "pages/patterns.py",
        "Patterns",
        "Sentences of one kind, kept by name: their labels, places and neighbours, against all others.",
    ),
    PageEntry(
        "pages/ratios.py",
        "Ratios",
        "How far apart the models are, and the sentences on which they differ most.",
        LABELS,
    ),
    PageEntry(
        "pages/benchmarks.py", "Benchmarks", "Label shares of any groups, and whether two groups really differ.", LABELS
    ),
    PageEntry(
        "pages/positions.py", "Positions", "How labels change from the beginning of a response to its end.", LABELS
    ),
    PageEntry(
        "pages/behaviours.py",
        "Behaviours",
        "Which kinds of sentences carry a label more often than their traces do.",
        LABELS,
    ),
    PageEntry(
        "pages/transfer.py",
        "Transfer",
        "How far the teacher reaches where it did not teach, and what was copied.",
        LABELS,
    ),
    PageEntry(
        "pages/teachers.py", "Teachers", "Which of several teachers each sentence comes from, or none of them.", LABELS
    ),
    PageEntry(
        "pages/controls.py",
        "Controls",
        "What the labels would be without the teacher, and how sure each sentence's label is.",
        EVIDENCE,
    ),
    PageEntry(
        "pages/importance.py", "Importance", "How much the answer depends on each sentence, by its label.", EVIDENCE
    ),
    PageEntry(
        "pages/thresholds.py",
        "Thresholds",
        "How much depends on α and β, and which claims hold for all sensible ones.",
        EVIDENCE,
    ),
    PageEntry("pages/predict.py", "Predict", "Do labels tell right answers from wrong ones, beyond length?", EVIDENCE),
    PageEntry(
        "pages/verdicts.py",
        "Verdicts",
        "Who says which answers are correct, and where the verdict is disputed.",
        EVIDENCE,
    ),
    PageEntry(
        "pages/training.py",
        "Training",
        "What each checkpoint changed, when sentences turned, and which changed most.",
        MODELS,
    ),
    PageEntry(
        "pages/runs.py", "Runs", "Do the labels hold with another student, precision, template or splitter?", MODELS
    ),
    PageEntry(
        "pages/selection.py", "Selection", "Which of several responses to train on, judged before any training.", MODELS
    ),
)
