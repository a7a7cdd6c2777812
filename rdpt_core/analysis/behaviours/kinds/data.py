"""Every family of kinds of a run: read once, and kept until the file changes."""

from __future__ import annotations

import numpy as np

from rdpt_core.analysis.behaviours.families import LENS, KindFamily
from rdpt_core.analysis.behaviours.kinds.grouping import family_of, grouped
from rdpt_core.analysis.behaviours.kinds.lenses import LENSES
from rdpt_core.analysis.behaviours.kinds.merging import leaders
from rdpt_core.analysis.behaviours.kinds.openings import openings
from rdpt_core.analysis.behaviours.kinds.reading import read_all
from rdpt_core.analysis.behaviours.kinds.speech import speech
from rdpt_core.analysis.behaviours.kinds.texts import load_spans
from rdpt_core.analysis.behaviours.kinds.wordings import wordings
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Family
from rdpt_core.analysis.scope import Scope
from rdpt_core.arrays import Codes, Ints, SmallInts

_KINDS = Family("kinds", 2, message="Sorting sentences into kinds …")


def kinds_of(data: RunData, marks: bool) -> tuple[KindFamily, ...]:
    """The families of kinds of a run, in the order of `FAMILIES`; those without a kind are left out.

    They are the same whatever the run is seen with. Places are those of `data.gaps` and `data.codes`.

    Args:
        marks: whether marks of format count.

    Raises:
        StoreError: the database cannot be read.
    """
    families: tuple[KindFamily, ...] = data.keep(_KINDS, (data.run.run_no, marks), lambda: _read(data, marks))
    return families


def _read(data: RunData, marks: bool) -> tuple[KindFamily, ...]:
    with data.open_reader() as reader:
        spans = load_spans(reader, data.run, marks)
        read = read_all(reader, data.run, spans)
    traces = data.trace_table(Scope())
    of_trace = traces.question[np.searchsorted(traces.trace_no, spans.trace_no)].astype(np.int32)
    question = np.repeat(of_trace, np.diff(spans.start))
    leader = leaders(read.templates.texts, read.templates.n)
    found = (
        wordings(read.templates, leader, question),
        openings(read.openings, read.templates, leader, question),
        speech(read.templates, question),
        _lenses(read.lenses, question),
    )
    return tuple(family for family in found if family.names)


def _lenses(bits: Codes, question: Ints | SmallInts) -> KindFamily:
    places = [np.flatnonzero(bits & np.uint8(1 << k)) for k in range(len(LENSES))]
    kinds = np.repeat(np.arange(len(LENSES)), [len(own) for own in places])
    return family_of(LENS, LENSES, *grouped(np.concatenate(places), kinds, len(LENSES)), question)
