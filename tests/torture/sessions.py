"""Many people at the app while a run writes: `python -m tests.torture.sessions --sessions 30 --minutes 10`.

`rdpt view` serves a database with a finished run, into which another run commits all the time. One page in a browser
moves thresholds alone for a minute; then more open beside it, and all of them move thresholds, go from page to page,
search, and come again as new sessions. It prints how the server's memory went, how long a threshold took until the
numbers were redrawn, and what went wrong, and ends with status 1 if memory grew by more than 15% or anything did.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, WebSocket, async_playwright
from playwright.async_api import Error as BrowserError

from rdpt_core.records import RunKey
from rdpt_core.ui.pages import registry
from tests.support import synthetic

FINISHED, LIVE = "f" * 16, "1" * 16
# About 1,500 traces in either run.
N_QUESTIONS = 550
# Three commits, one a role, as often as a run on a laptop makes them.
COMMIT_S, TRACES_PER_COMMIT = 5.0, 5
ALONE_S, SAMPLE_S = 60.0, 10.0
# The server has warmed up, and it keeps sessions that have ended for two minutes.
SETTLED_S = 120.0
MOST_GROWTH = 0.15
STUCK_MS, MOST_TRIES = 120_000, 3
BUSY = "The database is being written"
OPENING_AT_ONCE = 3
IDLE = "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--renderer-process-limit=3",
]  # fmt: skip
# Opening the app takes a browser four seconds of a core, and every action nearly one: people look for longer.
LOOK_S = (20.0, 60.0)
PAGES = (
    "Overview", "Trace", "Compare", "Find", "Ratios", "Benchmarks", "Positions", "Thresholds", "Predict", "Runs",
    "Selection",
)  # fmt: skip
SEARCHES = ("Wait", "12", "order", "这一步", "no such text", r"7 \+ 5")


@dataclass
class Record:
    """What was seen so far.

    Attributes:
        faults: what must not happen, by kind.
        events: what may happen, by kind.
        memory: seconds since the start and the server's resident set in bytes, every ten seconds.
        redrawn_s: how long threshold changes took, by phase.
    """

    faults: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, int]] = field(default_factory=list)
    redrawn_s: dict[str, list[float]] = field(default_factory=lambda: {"alone": [], "together": []})
    phase: str = "alone"

    def memory_at(self, moment_s: float) -> float:
        """The median of the samples around a moment, in MB: a single one may hit the middle of a page."""
        nearest = sorted(self.memory, key=lambda sample: abs(sample[0] - moment_s))[:3]
        return statistics.median(resident for _, resident in nearest) / 1e6


# ── The server and the run that writes ─────────────────────────────────────────────────────────────────────────────


def write_run(path: Path, run: RunKey, first: int) -> None:
    """Commit to the live run until it is complete."""
    sketches = synthetic.sketches(N_QUESTIONS)
    for start in range(first, len(sketches), TRACES_PER_COMMIT):
        synthetic.score(path, run, sketches[start : start + TRACES_PER_COMMIT], first=start)
        time.sleep(COMMIT_S)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """A finished run in the file, and one that a process of its own goes on with."""
    sketches = synthetic.sketches(N_QUESTIONS)
    synthetic.build(path, sketches, run_id=FINISHED)
    half = len(sketches) // 2
    run = synthetic.build(path, sketches, run_id=LIVE, n_scored=half, finish=False)
    writer = multiprocessing.get_context("spawn").Process(target=write_run, args=(path, run, half))
    writer.start()
    try:
        yield
    finally:
        writer.terminate()
        writer.join()


@dataclass(frozen=True)
class Server:
    """`rdpt view` and the process that it started."""

    url: str
    pid: int

    def resident(self) -> int:
        """Memory of the server, in bytes; 0 once it has ended."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except FileNotFoundError:
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def serving(database: Path, log: Path) -> Iterator[Server]:
    """The app over the database; what the server says goes into the log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "rdpt_core", "view", str(database), "--port", str(port)]
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as view:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline_s = time.monotonic() + 120
            while not _answers(url):
                if view.poll() is not None or time.monotonic() > deadline_s:
                    raise SystemExit(f"the server did not start:\n{log.read_text()}")
                time.sleep(0.2)
            (child,) = Path(f"/proc/{view.pid}/task/{view.pid}/children").read_text().split()
            yield Server(url, int(child))
        finally:
            view.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
            return True
    except OSError:
        return False


# ── One session ────────────────────────────────────────────────────────────────────────────────────────────────────


class Session:
    """Somebody at the app, whose doings follow from the seed.

    Args:
        number: even ones look at the finished run, odd ones at the one that is being written.
    """

    def __init__(self, context: BrowserContext, url: str, number: int, seed: int, record: Record) -> None:
        self._context = context
        self._address = f"{url}/?run={LIVE if number % 2 else FINISHED}"
        self._rng = random.Random(f"{seed}-{number}")
        self._record = record
        self._page: Page
        self._leaving = False

    async def come(self) -> None:
        """Open the app in a new session, again if that gets stuck."""
        for _ in range(MOST_TRIES):
            try:
                await self._open()
                return
            except BrowserError as error:
                self._fault("stuck", str(error).splitlines()[0])
                await self.close()
        raise SystemExit("The app could not be opened.")

    async def _open(self) -> None:
        self._leaving = False
        self._page = await self._context.new_page()
        self._page.on("pageerror", lambda error: self._fault("error in the page", str(error)))
        self._page.on("websocket", self._watch)
        self._page.on("console", lambda said: self._console(said.type, said.text))
        await self._page.goto(self._address)
        await self._settle()

    async def close(self) -> None:
        """Leave."""
        self._leaving = True
        with contextlib.suppress(BrowserError):
            await self._page.close()

    async def move_threshold(self) -> None:
        """Give β another value on the Overview, and time until its numbers are redrawn."""
        await self.go_to("Overview")
        value = f"{self._rng.uniform(0.06, 0.45):.4g}"
        began_s = time.monotonic()
        await self._type("β, exact", value)
        redrawn = self._page.get_by_text(f"β = {value}.")
        while not await redrawn.count():
            await redrawn.or_(self._page.get_by_role("heading", name=BUSY)).first.wait_for()
            await self._settle()
        self._record.redrawn_s[self._record.phase].append(time.monotonic() - began_s)

    async def act_until(self, end_s: float) -> None:
        """Do one thing after another, with time to look between them."""
        doings: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.move_threshold, 5),
            (self._move_threshold_elsewhere, 2),
            (lambda: self.go_to(self._rng.choice(PAGES)), 4),
            (self._search, 2),
            (self._come_again, 1),
        ]
        names, weights = zip(*doings, strict=True)
        while time.monotonic() < end_s:
            await self.attempt(self._rng.choices(names, weights)[0])
            await asyncio.sleep(self._rng.uniform(*LOOK_S))

    async def attempt(self, doing: Callable[[], Awaitable[None]]) -> None:
        """Do it; note what goes wrong, and go on in a new session if the page is stuck."""
        try:
            await doing()
            self._record.events["actions"] += 1
        except BrowserError as error:
            self._fault("stuck", str(error).splitlines()[0])
            await self.close()
            await self.come()
        await self._look_for_faults()

    async def _move_threshold_elsewhere(self) -> None:
        await self._type("α, exact", f"{self._rng.uniform(0.01, 0.05):.4g}")
        await self._settle()

    async def _search(self) -> None:
        await self.go_to("Find")
        await self._type("Text to find", self._rng.choice(SEARCHES))
        await self._settle()

    async def _come_again(self) -> None:
        self._leaving = True
        await self._page.goto(self._address)
        self._leaving = False
        await self._settle()

    async def go_to(self, title: str) -> None:
        """Another page."""
        section = next(entry.section for entry in registry.PAGES if entry.title == title)
        if section:
            await self._page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
        kind = "stTopNavDropdownLink" if section else "stTopNavLink"
        link = self._page.get_by_test_id(kind).filter(has_text=title).first
        await link.click()
        # Whatever is sent before the server has heard of the new page belongs to the old one, and takes it back.
        await self._page.wait_for_url(re.compile(rf"//[^/]+/{'' if title == 'Overview' else title.lower()}(\?|$)"))
        await self._settle()

    async def _type(self, label: str, text: str) -> None:
        box = self._page.get_by_label(label, exact=True)
        await box.fill(text)
        await box.press("Enter")

    async def _settle(self) -> None:
        """Until the page is drawn; where it could not be, because the run wrote too often, ask for it again."""
        await self._page.locator(IDLE).wait_for()
        while await self._page.get_by_role("heading", name=BUSY).count():
            self._record.events["busy notices"] += 1
            await self._page.get_by_role("button", name="Try again").click()
            await asyncio.sleep(1)
            await self._page.locator(IDLE).wait_for()

    async def _look_for_faults(self) -> None:
        for selector, kind in (
            ("[data-testid=stException]", "exception on a page"),
            ("[data-testid=stAlert]:has-text('fault in the program')", "fault on a page"),
        ):
            n = await self._page.locator(selector).count()
            if n:
                self._fault(kind, await self._page.locator(selector).first.inner_text())

    def _watch(self, stream: WebSocket) -> None:
        def closed(_: WebSocket) -> None:
            if not self._leaving:
                self._record.events["disconnects"] += 1

        stream.on("close", closed)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error":
            self._record.events["console errors"] += 1
            print(f"console: {text[:300]}", flush=True)

    def _fault(self, kind: str, text: str) -> None:
        self._record.faults[kind] += 1
        print(f"{kind}: {' '.join(text.split())[:300]}", flush=True)


# ── All of them ────────────────────────────────────────────────────────────────────────────────────────────────────


async def sample_memory(server: Server, record: Record, began_s: float) -> None:
    """Note the server's memory every ten seconds, until cancelled."""
    while True:
        elapsed_s, resident = time.monotonic() - began_s, server.resident()
        record.memory.append((elapsed_s, resident))
        print(f"{elapsed_s:6.0f} s  {resident / 1e6:6.0f} MB  {record.events['actions']:5} actions", flush=True)
        await asyncio.sleep(SAMPLE_S)


