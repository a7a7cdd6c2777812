"""Addresses of servers."""

from __future__ import annotations

from rdpt_core.scoring.backends.served.client import server_root


def test_an_address_with_and_without_v1() -> None:
    assert {server_root(f"http://h:1{end}") for end in ("", "/", "/v1", "/v1/")} == {"http://h:1"}
