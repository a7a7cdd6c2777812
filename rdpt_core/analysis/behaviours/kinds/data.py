"""Every family of kinds of a run: read once, and kept until the file changes, or for tags a note."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rdpt_core.analysis.behaviours.families import LENS, TAG, KindFamily
from rdpt_core.analysis.behaviours.kinds.grouping import family_of, grouped
from rdpt_core.analysis.behaviours.kinds.lenses import LENSES
from rdpt_core.analysis.behaviours.kinds.merging import leaders
from rdpt_core.analysis.behaviours.kinds.openings import openings
from rdpt_core.analysis.behaviours.kinds.reading import read_all
from rdpt_core.analysis.behaviours.kinds.speech import speech
from rdpt_core.analysis.behaviours.kinds.tags import notes_state, tag_members
from rdpt_core.analysis.behaviours.kinds.texts import load_spans
from rdpt_core.analysis.behaviours.kinds.wordings import wordings
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.statistics.parallel import in_parallel
from rdpt_core.arrays import Codes, Ints, SmallInts

_KINDS = Family("kinds", 2, message="Sorting sentences into kinds …")
_TAGS = Family("kinds_of_tags", 4)


def kinds_of(data: RunData, marks: bool) -> tuple[KindFamily, ...]:
    """The families of kinds of a run, in the order of `FAMILIES`; those without a kind are left out.

    They are the same whatever the run is seen with. Places are those of `data.gaps` and `data.codes`.

    Args:
        marks: whether marks of format count.

    Raises:
        StoreError: the database cannot be read.
    """
    families: tuple[KindFamily, ...] = data.keep(_KINDS, (data.run.run_no, marks), lambda: _read(data, marks))
    # Notes change without the database.
    key = (data.run.run_no, *notes_state(data), marks)
    tags: KindFamily = data.keep(_TAGS, key, lambda: _tags(data, marks))
    return (*families, tags) if tags.names else families


def _tags(data: RunData, marks: bool) -> KindFamily:
    family = tag_members(data, marks)
    start = data.gaps(LabelRule.make(marks=marks)).start
    return family_of(TAG, family.names, family.start, family.members, _questions(data, start))


def _questions(data: RunData, start: Ints) -> SmallInts:
    """(n_sentences,), the question of every sentence; `start` as in `Gaps`."""
    question: SmallInts = np.repeat(data.trace_table(Scope()).question.astype(np.int32), np.diff(start))
    return question


def _read(data: RunData, marks: bool) -> tuple[KindFamily, ...]:
    with data.open_reader() as reader:
        spans = load_spans(reader, data.run, marks)
        read = read_all(reader, data.run, spans)
    question = _questions(data, spans.start)
    leader = leaders(read.templates.texts, read.templates.n)
    # The one that takes longest first.
    sort: tuple[Callable[[], KindFamily], ...] = (
        lambda: speech(read.templates, question),
        lambda: openings(read.openings, read.templates, leader, question),
        lambda: wordings(read.templates, leader, question),
        lambda: _lenses(read.lenses, question),
    )
    of_speech, of_openings, of_wordings, of_lenses = in_parallel(lambda work: work(), sort)
    found = (of_wordings, of_openings, of_speech, of_lenses)
    return tuple(family for family in found if family.names)


def _lenses(bits: Codes, question: Ints | SmallInts) -> KindFamily:
    places = [np.flatnonzero(bits & np.uint8(1 << k)) for k in range(len(LENSES))]
    kinds = np.repeat(np.arange(len(LENSES)), [len(own) for own in places])
    return family_of(LENS, LENSES, *grouped(np.concatenate(places), kinds, len(LENSES)), question)
