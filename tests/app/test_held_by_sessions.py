"""What a session keeps alive between its runs: the server holds that for everybody who looks at the app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from types import MethodType

import pyarrow as pa
import pytest

from tests.app.conftest import Open
from tests.support import synthetic


def held(value: object) -> Iterator[object]:
    """What a callback or a value keeps alive, through functions' own variables and containers."""
    yield value
    if isinstance(value, partial):
        yield from (found for part in (value.func, value.args, value.keywords) for found in held(part))
    elif isinstance(value, dict):
        yield from (found for part in value.values() for found in held(part))
    elif isinstance(value, list | tuple):
        yield from (found for part in value for found in held(part))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (found for field in fields(value) for found in held(getattr(value, field.name)))
    for cell in getattr(value, "__closure__", None) or ():
        yield from held(cell.cell_contents)
    if isinstance(value, MethodType):
        yield from held(value.__self__)


@pytest.mark.parametrize("page", ["pages/trace.py", "pages/compare.py", "pages/selection.py", "pages/find.py"])
def test_a_session_holds_no_list_of_traces(open_app: Open, tmp_path: Path, page: str) -> None:
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches())
    app = open_app(path, page)
    widgets = app.session_state._state._state._new_widget_state.widget_metadata.values()
    assert widgets
    for widget in widgets:
        for found in held([widget.callback, widget.callbacks, widget.callback_args, widget.deserializer]):
            assert not (isinstance(found, pa.Table) and "trace_id" in found.column_names), widget.id
            assert not (isinstance(found, dict) and "question" in found and "trace_id" in found), widget.id
