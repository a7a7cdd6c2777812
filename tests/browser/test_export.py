"""Taking figures and tables away: each file comes with one click, is whole, and needs no network."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.csv
import pyarrow.parquet
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, settle
from tests.support import synthetic


def saved(page: Page, name: str) -> bytes:
    """What the button with this name saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).first.click()
    return Path(download.value.path()).read_bytes()


def opened(visit: Callable[..., Page], path: str, key: str) -> Page:
    page = visit(path)
    expect(page.locator(f".st-key-{key} .js-plotly-plot .main-svg").first).to_be_attached()
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_text("How they were made")).to_be_visible()
    return page


@pytest.mark.parametrize(("path", "key"), [("", "shares"), ("ratios", "plane")])
def test_every_file_is_saved_with_one_click(visit: Callable[..., Page], path: str, key: str) -> None:
    page = opened(visit, path, key)
    png = saved(page, f"{key} as PNG")
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert width > 1000 and height > 300
    svg = saved(page, f"{key} as SVG")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert b"Arial" in svg and b"<script" not in svg
    html = saved(page, "HTML").decode()
    assert "plotly.js v" in html and "teacher forcing" in html
    assert re.search(r"<script[^>]+src=|<link", html) is None
    table = pyarrow.parquet.read_table(io.BytesIO(saved(page, "Parquet")))
    assert table.num_rows and b"teacher forcing" in table.schema.metadata[b"methods"]
    csv = pyarrow.csv.read_csv(io.BytesIO(saved(page, "CSV")), parse_options=_LINES)
    assert (csv.num_rows, csv.column_names) == (table.num_rows, table.column_names)


def test_a_switch_keeps_spreadsheets_from_evaluating_text(
    visit: Callable[..., Page], start_server: Callable[[Path], Server], tmp_path: Path
) -> None:
    path = tmp_path / "formulas.duckdb"
    synthetic.build(path, [replace(sketch, benchmark="=1+1") for sketch in synthetic.sketches(3)])
    server = start_server(path)
    page = visit(base=server.url)
    page.get_by_role("button", name="Export").click()
    assert b'"=1+1"' in saved(page, "CSV")
    page.get_by_text("CSV safe for spreadsheets").click()
    expect(page.get_by_role("checkbox", name="CSV safe for spreadsheets")).to_be_checked()
    settle(page)
    csv = saved(page, "CSV")
    assert b'"\'=1+1"' in csv and b'"=1+1"' not in csv


_LINES = pyarrow.csv.ParseOptions(newlines_in_values=True)


def test_the_saved_page_draws_without_a_network(visit: Callable[..., Page], page: Page, tmp_path: Path) -> None:
    opened(visit, "", "shares")
    file = tmp_path / "figure.html"
    file.write_bytes(saved(page, "HTML"))
    page.goto(file.as_uri())
    expect(page.locator(".js-plotly-plot .bars path").first).to_be_attached()
    expect(page.locator("p")).to_contain_text("run 0123456789abcdef")


def test_the_overview_leads_to_every_page(visit: Callable[..., Page]) -> None:
    page = visit()
    links = page.get_by_test_id("stPageLink")
    # One to every other page, and one more to the controls from the headline.
    expect(links).to_have_count(len(list((Path(__file__).parents[2] / "pages").glob("[!_]*.py"))))
    links.filter(has_text="Thresholds").get_by_role("link").click()
    page.wait_for_url("**/thresholds*")
    settle(page)
    expect(page.get_by_role("heading", name="How much depends on α and β?")).to_be_visible()


def test_every_term_is_a_click_away(visit: Callable[..., Page]) -> None:
    page = visit("thresholds")
    page.get_by_role("button", name="What is this?").first.click()
    expect(page.get_by_text("The largest gap that still counts as Shared.")).to_be_visible()
