"""A command that ends in its middle, in this process: what a kill at a chosen moment leaves in the database."""

from __future__ import annotations

from typing import Any

import pytest

from rdpt_core.store.run_store import DuckDBRunStore


class Killed(BaseException):
    """What the end of a process is to the code that it ends: nothing after it runs."""


def kill_after(
    monkeypatch: pytest.MonkeyPatch,
    n_commits: int,
    method: str = "commit",
    store: type[DuckDBRunStore] = DuckDBRunStore,
) -> None:
    """End a command after so many commits of a run's results."""
    real, left = getattr(store, method), [n_commits]

    def commit(self: DuckDBRunStore, *arguments: Any, **keywords: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return real(self, *arguments, **keywords)

    monkeypatch.setattr(store, method, commit)
