"""A folder of databases: the list in the sidebar, the choice in the address, and links that carry it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ROOT, Open, page_text
from tests.support import synthetic

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("[!_]*.py"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two databases with a run each, and one that is broken; tests only read them, or copy them."""
    path = tmp_path_factory.mktemp("folder")
    synthetic.build(path / "first.duckdb", synthetic.sketches(6), run_id="a" * 16, name="one")
    synthetic.build(path / "second.duckdb", synthetic.sketches(12), run_id="b" * 16, name="two")
    (path / "broken.duckdb").write_text("no database\n" * 500)
    return path


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of them that a test may change."""
    return Path(shutil.copytree(built, tmp_path, dirs_exist_ok=True))


def databases(app: AppTest) -> list[str]:
    return list(app.selectbox(key="database_pick").options)


@pytest.mark.parametrize("page", PAGES)
def test_another_database_is_chosen_on_every_page(open_app: Open, built: Path, page: str) -> None:
    app = open_app(built, page, db="first")
    assert databases(app) == ["broken", "first", "second"]
    assert app.query_params["run"] == "a" * 16
    app.selectbox(key="database_pick").set_value("second").run()
    assert not app.exception
    assert app.query_params["db"] == "second"
    assert app.query_params["run"] == "b" * 16
    assert "does not hold" not in page_text(app)
    assert "has changed" not in page_text(app)


def test_the_choice_stays_from_page_to_page(open_app: Open, folder: Path) -> None:
    app = open_app(folder, db="second")
    # As a link within the app does it: the address starts anew, the session goes on.
    app.query_params.clear()
    app.switch_page("pages/trace.py").run()
    assert app.query_params["db"] == "second"
    assert app.selectbox(key="database_pick").value == "second"


def test_links_carry_the_database(open_app: Open, folder: Path) -> None:
    links = [element.proto for element in open_app(folder, db="second").get("page_link")]
    assert len({link.page_script_hash for link in links}) == len(PAGES) - 1
    assert {link.query_string for link in links} == {"db=second"}
    (compare,) = (element.proto for element in open_app(folder, "pages/trace.py", db="second").get("page_link"))
    assert compare.query_string.startswith(f"db=second&run={'b' * 16}&trace=")
    table = open_app(folder, "pages/ratios.py", db="second").dataframe[0].value
    addresses = [str(value) for column in table for value in table[column] if str(value).startswith("trace?")]
    assert addresses
    assert all(address.startswith("trace?db=second&run=") for address in addresses)


def test_links_of_a_single_database_name_none(open_app: Open, folder: Path) -> None:
    app = open_app(folder / "second.duckdb")
    assert {element.proto.query_string for element in app.get("page_link")} == {""}
    assert "db" not in app.query_params


def test_a_broken_database_is_listed_and_explained(open_app: Open, folder: Path) -> None:
    app = open_app(folder)
    assert app.query_params["db"] == "broken"
    assert "This database cannot be opened" in page_text(app)
    app.selectbox(key="database_pick").set_value("first").run()
    assert "What is in this file" in page_text(app)


@pytest.mark.parametrize("name", ["../outside/secret", "/etc/passwd", "first.duckdb", "nothing"])
def test_a_name_that_is_not_in_the_list_opens_nothing(open_app: Open, folder: Path, name: str) -> None:
    (folder / "outside").mkdir()
    synthetic.build(folder / "outside" / "secret.duckdb", synthetic.sketches(2), name="outside")
    inner = folder / "inner"
    inner.mkdir()
    synthetic.build(inner / "first.duckdb", synthetic.sketches(2))
    app = open_app(inner, db=name)
    assert "holds no database of that name" in page_text(app)
    assert name in page_text(app)
    assert not app.metric
    app.selectbox(key="database_pick").set_value("first").run()
    assert app.query_params["db"] == "first"
    assert app.metric


def test_a_database_added_or_removed_shows_at_the_next_rerun(open_app: Open, folder: Path) -> None:
    app = open_app(folder, db="second")
    synthetic.build(folder / "third.duckdb", synthetic.sketches(3))
    app.run()
    assert databases(app) == ["broken", "first", "second", "third"]
    assert app.selectbox(key="database_pick").value == "second"
    (folder / "second.duckdb").unlink()
    app.run()
    assert databases(app) == ["broken", "first", "third"]
    assert "holds no database of that name" in page_text(app)


def test_an_empty_folder_says_what_to_do(open_app: Open, tmp_path: Path) -> None:
    words = page_text(open_app(tmp_path))
    assert "holds no database yet" in words
    assert f"score --traces traces.jsonl --triple triple.toml --db {tmp_path / 'runs.duckdb'}" in words
    synthetic.build(tmp_path / "runs.duckdb", synthetic.sketches(2))
    assert "What is in this file" in page_text(open_app(tmp_path))
