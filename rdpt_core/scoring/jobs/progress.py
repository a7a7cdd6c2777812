"""Progress on standard error: traces, tokens per second, time left."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm


class RoleProgressBar:
    """One bar for one role. Counts what an earlier process has done as done, but not into the speed."""

    def __init__(self, role: str, n_traces: int, n_done: int, *, quiet: bool = False) -> None:
        self._n_tokens = 0
        self._started_s = time.monotonic()
        self._bar: Any = tqdm(
            total=n_traces,
            initial=n_done,
            desc=f"{role:<9}",
            unit="trace",
            file=sys.stderr,
            disable=quiet,
            dynamic_ncols=True,
            mininterval=0.5,
            bar_format="{desc} {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} traces{postfix}, {remaining} left",
        )
        self._bar.set_postfix_str("loading")

    def advance(self, n_traces: int, n_tokens: int) -> None:
        """Report one batch."""
        self._n_tokens += n_tokens
        elapsed_s = max(time.monotonic() - self._started_s, 1e-6)
        self._bar.set_postfix_str(f"{self._n_tokens / elapsed_s:,.0f} tokens/s", refresh=False)
        self._bar.update(n_traces)

    def close(self) -> None:
        """Leave the finished bar on its line."""
        self._bar.close()
