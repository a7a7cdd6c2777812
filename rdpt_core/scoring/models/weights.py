"""What the headers of weight files say of a model's tensors. No tensor is read.

A safetensors file begins with eight bytes of little-endian length and as many of JSON, which names every tensor with
its dtype, its shape and the bytes that it takes after the header. All of it is checked: a file may come from anywhere.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.settings import foreign, read_settings
from rdpt_core.traces.canonical.line_errors import described, shown

_MAX_HEADER_BYTES = 100_000_000
_INDEX = "model.safetensors.index.json"
_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """A tensor as a header names it; `dtype` as safetensors writes it, empty in a GGUF file."""

    shape: tuple[int, ...]
    file: Path
    dtype: str = ""


Tensors = Mapping[str, TensorEntry]


def read_tensors(files: ModelFiles) -> Tensors:
    """Every tensor of a model by its name, in all of its weight files.

    Raises:
        ModelError: a file is damaged, cut short or not what its name says, or the index of the files names others.
    """
    if files.gguf is not None:
        return _gguf_tensors(files.folder / files.gguf)
    _check_index(files.folder)
    found: dict[str, TensorEntry] = {}
    for file in sorted(files.folder.glob("*.safetensors")):
        found |= tensors_of(file)
    return found


def count_parameters(tensors: Tensors) -> int:
    """The numbers in all tensors."""
    return sum(math.prod(entry.shape) for entry in tensors.values())


def _gguf_tensors(file: Path) -> dict[str, TensorEntry]:
    with file.open("rb") as stream:
        magic = stream.read(4)
    if magic != b"GGUF":
        raise ModelError(
            "this is not a GGUF file", where=str(file), expected="a file that begins with GGUF", got=repr(magic)
        )
    with foreign("the GGUF file is damaged or cut short", str(file), hint="Download the file again."):
        from gguf import GGUFReader

        return {
            tensor.name: TensorEntry(tuple(int(size) for size in tensor.shape), file)
            for tensor in GGUFReader(str(file)).tensors
        }


def _check_index(folder: Path) -> None:
    """The index of weights in several files names files of this folder, and only such as are there."""
    path = folder / _INDEX
    if (folder / "model.safetensors").is_file() or not path.is_file():
        return
    places = read_settings(path).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(name, str) for name in places.values()):
        raise ModelError(
            "the index of the weights cannot be used",
            where=str(path),
            expected="`weight_map`, from names of tensors to names of files",
            got=described(places),
        )
    for name in sorted(set(places.values())):
        if Path(name).name != name or name == ".." or "\\" in name:
            raise ModelError(
                "the index of the weights leads out of the model's folder",
                where=str(path),
                expected="names of files beside it",
                got=shown(name),
            )
        if not (folder / name).is_file():
            raise ModelError(
                "a file of weights is missing",
                where=str(folder),
                expected=f"{name}, which {_INDEX} names",
                got="no such file",
                hint="Download the model again.",
            )


def tensors_of(file: Path) -> dict[str, TensorEntry]:
    """Every tensor of one safetensors file by its name.

    Raises:
        ModelError: it is damaged or cut short.
    """
    header, n_data_bytes = _header(file)
    places: list[tuple[int, int, str]] = []
    found: dict[str, TensorEntry] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        shape, start, end = _entry(file, name, entry)
        places.append((start, end, name))
        found[name] = TensorEntry(shape, file, entry["dtype"])
    if not places:
        _refuse(file, "a header that names tensors", "none")
    at = 0
    for start, end, name in sorted(places):
        if start != at:
            _refuse(file, f"{name} at byte {at} of the data, after the tensor before it", f"byte {start}")
        at = end
    if at != n_data_bytes:
        _refuse(file, f"{at} bytes after the header", f"{n_data_bytes}")
    return found


def _header(file: Path) -> tuple[dict[str, Any], int]:
    """The JSON of a header, and how many bytes come after it."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if 8 + length > size:
            raise ModelError(
                "the weights are not a whole safetensors file",
                where=str(file),
                expected=f"a header of {length} bytes",
                got=f"{size} bytes in all",
                hint="Download the file again; with git, `git lfs pull` fetches what a pointer stands for.",
            )
        if length > _MAX_HEADER_BYTES:
            _refuse(file, f"a header of at most {_MAX_HEADER_BYTES} bytes", f"{length} bytes")
        try:
            header = json.loads(stream.read(length))
        except (ValueError, RecursionError) as error:
            _refuse(file, "a header in JSON", str(error))
    if not isinstance(header, dict):
        _refuse(file, "a header that names tensors", described(header))
    return header, size - 8 - length


def _entry(file: Path, name: str, entry: Any) -> tuple[tuple[int, ...], int, int]:
    """Shape of a tensor, and where its bytes begin and end."""
    fields = entry if isinstance(entry, dict) else {}
    dtype = fields.get("dtype")
    bits = _BITS.get(dtype) if isinstance(dtype, str) else None
    if bits is None:
        _refuse(file, f"a known dtype of {shown(name)}", described(dtype))
    shape = _sizes(fields.get("shape"))
    if shape is None:
        _refuse(file, f"whole numbers for the shape of {shown(name)}", described(fields.get("shape")))
    offsets = _sizes(fields.get("data_offsets"))
    if offsets is None or len(offsets) != 2:
        _refuse(file, f"two numbers for the data_offsets of {shown(name)}", described(fields.get("data_offsets")))
    start, end = offsets
    if (end - start) * 8 != math.prod(shape) * bits:
        _refuse(
            file, f"{shown(name)} in the bytes that {dtype} of shape {list(shape)!s:.60} takes", f"{start} to {end}"
        )
    return shape, start, end


def _sizes(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, list) and all(type(size) is int and 0 <= size < 2**63 for size in value):
        return tuple(value)
    return None


def _refuse(file: Path, expected: str, got: str) -> NoReturn:
    raise ModelError(
        "the weights are not a whole safetensors file",
        where=str(file),
        expected=expected,
        got=got,
        hint="Download the file again.",
    )
