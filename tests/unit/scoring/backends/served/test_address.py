"""Addresses of servers."""

from __future__ import annotations

import pytest

from rdpt_core.scoring.backends.served.address import is_on_this_machine, other_scheme, server_root, socket_path


def test_an_address_with_and_without_v1() -> None:
    assert {server_root(f"http://h:1{end}") for end in ("", "/", "/v1", "/v1/")} == {"http://h:1"}
    assert {server_root(f"unix:///run/s{end}") for end in ("", "/v1")} == {"unix:///run/s"}


def test_a_socket_file_is_named_by_its_path() -> None:
    assert socket_path("unix:///run/a%20b.sock") == "/run/a b.sock"
    assert socket_path("http://h/run/s.sock") is None


@pytest.mark.parametrize(
    ("root", "is_here"),
    [
        ("http://127.0.0.1:1", True),
        ("https://127.8.9.1", True),
        ("http://[::1]:8000", True),
        ("http://LOCALHOST:1", True),
        ("http://a.localhost", True),
        ("http://0.0.0.0:8000", True),
        ("unix:///run/s", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.org", False),
        ("http://h", False),
    ],
)
def test_what_no_proxy_has_a_way_to(root: str, is_here: bool) -> None:
    assert is_on_this_machine(root) is is_here


def test_the_other_scheme_keeps_the_port() -> None:
    assert other_scheme("http://h:8000/a") == "https://h:8000/a"
    assert other_scheme("https://[::1]") == "http://[::1]:443"
    assert other_scheme("http://h") == "https://h:80"
    assert other_scheme("unix:///run/s") is None
