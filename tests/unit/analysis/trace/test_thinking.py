"""Where thinking ends and the answer begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.thinking import TracePart, parts_of
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.store.reader import open_reader
from tests.support import synthetic


def view_of(path: Path, texts: list[str]) -> TraceView:
    synthetic.build(path, [synthetic.Sketch("t-0", "t", [(text, "Teacher") for text in texts])])
    with open_reader(path) as reader:
        return load_trace_view(reader, reader.run(None), 0, LabelRule.make())


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        (["<think>\n", "Hm. ", "</think>\n\n", "Four."], (TracePart("thinking", 0, 1), TracePart("answer", 3, 1))),
        (["Hm. ", "</think>", "It is ", "four."], (TracePart("thinking", 0, 1), TracePart("answer", 2, 2))),
        (["<think>", "Hm, and on."], (TracePart("thinking", 0, 1),)),
        (["Hm. ", "</think>"], (TracePart("thinking", 0, 1),)),
        (["No tags here. ", "Four."], ()),
    ],
)
def test_parts(tmp_path: Path, texts: list[str], want: tuple[TracePart, ...]) -> None:
    assert parts_of(view_of(tmp_path / "t.duckdb", texts)) == want
