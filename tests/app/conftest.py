"""The app as a browser would open it, and what it then says."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 30

# Each AppTest starts a server's manager of components, which reads the metadata of every installed package.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

Open = Callable[..., AppTest]


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Runs a page of the app over a database, as a browser with this address would."""

    def run(path: Path, page: str = "pages/overview.py", **query: str) -> AppTest:
        monkeypatch.setenv("RDPT_DB", str(path))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT_S)
        if page != "pages/overview.py":
            app.switch_page(page)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception[0].value
        return app

    return run


def page_text(app: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (app.header, app.subheader, app.markdown, app.info, app.warning, app.error, app.caption, app.code, app.text)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def click_point(app: AppTest, key: str, customdata: list[Any]) -> AppTest:
    """Click a point of a figure: the script runs again with the message that a browser would send.

    AppTest knows figures as unknown elements, so the message goes into its state by hand; `tests/browser/pages` clicks
    with a mouse.
    """
    (figure,) = [element.proto for element in app.get("plotly_chart") if element.proto.id.endswith(f"-{key}")]
    point = next(sent for drawn, sent in _points(json.loads(figure.spec)) if drawn == customdata)
    states = app._tree.get_widget_states()
    selection = {"points": [{"customdata": point}], "point_indices": [0], "box": [], "lasso": []}
    states.widgets.add(id=figure.id, string_value=json.dumps({"selection": selection}))
    app._run(states)
    assert not app.exception, app.exception[0].value
    return app


def _points(spec: dict[str, Any]) -> Iterator[tuple[list[Any], Any]]:
    """The customdata of every point of a figure, and how a browser sends them."""
    for trace in spec["data"]:
        rows = trace.get("customdata", [])
        if isinstance(rows, dict):
            # A numpy array: plotly in the browser makes typed arrays of its rows, and JSON makes objects of those.
            flat = np.frombuffer(base64.b64decode(rows["bdata"]), rows["dtype"])
            for row in flat.reshape([int(n) for n in rows["shape"].split(",")]).tolist():
                yield row, {str(place): value for place, value in enumerate(row)}
        else:
            yield from ((row, row) for row in rows)
