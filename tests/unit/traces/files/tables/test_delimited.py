"""CSV as spreadsheets and pandas write it."""

from __future__ import annotations

import pytest

from rdpt_core.errors import InputError
from rdpt_core.traces.files.tables import delimited
from rdpt_core.traces.files.tables.delimited import Dialect, dialect_of
from tests.support.imports.imported import read


@pytest.mark.parametrize(
    ("data", "meta"),
    [
        (b",question,response\n0,q,r\n", {"Unnamed: 0": "0"}),
        (b",,question,response\n0,1,q,r\n", {"Unnamed: 0": "0", "Unnamed: 1": "1"}),
        (b",question,response,Unnamed: 0\n0,q,r,1\n", {"Unnamed: 0.1": "0", "Unnamed: 0": "1"}),
        (b"question,response,,\nq,r,5,\n", {"Unnamed: 2": "5"}),
        (b"\xef\xbb\xbf;question;response\r\n0;q;r\r\n", {"Unnamed: 0": "0"}),
        (b"Question , Response,my  own notes\nq,r,n\n", {"my  own notes": "n"}),
        (b'"question", "response"\n"q", "r"\n', {}),
        (b'"question;a";"response";"question"\nx;r;q\n', {"question;a": "x"}),
    ],
)
def test_ordinary_tables_are_read(data: bytes, meta: dict[str, str]) -> None:
    (trace,), rejects = read(data)
    assert not rejects
    assert (trace.messages[0].content, trace.response) == ("q", "r")
    assert trace.meta.get("source", {}) == meta


def test_spaces_of_cells_stay() -> None:
    (trace,), _ = read(b"question, response\nq, r \n")
    assert trace.response == " r "
    (trace,), _ = read(b'"question", "response"\n"q, ""x""", " r "\n')
    assert (trace.messages[0].content, trace.response) == ('q, "x"', " r ")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(InputError, match="names a column twice"):
        read(b"question,response, question\nq,r,p\n")


@pytest.mark.parametrize(
    "text",
    [
        b"response\n'a, b'\n",
        b"question,\nq,\n",
        b",\n1,2\n",
        b"Hello, this is a letter to you all, dear reader\n",
        b"one\n",
    ],
)
def test_what_has_no_header_of_several_columns_is_no_csv(text: bytes) -> None:
    assert dialect_of(text) is None


def test_an_index_beside_one_column_is_a_table() -> None:
    assert dialect_of(b",text\n0,a\n") == Dialect(",")


def test_a_hundred_thousand_columns_are_no_hang() -> None:
    names = ",".join(f"c{place}" if place % 2 else "" for place in range(100_000))
    (trace,), rejects = read(f"question,response,{names}\nq,r{',' * 100_000}\n".encode())
    assert trace.response == "r" and not rejects
    twice = ",".join(f"c{place // 2}" for place in range(100_000))
    with pytest.raises(InputError, match="names a column twice"):
        read(f"question,response,{twice}\nq,r{',' * 100_000}\n".encode())


def test_a_row_of_endless_cells_is_not_held() -> None:
    row = '"\n",' * (delimited._DENSE_CELLS + 1)
    traces, (reject,) = read(f"question,response\nq,r\n{row}\n".encode())
    assert len(traces) == 1
    assert "cells or more" in reject.reason
