"""A real server over a synthetic database, and a browser that may talk to nothing but this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser import reading
from tests.support import synthetic

ROOT = Path(__file__).parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    # With a page kept open, each new one finds a process at work and the scripts compiled: a third of the time.
    "--process-per-site",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IDLE = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
WAIT_MS = 20_000
HERE = Path(__file__).parent


# Browser tests that may be tried a second time: path in this folder and name, and what is known of the reason. A test
# that is not in this list passes at once or fails.
QUARANTINE: dict[str, str] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a second try to what is in quarantine; the report lists who needed it (`R`)."""
    for item in items:
        if HERE in item.path.parents:
            name = getattr(item, "originalname", item.name)
            if f"{item.path.relative_to(HERE)}::{name}" in QUARANTINE:
                item.add_marker(pytest.mark.flaky(reruns=1))


def _chromium() -> str | None:
    for name in (os.environ.get("RDPT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """What pytest-playwright starts; its own download of a browser is never used."""
    path = _chromium()
    if path is None:
        message = (
            "the browser tests need Chromium: `apt-get install -y --no-install-recommends chromium fonts-noto-cjk`, or "
            "set RDPT_CHROMIUM to one. RDPT_SKIP_BROWSER=1 skips these tests."
        )
        if os.environ.get("RDPT_SKIP_BROWSER") == "1":
            pytest.skip(message)
        pytest.fail(message)
    return {"executable_path": path, "args": CHROMIUM_ARGUMENTS}


class Server:
    """`streamlit run` on a free port of the loopback address.

    Args:
        app_folder: where `app.py` and its pages are.
    """

    def __init__(self, database: Path, app_folder: Path = ROOT) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--", "--db", str(database)],
            cwd=app_folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self) -> Server:
        """Until it answers."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                pytest.fail(f"the server ended:\n{self._process.stdout and self._process.stdout.read()}")
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return self
            except OSError:
                time.sleep(0.1)
        pytest.fail("the server did not answer within 30 s")

    def stop(self) -> str:
        """End it; returns what it wrote."""
        self._process.terminate()
        output, _ = self._process.communicate(timeout=20)
        return output


@pytest.fixture(scope="session")
def start_server() -> Iterator[Callable[[Path], Server]]:
    """Starts servers, and ends them all at last."""
    servers: list[Server] = []

    def start(database: Path) -> Server:
        servers.append(Server(database))
        return servers[-1].wait()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three benchmarks, a trace that is partly unscored, a long one and a hostile one."""
    path = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    traces = [*synthetic.sketches(), synthetic.unscored_sketch(), synthetic.long_sketch(2000)]
    synthetic.build(path, [*traces, synthetic.hostile_sketch()])
    return path


@pytest.fixture(scope="session")
def server(start_server: Callable[[Path], Server], database: Path) -> Server:
    """The app over that database."""
    return start_server(database)


@pytest.fixture(scope="session")
def shared_context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """One context for all tests, with a page that stays open: the others load the large scripts from its process."""
    expect.set_options(timeout=WAIT_MS)
    found = browser.new_context(viewport={"width": 1280, "height": 800})
    found.set_default_timeout(WAIT_MS)
    found.new_page().goto(f"{server.url}/_stcore/health")
    yield found
    found.close()


@pytest.fixture
def page(shared_context: BrowserContext) -> Iterator[Page]:
    """A fresh page, and with it a fresh Streamlit session."""
    found = shared_context.new_page()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def outside(shared_context: BrowserContext) -> Iterator[list[str]]:
    """Every request to another machine; any makes the test fail."""
    seen: list[str] = []

    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("127.0.0.1", "localhost"):
            seen.append(request.url)

    shared_context.on("request", note)
    yield seen
    shared_context.remove_listener("request", note)
    assert seen == [], "the browser asked an outside host"


@pytest.fixture
def visit(page: Page, server: Server) -> Callable[..., Page]:
    """Opens a page of the app and waits until it is drawn."""

    def go(path: str = "", base: str | None = None, **query: str) -> Page:
        page.goto(f"{base or server.url}/{path}" + (f"?{urlencode(query)}" if query else ""))
        settle(page)
        return page

    return go


@pytest.fixture
def page_with_trace(visit: Callable[..., Page]) -> Page:
    """A short trace with every label."""
    page = visit("trace", trace=reading.TRACE)
    expect(page.locator(".reader .s")).to_have_count(11)
    return page


@pytest.fixture(scope="session")
def thinking_server(start_server: Callable[[Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The app over the traces of `reading`."""
    path = tmp_path_factory.mktemp("db") / "reader.duckdb"
    reading.build_traces(path)
    return start_server(path)


@pytest.fixture
def open_trace(visit: Callable[..., Page], thinking_server: Server) -> Callable[..., Page]:
    """Opens one of those traces."""

    def go(trace: str, **query: str) -> Page:
        page = visit("trace", base=thinking_server.url, trace=trace, **query)
        expect(page.locator(".reader[data-ready]")).to_be_visible()
        return page

    return go


_AT_REST = """idle => {
  const now = performance.now();
  globalThis.idleSince = document.querySelector(idle) ? globalThis.idleSince ?? now : undefined;
  return now - globalThis.idleSince > 400;
}"""


def settle(page: Page) -> None:
    """Until the script has not run for a while and its connection is up; follow it with an expectation on content.

    A click is not a run yet, and a page that has just been drawn may still ask for one. A button that is drawn again
    while it is pressed is not pressed.
    """
    page.evaluate("globalThis.idleSince = undefined")
    page.wait_for_function(_AT_REST, arg=IDLE, timeout=WAIT_MS)


def follow(page: Page, section: str, title: str) -> None:
    """Go to a page by a menu of the navigation."""
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    page.get_by_role("menuitem", name=title, exact=True).click()


def address(page: Page) -> str:
    """The address as the browser has it now; `page.url` lags behind changes made by scripts."""
    found: str = page.evaluate("decodeURIComponent(location.search.replaceAll('+', ' '))")
    return found
