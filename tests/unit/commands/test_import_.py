"""The last lines of `import`: what was set aside, by kind and number, and a loud word if that was most of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.cli import main
from rdpt_core.traces.importing.report import SET_ASIDE, FileReport, ImportReport

ASKED = {"question": "What is 1 + 1?", "response": "It is 2.", "id": "q"}


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return path


def last_lines(capsys: pytest.CaptureFixture[str], *arguments: object, status: int) -> list[str]:
    assert main(["import", *map(str, arguments)]) == status
    return capsys.readouterr().err.splitlines()


def test_what_was_set_aside_is_said_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "o.jsonl"
    folder = tmp_path / "logs"
    parts = [{"type": "text", "text": "See."}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "audio"}]
    chat = {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": parts}]}
    write(folder / "a.jsonl", ASKED, {**ASKED, "id": "q2", "long": "x" * 9_000}, {"question": "no response"})
    write(folder / "b.jsonl", ASKED, {**ASKED, "response": "3"})
    write(folder / "c.jsonl", ASKED, {**ASKED, "response": "3"})
    write(folder / "d.jsonl", chat)
    (folder / "notes.md").write_text("# none", encoding="utf-8")
    said = last_lines(capsys, folder, "--out", out, status=3)
    assert said[-1] == (
        "set aside: 1 record rejected, 1 copy, 1 file left out, 1 file without traces, "
        "2 parts that are no text in responses, 1 field too long for `meta`"
    )
    assert main(["import", str(folder), "--out", str(out), "--json"]) == 3
    set_aside = json.loads(capsys.readouterr().out)["set_aside"]
    assert {kind: n for kind, n in set_aside.items() if n} == {
        "n_rejects": 1,
        "n_copies": 1,
        "n_left_out": 1,
        "n_refused": 1,
        "n_parts_left_out": 2,
        "n_fields_left_out": 1,
    }


def test_nothing_is_said_of_what_was_not_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = last_lines(capsys, write(tmp_path / "a.jsonl", ASKED), "--out", tmp_path / "o.jsonl", status=0)
    assert said == ["a.jsonl: pairs, 1 trace", f"1 trace: {tmp_path / 'o.jsonl'}"]


def test_every_kind_is_a_count_with_two_names() -> None:
    for name, names in SET_ASIDE.items():
        assert isinstance(getattr(FileReport("a"), name), int), name
        assert len(set(names)) == 2
    report = ImportReport([FileReport("a", n_rejects=1), FileReport("b", n_rejects=1, refused="no")])
    assert report.set_aside_text() == "2 records rejected, 1 file without traces"


@pytest.mark.parametrize(("n_bad", "is_said"), [(2, False), (3, True)])
def test_more_than_half_rejected_is_said_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], n_bad: int, is_said: bool
) -> None:
    lines = [ASKED, {**ASKED, "response": "3"}, *[{"question": "no response"}] * n_bad]
    out = tmp_path / "o.jsonl"
    said = last_lines(capsys, write(tmp_path / "a.jsonl", *lines), "--out", out, status=3)
    assert (said[-1] == "WARNING: more than half was rejected, 3 of 5 records") is is_said
    assert out.read_text(encoding="utf-8").count("\n") == 2


def test_what_a_log_says_gives_no_orders_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("\x1b[31m\n.jsonl", json.dumps(ASKED))
    said = last_lines(capsys, tmp_path / "a.zip", "--out", tmp_path / "o.jsonl", status=0)
    assert r"a.zip/\x1b[31m\n.jsonl: pairs" in said[0]
    unknown = write(tmp_path / "b.jsonl", {"\x1b[31m": 1, "\x07": 2})
    (said_of_it,) = last_lines(capsys, unknown, "--out", tmp_path / "o.jsonl", status=2)
    assert r"\x1b[31m" in said_of_it
    assert said_of_it.isprintable()
