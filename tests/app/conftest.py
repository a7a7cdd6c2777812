"""The app as a browser would open it, and what it then says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 30

Open = Callable[..., AppTest]


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Runs a page of the app over a database, as a browser with this address would."""

    def run(path: Path, page: str = "pages/overview.py", **query: str) -> AppTest:
        monkeypatch.setenv("RDPT_DB", str(path))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT_S)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page != "pages/overview.py":
            app.switch_page(page)
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        assert not app.exception, app.exception[0].value
        return app

    return run


def said(app: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (app.header, app.subheader, app.markdown, app.info, app.warning, app.error, app.caption, app.code, app.text)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
