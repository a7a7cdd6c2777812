"""Foreign texts stay texts, and the server keeps to itself."""

from __future__ import annotations

import base64
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.store.beside.notes import Anchor, add_note
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.standalone import standalone_html
from tests.browser.conftest import ROOT, Server, settle
from tests.support import synthetic


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


FIRST, SECOND = synthetic.attack_sketches()
# Whatever an attack could have made, in the page or in any component's shadow root.
MADE = (
    "iframe[src*='192.0.2.1'], object, embed, base, form[action*='192.0.2.1'], link[href*='192.0.2.1'], "
    "meta[http-equiv=refresh], [onload], [onerror], [onfocus], [ontoggle], [onbegin], img[src*='192.0.2.1'], image, "
    "a[href^='javascript'], a[href^='http://192.0.2.1'], math[href], "
    "script:not([type='application/json']):has-text('alert(1)')"
)


@pytest.fixture(scope="module")
def attacked_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two traces made of attacks, and notes made of attacks on both."""
    path = tmp_path_factory.mktemp("db") / "attacked.duckdb"
    synthetic.build(path, [FIRST, SECOND], name=f"<img src={synthetic.ELSEWHERE}/run onerror=alert(1)>")
    with open_reader(path) as reader:
        (response, _) = reader.query("SELECT response FROM traces ORDER BY trace_no").column(0).to_pylist()
    anchor = Anchor("0123456789abcdef", FIRST.trace_id, text_hash(response), 0, 0, 5, synthetic.ATTACKS[0][0])
    for text, _ in synthetic.ATTACKS[:-1]:
        add_note(path, anchor, text[:5000], (text[:40], "<b>tag</b>"))
    return path


@pytest.fixture(scope="module")
def attacked(start_server: Callable[[Path], Server], attacked_database: Path) -> Server:
    """The app over that database."""
    return start_server(attacked_database)


@pytest.fixture
def unharmed(page: Page, outside: list[str]) -> Iterator[Callable[[], None]]:
    """Checks that nothing has happened: no dialog, no request, no foreign element, no changed title or address."""
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    def check() -> None:
        assert page.evaluate("[window.owned ?? null, document.title.includes('owned')]") == [None, False]
        assert [node.evaluate("n => n.outerHTML.slice(0, 200)") for node in page.locator(MADE).all()] == []
        assert (dialogs, outside) == ([], [])

    yield check
    assert dialogs == []


def everything(sentences: Sequence[tuple[str, str]]) -> str:
    return "".join(text for text, _ in sentences)


def test_attacks_on_the_reader(visit: Callable[..., Page], attacked: Server, unharmed: Callable[[], None]) -> None:
    page = visit("trace", base=attacked.url, trace=FIRST.trace_id)
    expect(page.locator(".reader .s")).to_have_count(len(synthetic.ATTACKS))
    assert page.locator(".reader .text").evaluate("e => e.textContent") == everything(synthetic.ATTACKS)
    unharmed()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    # Rendered mathematics is built from what parses, and from nothing else.
    page.get_by_role("button", name="Show formulas rendered").click()
    # While formulas are on their way, sentences may move away under the pointer.
    expect(page.locator(".reader .tool.math[aria-pressed=true]:not(.busy)")).to_be_visible()
    settle(page)
    page.locator('.reader .s[data-i="0"]').click()
    expect(page.locator(".reader .side")).to_contain_text("<script>document.title='owned'")
    unharmed()


def test_attacks_on_compare(visit: Callable[..., Page], attacked: Server, unharmed: Callable[[], None]) -> None:
    page = visit("compare", base=attacked.url, trace=FIRST.trace_id, trace2=SECOND.trace_id)
    expect(page.locator(".reader").nth(1).locator(".s")).to_have_count(len(SECOND.sentences))
    page.get_by_role("slider", name="Pair of sentences").focus()
    page.keyboard.press("Home")
    expect(page.locator(".pairs .detail")).to_contain_text("Pair 1 of")
    texts = [node.evaluate("e => e.textContent") for node in page.locator(".reader .text").all()]
    assert texts == [everything(FIRST.sentences), everything(SECOND.sentences)]
    unharmed()


def test_attacks_on_find(visit: Callable[..., Page], attacked: Server, unharmed: Callable[[], None]) -> None:
    page = visit("find", base=attacked.url, q="[^ ]", regex="true")
    expect(page.locator(".results .entry")).to_have_count(25)
    expect(page.locator(".results")).to_contain_text("<script>document.title='owned'")
    kinds = page.locator(".results .passage").evaluate_all(
        "nodes => [...new Set(nodes.flatMap(n => [...n.querySelectorAll('*')]).map(n => n.localName))].sort()"
    )
    assert kinds == ["mark", "span"]
    unharmed()
    visit("find", base=attacked.url, q="<img src=x onerror=alert(1)>", regex="true")
    expect(page.get_by_text("No sentence holds that.")).to_be_visible()
    visit("find", base=attacked.url, q="(<img src=x onerror=alert(1)>", regex="true")
    expect(page.get_by_text("This is not a regular expression.")).to_be_visible()
    unharmed()


def test_attacks_on_notes(visit: Callable[..., Page], attacked: Server, unharmed: Callable[[], None]) -> None:
    page = visit("find", base=attacked.url, look_in="notes")
    expect(page.locator(".results .entry")).to_have_count(len(synthetic.ATTACKS) - 1)
    expect(page.locator(".results .tag").first).to_contain_text("<script>document.title")
    unharmed()
    visit("trace", base=attacked.url, trace=FIRST.trace_id)
    expect(page.locator(".card[aria-label='Note 1']")).to_contain_text("<script>document.title='owned'")
    unharmed()


def test_attacks_on_a_saved_page(
    page: Page, attacked_database: Path, tmp_path: Path, unharmed: Callable[[], None], outside: list[str]
) -> None:
    path = tmp_path / "saved.html"
    with open_reader(attacked_database) as reader:
        run = reader.run(None)
        path.write_text(standalone_html(reader, run, load_trace_view(reader, run, 0, LabelRule.make())))
    page.context.set_offline(True)
    try:
        page.goto(path.as_uri())
        expect(page.locator(".reader .s")).to_have_count(len(synthetic.ATTACKS))
        assert page.locator(".reader .text").evaluate("e => e.textContent") == everything(synthetic.ATTACKS)
        page.locator('.reader .s[data-i="0"]').click()
        expect(page.locator(".reader .side")).to_contain_text("Tokens")
        unharmed()
        assert page.locator("meta[http-equiv]").count() == 1
        assert page.url == path.as_uri()
    finally:
        page.context.set_offline(False)


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


def test_a_fault_is_one_sentence_and_a_reference(page: Page, database: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pages", tmp_path / "pages")
    shutil.copytree(ROOT / ".streamlit", tmp_path / ".streamlit")
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / "pages" / "overview.py").write_text(f"raise LookupError('no key in {tmp_path}/secret.txt')")
    server = Server(database, tmp_path).wait()
    try:
        page.goto(server.url)
        settle(page)
        notice = page.get_by_test_id("stAlert")
        expect(notice).to_contain_text("This page could not be drawn because of a fault in the program.")
        reference = notice.locator("code").last.inner_text()
        assert page.get_by_test_id("stException").count() == 0
        shown = page.locator("body").inner_text()
        assert [secret for secret in ("LookupError", "Traceback", str(tmp_path), "secret") if secret in shown] == []
    finally:
        said = server.stop()
    assert f"reference {reference}: the page failed with LookupError" in said
    assert "secret.txt" in said


def test_no_usage_statistics(visit: Callable[..., Page], server: Server, outside: list[str]) -> None:
    page = visit()
    page.wait_for_load_state("networkidle")
    assert outside == []
    assert "gatherUsageStats = false" in (ROOT / ".streamlit" / "config.toml").read_text()