async def use(server: Server, n_sessions: int, minutes: float, seed: int) -> tuple[Record, float]:
    """One session alone, then all; returns what was seen, and when all were there, in seconds since the start."""
    record, began_s = Record(), time.monotonic()
    sampling = asyncio.create_task(sample_memory(server, record, began_s))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        context = await browser_context(browser)
        sessions = [Session(context, server.url, number, seed, record) for number in range(n_sessions)]
        await sessions[0].come()
        alone_until_s = time.monotonic() + min(ALONE_S, 60 * minutes)
        while time.monotonic() < alone_until_s:
            await sessions[0].attempt(sessions[0].move_threshold)
            await asyncio.sleep(1)
        # What every page loads and keeps is no growth.
        for title in PAGES:
            await sessions[0].attempt(partial(sessions[0].go_to, title))
        record.phase = "together"
        gate = asyncio.Semaphore(OPENING_AT_ONCE)

        async def enter(session: Session) -> None:
            async with gate:
                await session.come()

        await asyncio.gather(*(enter(session) for session in sessions[1:]))
        all_there_s = time.monotonic()
        await asyncio.gather(*(session.act_until(all_there_s + 60 * minutes) for session in sessions))
        sampling.cancel()
        record.memory.append((time.monotonic() - began_s, server.resident()))
        record.faults["server ended"] += not server.resident()
        await asyncio.gather(*(session.close() for session in sessions))
        await browser.close()
    return record, all_there_s - began_s


