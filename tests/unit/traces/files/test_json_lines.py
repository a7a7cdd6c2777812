"""Lines with commas and brackets around them: every line is a record with its number, and a bad one costs itself."""

from __future__ import annotations

import pytest

from rdpt_core.traces.files.containers import open_container
from rdpt_core.traces.files.record import Bad
from rdpt_core.traces.files.source import Source
from tests.support.imports.imported import read

GOOD, BAD = b'{"question": "q", "response": "r"}', b'{"question": "q", "respo'


def places(data: bytes) -> tuple[list[int], list[int]]:
    """The lines of the traces and of the rejects."""
    traces, rejects = read(data)
    return [trace.meta["import"]["line"] for trace in traces], [reject.line for reject in rejects]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("lines", "read_lines", "rejected"),
    [
        ([GOOD + b",", GOOD + b",", GOOD + b","], [1, 2, 3], []),
        ([GOOD + b",", GOOD + b" , ", GOOD], [1, 2, 3], []),
        ([GOOD + b",", BAD + b",", GOOD + b",", BAD, GOOD], [1, 3, 5], [2, 4]),
        ([BAD + b",", GOOD + b",", GOOD + b","], [2, 3], [1]),
        ([b"[", GOOD + b",", GOOD, b"]"], [2, 3], []),
        ([b"[", b"  " + GOOD + b",", b"", BAD + b",", GOOD + b",", b"]", b""], [2, 5], [4]),
        ([b"[", GOOD + b",", GOOD + b",,", b"]"], [2], [3]),
        ([b"\xef\xbb\xbf[", GOOD + b",", BAD], [2], [3]),
    ],
)
def test_each_line_is_a_record(lines: list[bytes], read_lines: list[int], rejected: list[int], end: bytes) -> None:
    assert places(end.join(lines)) == (read_lines, rejected)


def test_an_array_over_several_lines_an_element_is_read_as_json() -> None:
    data = b'[\n{"question": "q", "response": "r"},\n{\n  "question": "q",\n  "response": "s"\n}\n]'
    assert places(data) == ([1, 2], [])
    assert open_container(Source.of_bytes("file", data)).kind == "JSON"


def test_a_single_line_with_a_comma_is_a_record() -> None:
    assert places(GOOD + b",\n") == ([1], [])


def test_the_text_of_a_line_with_a_comma_is_kept() -> None:
    (record,) = open_container(Source.of_bytes("file", GOOD + b",")).records()
    assert not isinstance(record, Bad)
    assert record.text == GOOD.decode() + ","
