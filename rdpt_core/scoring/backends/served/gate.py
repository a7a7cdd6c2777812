"""How much is under way at once: so many requests, and so many tokens, which a server holds in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """First come, first served. What is larger than all that may be under way goes in alone."""

    def __init__(self, n_requests: int, n_tokens: int) -> None:
        self._requests_left = n_requests
        self._n_tokens = n_tokens
        self._tokens_left = n_tokens
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def admit(self, n_tokens: int) -> AsyncIterator[None]:
        """Wait until a request of so many tokens fits; it counts until the context ends."""
        cost = min(n_tokens, self._n_tokens)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((cost, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(cost)
            raise
        try:
            yield
        finally:
            self._leave(cost)

    def _leave(self, cost: int) -> None:
        self._requests_left += 1
        self._tokens_left += cost
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting:
            cost, turn = self._waiting[0]
            if turn.cancelled():
                self._waiting.popleft()
                continue
            if self._requests_left == 0 or cost > self._tokens_left:
                return
            self._waiting.popleft()
            self._requests_left -= 1
            self._tokens_left -= cost
            turn.set_result(None)
