"""A key is never shown."""

from __future__ import annotations

import pytest

from rdpt_core.scoring.backends.served.secret import Secret


def test_a_secret_is_struck_out_in_every_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk/ab+1")
    secret = Secret.from_environment("SOME_KEY")
    assert secret.strike_out("got sk/ab+1 and\nsk%2Fab%2B1\x1b[31m") == "got [key] and [key] [31m"
    assert secret.without_key("weights/sk/ab+1\n" * 100) == "weights/[key]\n" * 100
    assert "sk" not in repr(secret) + str(secret)
    assert Secret.from_environment(None).headers() == {}
