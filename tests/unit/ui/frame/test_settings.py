"""Which database or folder the app shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core import bundled
from rdpt_core.ui.frame import settings


@pytest.mark.parametrize(
    ("arguments", "environment", "path"),
    [
        ([], {}, bundled.demo_database()),
        ([], {"RDPT_DB": "x.duckdb"}, "x.duckdb"),
        (["--db", "y.duckdb"], {"RDPT_DB": "x.duckdb"}, "y.duckdb"),
        (["--other", "--db=z.duckdb"], {}, "z.duckdb"),
        (["--db="], {}, bundled.demo_database()),
        (["--db", ""], {"RDPT_DB": "x.duckdb"}, "x.duckdb"),
        (["--db"], {"RDPT_DB": ""}, bundled.demo_database()),
    ],
)
def test_location(arguments: list[str], environment: dict[str, str], path: str | Path) -> None:
    assert settings.location(arguments, environment) == Path(path)
