"""Archives of logs: each member is a file of its own, and no archive does harm."""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rdpt_core as rdpt
from rdpt_core.errors import InputError
from rdpt_core.traces.files import bundles, limits
from tests.support.imports.imported_paths import files_of, lines, pair, read_paths


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"question": ["3+1?"], "response": ["4"]}), file)
    return file.getvalue()


MEMBERS = {
    "logs/a.jsonl": lines(pair(1), pair(2)),
    "logs/b.csv": b"question,response\n2+2?,4\n",
    "c.parquet": parquet(),
    "notes.md": b"# no traces",
    ".hidden.jsonl": lines(pair(9)),
    "__MACOSX/._a.jsonl": b"\0\5\26\7",
}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return file.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=form) as packed:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return file.getvalue()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", ["zip", "stored", "zip of bzip2", "tar", "tar.gz", "tar.xz", "tar.bz2", "tar.zst"])
def test_members_are_read_like_the_files_of_a_folder(tmp_path: Path, kind: str) -> None:
    if kind == "tar.zst":
        data = pytest.importorskip("zstandard").ZstdCompressor().compress(tarred(MEMBERS))
    elif kind.startswith("tar"):
        data = tarred(MEMBERS, f"w:{kind[4:]}" if "." in kind else "w")
    else:
        methods = {"stored": zipfile.ZIP_STORED, "zip of bzip2": zipfile.ZIP_BZIP2}
        data = zipped(MEMBERS, methods.get(kind, zipfile.ZIP_DEFLATED))
    traces, rejects, report = read_paths(written(tmp_path / "all", data))
    assert files_of(traces) == ["all/c.parquet", "all/logs/a.jsonl", "all/logs/a.jsonl", "all/logs/b.csv"]
    assert not rejects
    assert [file.name for file in report.refused] == ["all/notes.md"]
    assert report.is_unaltered


def test_an_inspect_log_in_an_archive_is_read_and_another_archive_is_not_opened(tmp_path: Path) -> None:
    turn = b'{"id": 1, "epoch": 1, "input": "q", "output": {"choices": [{"message": {"content": "4"}}]}}'
    members = {
        "run/log.eval": zipped({"header.json": b'{"eval": {"task": "t"}}', "samples/a/1_epoch_1.json": turn}),
        "deep.zip": zipped({"a.jsonl": lines(pair(1))}),
        "deep.tar.gz": tarred({"a.jsonl": lines(pair(1))}, "w:gz"),
    }
    for data in (zipped(members), tarred(members)):
        traces, _, report = read_paths(written(tmp_path / "all", data))
        assert files_of(traces) == ["all/run/log.eval"]
        assert [file.name for file in report.refused] == ["all/deep.tar.gz", "all/deep.zip"]
        assert all("not opened" in str(file.refused) for file in report.refused)


def test_names_are_only_names(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("../../out.jsonl", "/out.jsonl", "x" * 300 + "/out.jsonl"):
        for data in (zipped({name: lines(pair(1))}), tarred({name: lines(pair(1))})):
            traces, _, _ = read_paths(written(folder / "all", data))
            assert files_of(traces) == [f"all/{name}"]
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "all"]


