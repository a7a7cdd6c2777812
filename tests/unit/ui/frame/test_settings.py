"""Which database the app opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.ui.frame import settings


@pytest.mark.parametrize(
    ("arguments", "environment", "path"),
    [
        ([], {}, ".rdpt/demo.duckdb"),
        ([], {"RDPT_DB": "x.duckdb"}, "x.duckdb"),
        (["--db", "y.duckdb"], {"RDPT_DB": "x.duckdb"}, "y.duckdb"),
        (["--other", "--db=z.duckdb"], {}, "z.duckdb"),
        (["--db"], {"RDPT_DB": ""}, ".rdpt/demo.duckdb"),
    ],
)
def test_database_path(arguments: list[str], environment: dict[str, str], path: str) -> None:
    assert settings.database_path(arguments, environment) == Path(path)
