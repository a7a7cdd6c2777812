"""Pipes as files of traces: they can be read once, and a run reads its traces twice."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self

from rdpt_core.errors import InputError, reason_of

_LOGGER = logging.getLogger(__name__)

_COPY_BYTES = 1 << 20


class PipeSpool:
    """Opens files for reading, pipes among them as often as they are asked for.

    What comes through a pipe is copied into a file without a name, which the system takes back when the process ends,
    however that comes about. Use it as a context manager.
    """

    def __init__(self) -> None:
        self._kept: dict[Path, IO[bytes]] = {}
        self._open_files = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open_files.close()

    def open(self, path: Path) -> BinaryIO:
        """The file, from its beginning; one that was opened before from the same pipe must not be read any more.

        Raises:
            OSError: it cannot be opened.
            InputError: there is no room to keep what comes through a pipe.
        """
        if path not in self._kept:
            if not path.is_fifo():
                return path.open("rb")
            self._kept[path] = self._copied(path)
        file = self._kept[path]
        file.seek(0)
        return os.fdopen(os.dup(file.fileno()), "rb")

    def _copied(self, path: Path) -> IO[bytes]:
        _LOGGER.warning("%s is a pipe: what comes through it is kept in a temporary file while the command runs", path)
        try:
            with path.open("rb") as pipe:
                file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the spool
                self._open_files.callback(file.close)
                shutil.copyfileobj(pipe, file, _COPY_BYTES)
                file.flush()
        except OSError as error:
            raise InputError(
                "what comes through a pipe cannot be kept",
                where=f"{path}, in {tempfile.gettempdir()}",
                expected="room for all of it",
                got=reason_of(error, Path(tempfile.gettempdir())),
                hint="Name a larger folder in the environment variable TMPDIR, or write the traces to a file first.",
            ) from error
        return file
