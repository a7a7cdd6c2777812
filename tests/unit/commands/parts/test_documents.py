"""A document can be read again whatever the encoding of standard output."""

from __future__ import annotations

import io
import json
import sys

import pytest

from rdpt_core.commands.parts.documents import print_json, printable

DOCUMENT = {"name": "é 中 😀 \udcff"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_every_character_comes_back(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    print_json(DOCUMENT)
    stream.flush()
    assert json.loads(stream.buffer.getvalue().decode(encoding)) == DOCUMENT


def test_what_the_stream_can_show_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "é 😀"})
    assert '"é 😀"' in capsys.readouterr().out


def test_a_text_of_a_log_gives_no_orders_to_a_terminal() -> None:
    assert printable("é 中 😀 a.jsonl") == "é 中 😀 a.jsonl"
    assert printable("\x1b[2Ja\nb\u202e") == r"\x1b[2Ja\nb\u202e"
