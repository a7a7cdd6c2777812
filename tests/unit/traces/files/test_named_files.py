"""What stands behind a folder's name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from rdpt_core.traces.files.named_files import beside_datasets, is_hidden
from tests.support.imports.imported_paths import files_of, lines, pair, read_paths


def save_to_disk(folder: Path, numbers: list[list[int]]) -> None:
    """The files that Hugging Face's `datasets` writes for one split."""
    folder.mkdir(parents=True)
    for shard, part in enumerate(numbers):
        table = pa.table({"question": [f"{n}?" for n in part], "response": [str(n) for n in part]})
        path = folder / f"data-{shard:05}-of-{len(numbers):05}.arrow"
        with pa.ipc.new_stream(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    (folder / "dataset_info.json").write_text('{"features": {}}')
    (folder / "state.json").write_text('{"_data_files": []}')


def test_a_saved_data_set_is_read_in_all_its_splits(tmp_path: Path) -> None:
    save_to_disk(tmp_path / "set" / "train", [[1, 2, 3], [4]])
    save_to_disk(tmp_path / "set" / "test", [[5]])
    (tmp_path / "set" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    traces, rejects, report = read_paths(tmp_path / "set")
    assert [trace.response for trace in traces] == ["5", "1", "2", "3", "4"]
    assert files_of(traces)[0] == "test/data-00000-of-00001.arrow"
    assert not rejects
    assert not report.refused
    assert len(report.left_out) == 5
    assert {file.left_out for file in report.left_out} == {
        "the description of the data set beside it",
        "the list of the data set's splits",
    }


def test_files_of_those_names_elsewhere_are_files(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(lines(pair(1)))
    assert len(read_paths(tmp_path)[0]) == 1
    assert beside_datasets(["a/state.json", "b/x.arrow", "dataset_dict.json", "b/state.json"]) == {
        "dataset_dict.json": "the list of the data set's splits",
        "b/state.json": "the description of the data set beside it",
    }


def test_a_dot_in_front_hides() -> None:
    assert [name for name in ("a/b", ".a/b", "a/.b", "./a", "../a", "a.b") if is_hidden(name)] == [".a/b", "a/.b"]
