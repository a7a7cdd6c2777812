"""Files as they were hashed, and whether they still are.

A run is named by the contents of its models' files, and loads them later: the last model hours after the first. In
between, a training run may save into the same folder. So the files are looked at again once they are loaded: their
stat says that nothing was written, and only where it does not are they hashed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from os import stat_result
from pathlib import Path
from typing import NamedTuple

_READ_BYTES = 1 << 20


class _Stamp(NamedTuple):
    """Changes whenever a file is written or replaced, even where its time is set back."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, path: Path) -> _Stamp | None:
        """None if there is no such file."""
        try:
            stat: stat_result = path.stat()
        except OSError:
            return None
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


class HashedFiles:
    """Some files and the hash over their names and contents.

    Args:
        find: lists the files; called again to see whether there are others by then.

    Attributes:
        revision: `sha256:…`; a moved folder keeps it, a retrained model does not.
    """

    def __init__(self, find: Callable[[], Sequence[Path]]) -> None:
        self._find = find
        # The stamp is from before the hash, so that what is written meanwhile is seen as a change.
        self._known = {path: (_Stamp.of(path), _sha256(path)) for path in sorted(find(), key=lambda path: path.name)}
        total = hashlib.sha256()
        for path, (_, content) in self._known.items():
            total.update(json.dumps([path.name, content]).encode())
        self.revision = f"sha256:{total.hexdigest()[:32]}"

    def changed(self) -> str | None:
        """The name of a file that holds something else by now, is gone, or is new; None if there is none.

        A few microseconds a file; one that was written to without a change of its contents is hashed once more.
        """
        different = set(self._known).symmetric_difference(self._find())
        return next(
            (path.name for path in [*sorted(different), *self._known] if path in different or self._differs(path)), None
        )

    def changed_in_place(self) -> str | None:
        """Like `changed`, for files that are still mapped into memory: one that was replaced lives on there."""
        return next((path.name for path in self._known if self._is_same_file(path) and self._differs(path)), None)

    def _is_same_file(self, path: Path) -> bool:
        stamp, known = _Stamp.of(path), self._known[path][0]
        return stamp is not None and known is not None and stamp[:2] == known[:2]

    def _differs(self, path: Path) -> bool:
        stamp, (known, content) = _Stamp.of(path), self._known[path]
        if stamp is not None and stamp == known:
            return False
        try:
            is_same = _sha256(path) == content
        except OSError:
            return True
        if is_same:
            self._known[path] = (stamp, content)
        return not is_same


def _sha256(path: Path) -> str:
    content = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_READ_BYTES):
            content.update(block)
    return content.hexdigest()