def test_links_and_devices_are_named_and_not_followed(tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for name, kind in (
            ("l", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("d", tarfile.CHRTYPE),
            ("p", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            packed.addfile(info)
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(lines(pair(1)))
        packed.addfile(info, io.BytesIO(lines(pair(1))))
    traces, _, report = read_paths(written(tmp_path / "a.tar", file.getvalue()))
    assert len(traces) == 1
    assert [str(entry.left_out).split(",")[0] for entry in sorted(report.left_out, key=lambda entry: entry.name)] == [
        "a device",
        "a hard link",
        "a symbolic link",
        "a named pipe",
    ]
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed_zip:
        packed_zip.writestr(link, "/etc/passwd")
        packed_zip.writestr("a.jsonl", lines(pair(1)))
    _, _, report = read_paths(written(tmp_path / "a.zip", file.getvalue()))
    assert [(entry.name, str(entry.left_out)[:15]) for entry in report.left_out] == [("a.zip/link", "a symbolic link")]


def test_a_member_that_cannot_be_had_is_a_reject(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.jsonl": lines(pair(1)), "b.jsonl": lines(pair(2))}, zipfile.ZIP_STORED))
    data[data.index(b"What is 2")] ^= 1
    traces, rejects, _ = read_paths(written(tmp_path / "a.zip", bytes(data)))
    assert files_of(traces) == ["a.zip/a.jsonl"]
    assert [reject.file for reject in rejects] == ["a.zip/b.jsonl"]
    assert "CRC" in rejects[0].reason
    data = bytearray(zipped({"a.jsonl": lines(pair(1)), "b.jsonl": lines(pair(2))}, zipfile.ZIP_STORED))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    traces, rejects, _ = read_paths(written(tmp_path / "a.zip", bytes(data)))
    assert files_of(traces) == ["a.zip/b.jsonl"]
    assert "encrypted" in rejects[0].reason
    out = tmp_path / "o.jsonl"
    assert rdpt.import_traces(tmp_path / "a.zip", out).n_rejects == 1
    kept = [json.loads(line) for line in (tmp_path / "o.jsonl.rejects.jsonl").read_text().splitlines()]
    assert [reject["file"] for reject in kept] == ["a.zip/a.jsonl"]


def test_a_member_with_the_bytes_of_another_file_is_met_once(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", lines(pair(1)))
    written(
        tmp_path / "b.zip", zipped({"x.jsonl": lines(pair(1)), "y.jsonl": lines(pair(1)), "z.jsonl": lines(pair(2))})
    )
    traces, _, report = read_paths(tmp_path)
    assert files_of(traces) == ["a.jsonl", "b.zip/z.jsonl"]
    assert [(file.name, file.left_out) for file in report.left_out] == [
        ("b.zip/x.jsonl", "byte for byte a.jsonl"),
        ("b.zip/y.jsonl", "byte for byte a.jsonl"),
    ]


def test_a_damaged_archive_spares_the_rest_of_its_folder(tmp_path: Path) -> None:
    whole = tarred({"a.jsonl": lines(*(pair(n, pad=os.urandom(500).hex()) for n in range(2_000)))}, "w:gz")
    written(tmp_path / "a.tar.gz", whole[: len(whole) // 2])
    written(tmp_path / "b.jsonl", lines(pair(1)))
    traces, rejects, _ = read_paths(tmp_path)
    assert files_of(traces) == ["b.jsonl"]
    assert (rejects[0].file, "damaged" in rejects[0].reason) == ("a.tar.gz", True)
    with pytest.raises(InputError, match="damaged"):
        read_paths(tmp_path / "a.tar.gz")


def test_an_archive_without_files_says_so(tmp_path: Path) -> None:
    for data in (zipped({"folder/": b""}), tarred({".hidden": b"x"})):
        with pytest.raises(InputError, match="holds no files"):
            read_paths(written(tmp_path / "a", data))


def test_bombs_and_crowds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FREE_BYTES", 100_000)
    big = {f"{n}.jsonl": b" " * 3_000_000 for n in range(4)}
    for data in (zipped(big), tarred(big, "w:gz")):
        with pytest.raises(InputError, match="grows beyond"):
            read_paths(written(tmp_path / "a", data))
    monkeypatch.setattr(bundles, "MAX_MEMBERS", 3)
    small = {f"{n}.jsonl": b"x" for n in range(4)}
    for data in (zipped(small), tarred(small)):
        with pytest.raises(InputError, match="too many files"):
            read_paths(written(tmp_path / "a", data))


def damaged(data: bytes) -> bytes:
    """A zip archive with wrong checksums in its directory."""
    start = data.index(b"PK\1\2")
    return data[:start] + data[start:].replace(struct.pack("<I", zlib.crc32(b" " * 90_000)), b"\1\2\3\4")


def test_members_that_are_damaged_at_their_end_count_as_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = damaged(zipped({f"{n}.jsonl": b" " * 90_000 for n in range(40)}))
    monkeypatch.setattr(limits, "FREE_BYTES", 100_000)
    with pytest.raises(InputError, match="grows beyond"):
        read_paths(written(tmp_path / "a.zip", data))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_directory_that_points_outside_the_archive(tmp_path: Path, method: int) -> None:
    data = bytearray(zipped({"a.jsonl": lines(pair(1)), "b.jsonl": lines(pair(2))}, method))
    end = data.index(b"PK\5\6")
    (start,) = struct.unpack_from("<I", data, end + 16)
    # The members then seem to begin before the file.
    struct.pack_into("<I", data, end + 16, start + 30)
    with pytest.raises(InputError, match=r"a\.zip"):
        read_paths(written(tmp_path / "a.zip", bytes(data)))


def test_a_bomb_of_bzip2_in_a_zip_is_unpacked_in_small_memory(tmp_path: Path) -> None:
    data = zipped({"a.jsonl": b"\0" * 200_000_000}, zipfile.ZIP_BZIP2)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="binary"):
            read_paths(written(tmp_path / "a.zip", data), format="pairs")
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_a_saved_data_set_in_an_archive_is_read_without_its_side_files(tmp_path: Path) -> None:
    sink = io.BytesIO()
    table = pa.table({"question": ["q"], "response": ["r"]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    members = {
        "set/data-00000-of-00001.arrow": sink.getvalue(),
        "set/state.json": b"{}",
        "set/dataset_info.json": b"{}",
    }
    traces, _, report = read_paths(written(tmp_path / "a.zip", zipped(members)))
    assert len(traces) == 1
    assert not report.refused
    assert [file.name for file in report.left_out] == ["a.zip/set/dataset_info.json", "a.zip/set/state.json"]
