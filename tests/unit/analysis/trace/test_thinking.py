"""Where thinking ends and the answer begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.thinking import Part, parts_of
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.store.reader import open_reader
from tests import synthetic


def view_of(path: Path, texts: list[str]) -> TraceView:
    synthetic.build(path, [synthetic.Sketch("t-0", "t", [(text, "Teacher") for text in texts])])
    with open_reader(path) as reader:
        return load_trace_view(reader, reader.run(None), 0, LabelRule.make())


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        (["<think>\n", "Hm. ", "</think>\n\n", "Four."], (Part("thinking", 0, 3), Part("answer", 3, 1))),
        (["Hm. ", "</think>", "It is ", "four."], (Part("thinking", 0, 2), Part("answer", 2, 2))),
        (["<think>", "Hm, and on."], (Part("thinking", 0, 2),)),
        (["Hm. ", "</think>"], (Part("thinking", 0, 2),)),
        (["No tags here. ", "Four."], ()),
    ],
)
def test_parts(tmp_path: Path, texts: list[str], want: tuple[Part, ...]) -> None:
    assert parts_of(view_of(tmp_path / "t.duckdb", texts)) == want
