"""Files that an import meets twice: under two names, as a copy, or as what an earlier import wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from rdpt_core.errors import InputError, MissingPackageError, UsageError
from rdpt_core.traces.canonical.rejects import FIELDS as REJECT_FIELDS
from rdpt_core.traces.files.json_lines import read_lines
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.files.source import Source
from rdpt_core.traces.importing.report import FileReport, ImportReport

NamedSource = tuple[Source, bool]
"""A file, and whether the user named the file itself."""


def without_repeats(files: Iterable[NamedSource], outputs: Sequence[Path], report: ImportReport) -> list[NamedSource]:
    """Each file once, at its first place; the report keeps what was left out and why.

    A file that the user named is a named one, whichever of its names stays.

    Args:
        outputs: the files that the import is about to write: in a folder they are results of an earlier one, and no
            sources.

    Raises:
        UsageError: a file of a folder would be overwritten that is no such result.
    """
    kept: list[NamedSource] = []
    results = {inode for path in outputs if (inode := _inode(path)) is not None}
    twins = _Twins()
    for source, is_named in files:
        if source.aside is not None:
            report.files.append(FileReport(source.name, left_out=source.aside))
            continue
        inode = _inode(source.path)
        if inode in results and not is_named:
            if not _is_result(source):
                raise UsageError(
                    "this would overwrite an input of the command",
                    where=str(source.path),
                    expected="another file, or one that an earlier import wrote",
                    got="records without the mark of an import",
                    hint="Write to a file outside the folder, or move this one away.",
                )
            report.files.append(FileReport(source.name, left_out="an output of this import"))
            continue
        place = twins.place_of(source, inode)
        if place is None:
            kept.append((source, is_named))
            continue
        first, was_named = kept[place]
        kept[place] = first, was_named or is_named
        how = "the same file as" if inode is not None and inode == _inode(first.path) else "byte for byte"
        report.files.append(FileReport(source.name, left_out=f"{how} {first.name}"))
    return kept


def _is_result(source: Source) -> bool:
    """Whether every record of a file is marked as imported, or is a reject, so that importing again gives it again."""
    try:
        return all(_is_marked(record) for record in read_lines(source))
    except (InputError, MissingPackageError, OSError):
        return False


def _is_marked(record: Record | Bad) -> bool:
    if isinstance(record, Bad) or not isinstance(record.value, dict):
        return False
    meta = record.value.get("meta")
    return set(record.value) == REJECT_FIELDS or (isinstance(meta, dict) and isinstance(meta.get("import"), dict))


class _Twins:
    """Finds files that are one file or have the same bytes. Only files of one size are read for that."""

    def __init__(self) -> None:
        self._n = 0
        self._by_inode: dict[tuple[int, int], int] = {}
        self._by_size: dict[int, list[tuple[int, Source]]] = {}
        self._by_content: dict[tuple[int, str], int] = {}

    def place_of(self, source: Source, inode: tuple[int, int] | None) -> int | None:
        """The place of the file's twin among the files so far; None for a new file, which gets the next place.

        A file without a byte, or one that cannot be read, has no twin: what is wrong with it is said of each.
        """
        if inode is not None and inode in self._by_inode:
            return self._by_inode[inode]
        with suppress(InputError, OSError):
            place = self._place_by_content(source)
            if place is not None:
                return place
        if inode is not None:
            self._by_inode[inode] = self._n
        self._n += 1
        return None

    def _place_by_content(self, source: Source) -> int | None:
        size = source.size()
        if not size:
            return None
        same_size = self._by_size.setdefault(size, [])
        same_size.append((self._n, source))
        if len(same_size) == 1:
            return None
        if len(same_size) == 2:
            place, first = same_size[0]
            self._by_content[size, _digest(first)] = place
        place = self._by_content.setdefault((size, _digest(source)), self._n)
        return place if place != self._n else None


def _inode(path: Path | None) -> tuple[int, int] | None:
    """What names a file whatever path leads to it; None for a stream, and for a file that is not there."""
    if path is None:
        return None
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _digest(source: Source) -> str:
    digest = hashlib.sha256()
    with source.open_raw() as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
