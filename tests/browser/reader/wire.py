"""What travels between server and browser, counted on its way."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

QUIET_S = 0.5
ANSWER_S = 30.0


class Wire:
    """Stands between browser and server, and counts what the server sends through WebSockets, as it travels."""

    def __init__(self, port: int) -> None:
        self.n_bytes = 0
        self._port = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._welcome, daemon=True).start()

    def n_bytes_at_rest(self, beyond: int = 0) -> int:
        """How much has travelled once nothing more does: a page that has just been drawn may still ask for a run.

        Args:
            beyond: wait until more than this has travelled. The answer to a run is seen here whatever the page shows
                of it: a short run begins and ends between two drawings.
        """
        deadline_s = time.monotonic() + ANSWER_S
        seen, since_s = self.n_bytes, time.monotonic()
        while seen <= beyond or time.monotonic() - since_s < QUIET_S:
            assert time.monotonic() < deadline_s, f"{seen} bytes have travelled; more than {beyond} were expected"
            time.sleep(0.02)
            if self.n_bytes != seen:
                seen, since_s = self.n_bytes, time.monotonic()
        return seen

    def _welcome(self) -> None:
        with suppress(OSError):
            while True:
                browser, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(browser,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        with suppress(OSError), browser, socket.create_connection(("127.0.0.1", self._port)) as server:
            request = browser.recv(1 << 16)
            server.sendall(request)
            threading.Thread(target=self._pass_on, args=(browser, server, False), daemon=True).start()
            self._pass_on(server, browser, b"upgrade: websocket" in request.lower())

    def _pass_on(self, source: socket.socket, goal: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self.n_bytes += len(data) if counts else 0
                goal.sendall(data)
            goal.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._door.close()
