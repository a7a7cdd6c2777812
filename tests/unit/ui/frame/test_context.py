"""What a page is handed, and that nothing of it is left when the page ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, RerunException

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.store.reader import Run
from rdpt_core.ui.data.cache import DatabaseSnapshot
from rdpt_core.ui.frame import context
from rdpt_core.ui.frame.context import PageContext

PAGE = PageContext(DatabaseSnapshot(Path("x.duckdb"), cast(Any, ())), cast(Run, None), LabelRule.make())


class Interrupted(dict[str, object]):
    """The state of a session for which the browser has asked for another run: whoever deletes from it is interrupted,
    as in Streamlit."""

    def __delitem__(self, key: str) -> None:
        raise RerunException(RerunData())


def test_a_page_that_is_interrupted_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", Interrupted())
    with pytest.raises(RerunException), context.around(PAGE):
        assert context.current() is PAGE
        raise RerunException(RerunData())
    assert context.current() is None