async def browser_context(browser: Browser) -> BrowserContext:
    """One for all: each page is a session of its own to the server, and scripts are compiled once."""
    # What moves while a page waits costs the browser more than the page itself, and is not what is measured.
    context = await browser.new_context(viewport={"width": 1600, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(STUCK_MS)
    return context


def chromium() -> str:
    """The browser's executable, if possible the one without a window: it takes two thirds of the other's time."""
    for name in (
        os.environ.get("RDPT_CHROMIUM"),
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
    ):
        if name and (found := shutil.which(name)):
            return found
    raise SystemExit("Chromium is missing: `make browser` installs it, or set RDPT_CHROMIUM to one.")


def report(record: Record, all_there_s: float, n_sessions: int, minutes: float, seed: int) -> bool:
    """Print the table; returns whether all is well."""
    settled_s = all_there_s + min(SETTLED_S, 60 * minutes / 5)
    early, late = record.memory_at(settled_s), record.memory_at(record.memory[-1][0])
    growth = late / early - 1
    rows = [
        ("memory with one session", f"{record.memory_at(ALONE_S / 2):.0f} MB"),
        (f"memory {settled_s - all_there_s:.0f} s after all had come", f"{early:.0f} MB"),
        (f"memory at the end, {60 * minutes:.0f} s after", f"{late:.0f} MB"),
        ("growth", f"{growth:+.1%} (at most {MOST_GROWTH:.0%})"),
        ("a threshold, one session", _quantiles(record.redrawn_s["alone"])),
        (f"a threshold, {n_sessions} sessions", _quantiles(record.redrawn_s["together"])),
        *((name, f"{n:,}") for name, n in sorted(record.events.items())),
        ("faults", ", ".join(f"{n} × {kind}" for kind, n in record.faults.items()) or "none"),
        ("seed", str(seed)),
    ]
    width = max(len(name) for name, _ in rows)
    print("\n" + "\n".join(f"{name:{width}}  {value}" for name, value in rows), flush=True)
    return growth <= MOST_GROWTH and not record.faults


def _quantiles(times_s: list[float]) -> str:
    if len(times_s) < 2:
        return f"{len(times_s)} times only"
    cuts = statistics.quantiles(times_s, n=20, method="inclusive")
    return f"p50 {cuts[9]:.2f} s, p95 {cuts[18]:.2f} s ({len(times_s)} times)"


def main() -> int:
    """Exit status 1 if memory grew too much or anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.sessions", description=__doc__)
    parser.add_argument("--sessions", type=int, default=30, metavar="N", help="at once (default: 30)")
    parser.add_argument("--minutes", type=float, default=10, metavar="N", help="with all of them (default: 10)")
    parser.add_argument("--seed", type=int, help="decides what each does (default: a random one, which is printed)")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sessions-") as folder:
        database, log = Path(folder) / "live.duckdb", Path(folder) / "server.log"
        with writing(database), serving(database, log) as server:
            record, all_there_s = asyncio.run(use(server, arguments.sessions, arguments.minutes, seed))
        said = log.read_text()
        record.faults["traceback in the server's output"] += said.count("Traceback")
        record.faults = +record.faults
        if record.faults:
            print(f"the server's output ends with:\n{said[-4000:]}")
        return 0 if report(record, all_there_s, arguments.sessions, arguments.minutes, seed) else 1


if __name__ == "__main__":
    sys.exit(main())
