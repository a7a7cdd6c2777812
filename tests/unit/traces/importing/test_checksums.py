"""Characters in, added and prefilled are the characters out; what was set aside is counted beside them."""

from __future__ import annotations

import pytest

from rdpt_core.records import Message, Trace
from rdpt_core.traces.formats.base import Draft, RecordError, Response
from rdpt_core.traces.importing.checksums import ResponseChecksums, encoded_pieces
from rdpt_core.traces.importing.report import FileReport, ImportReport

PIECES = Response(
    (("It is", "prefilled"), ("<think>", "added"), ("é", "source"), ("</think>", "added"), ("!", "source"))
)


def trace(response: str) -> Trace:
    return Trace("t", "q", response, (Message("user", "?"),))


def counted(draft: Draft, out: str) -> ImportReport:
    report = FileReport("file")
    checksums = ResponseChecksums(report)
    checksums.add(trace(out), draft, encoded_pieces(trace(out), draft))
    checksums.finish()
    return ImportReport([report])


def test_every_character_is_counted_by_its_origin() -> None:
    report = counted(Draft(PIECES, set_aside="4"), PIECES.text)
    (entry,) = report.files
    counts = (entry.characters_in, entry.characters_added, entry.characters_prefilled, entry.characters_out)
    assert counts == (2, 15, 5, 22)
    assert (entry.n_set_aside, entry.characters_set_aside) == (1, 1)
    assert report.is_unaltered


@pytest.mark.parametrize("out", [PIECES.text.replace("é", "e"), PIECES.text + "."])
def test_a_response_that_was_altered_is_seen(out: str) -> None:
    assert not counted(Draft(PIECES), out).is_unaltered


def test_half_a_surrogate_pair_in_the_beginning_is_refused_too() -> None:
    draft = Draft(Response((("\ud800", "prefilled"), ("4", "source"))))
    with pytest.raises(RecordError, match="lone surrogate"):
        encoded_pieces(trace(draft.response.text), draft)
