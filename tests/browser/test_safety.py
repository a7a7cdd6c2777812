"""Foreign texts stay texts, and the server keeps to itself."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import synthetic
from tests.browser.conftest import ROOT, Server, settle


def test_a_hostile_trace_changes_nothing_and_is_shown(visit: Callable[..., Page], outside: list[str]) -> None:
    page = visit("trace", trace="hostile-<img src=x>")
    text = page.locator(".reader .text")
    expect(page.locator(".reader .s")).to_have_count(len(synthetic.HOSTILE))
    # Every character is there, in order; nothing became an element.
    assert text.evaluate("e => e.textContent") == "".join(sentence for sentence, _ in synthetic.HOSTILE)
    kinds = text.evaluate("e => [...new Set([...e.querySelectorAll('*')].map(n => n.localName))].sort()")
    assert kinds == ["div", "span"]
    expect(page.locator(".card")).to_contain_text(f"<a href={synthetic.ELSEWHERE}/gold>gold</a>")
    expect(page.locator(".card")).to_contain_text("**bold** $x$")
    page.get_by_text("Metadata of this trace").click()
    expect(page.get_by_test_id("stCode").filter(has_text="<script>")).to_be_visible()
    page.mouse.move(700, 700)
    page.locator('.reader .s[data-i="0"]').focus()
    for sentence in range(1, len(synthetic.HOSTILE)):
        page.keyboard.press("j")
        expect(page.locator(".reader .tip")).to_contain_text(f"sentence {sentence + 1} of")
    assert page.title() == "RDPT Explorer"
    assert page.locator("img[src*='192.0.2.1'], image, [onload], [onerror], a[href^='javascript']").count() == 0
    assert outside == []


def test_a_hostile_trace_stays_in_its_box(visit: Callable[..., Page]) -> None:
    page = visit("trace", trace="hostile-<img src=x>")
    expect(page.locator(".reader .s")).to_have_count(len(synthetic.HOSTILE))
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    box = page.locator(".reader .text")
    assert box.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    # An override without an end turns its own sentence around, and no other.
    assert page.locator('.reader .s[data-i="8"]').evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"
    heading = page.get_by_text("Numbers and figure")
    assert heading.evaluate("e => getComputedStyle(e).direction") == "ltr"
    style = "e => [getComputedStyle(e).contain, getComputedStyle(e).overflowY]"
    assert box.evaluate(style) == ["content", "auto"]


def test_hostile_names_in_overview_and_pickers(visit: Callable[..., Page], outside: list[str]) -> None:
    page = visit()
    expect(page.locator(".js-plotly-plot .ytick").filter(has_text="attack <i>")).to_have_count(1)
    assert page.locator(".js-plotly-plot i").count() == 0
    visit("trace", benchmark="attack <i>")
    expect(page.get_by_role("combobox", name="Question (1)", exact=True)).to_be_visible()
    expect(page.locator(".card")).to_contain_text("hostile-<img src=x>")
    page.get_by_role("combobox", name="Benchmark").click()
    expect(page.get_by_role("option", name="attack <i>")).to_be_visible()
    assert outside == []


def test_the_server_listens_on_loopback_only(server: Server) -> None:
    listening = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            local, state = line.split()[1], line.split()[3]
            address, port = local.split(":")
            if state == "0A" and int(port, 16) == server.port:
                listening.add(address)
    assert listening == {"0100007F"}


def _upgrade(server: Server, host: str, origin: str | None = None) -> str:
    """The first line that the server answers to a WebSocket handshake."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET /_stcore/stream HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    lines += [f"Origin: {origin}"] if origin else []
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return connection.recv(200).decode(errors="replace").splitlines()[0]


def test_foreign_hosts_and_origins_are_refused(server: Server) -> None:
    assert "101" in _upgrade(server, f"127.0.0.1:{server.port}", server.url)
    assert "101" in _upgrade(server, f"localhost:{server.port}")
    assert "403" in _upgrade(server, "rebound.example")
    assert "403" in _upgrade(server, f"127.0.0.1:{server.port}", "http://evil.example")


def test_no_usage_statistics(visit: Callable[..., Page], server: Server, outside: list[str]) -> None:
    page = visit()
    page.wait_for_timeout(1000)
    settle(page)
    assert outside == []
    assert "gatherUsageStats = false" in (ROOT / ".streamlit" / "config.toml").read_text()
