"""The key of a server. It is read from the environment, sent in one header, and shown nowhere."""

from __future__ import annotations

import os
from urllib.parse import quote

from rdpt_core.errors import UsageError

_SHOWN_CHARACTERS = 300


class Secret:
    """A key, or none. It has no representation that could end up in a log."""

    __slots__ = ("_value",)

    def __init__(self, value: str | None) -> None:
        self._value = value

    @classmethod
    def from_environment(cls, name: str | None) -> Secret:
        """The key in the environment variable `name`; None where no key is needed.

        Raises:
            UsageError: the variable is not set, or holds what no header can carry.
        """
        if name is None:
            return cls(None)
        value = os.environ.get(name, "").strip()
        if not value or not value.isascii() or not value.isprintable():
            raise UsageError(
                "the key of the server is not in the environment",
                where=f"api_key_env = {name!r}",
                expected=f"the environment variable {name} with the key",
                got="nothing" if not value else "characters that no HTTP header can carry",
                hint=f"Run `export {name}=…` first.",
            )
        return cls(value)

    def headers(self) -> dict[str, str]:
        """What a request carries."""
        return {} if self._value is None else {"Authorization": f"Bearer {self._value}"}

    def without_key(self, text: str) -> str:
        """A text from elsewhere as it may be stored."""
        for spelling in () if self._value is None else (self._value, quote(self._value, safe="")):
            text = text.replace(spelling, "[key]")
        return text

    def strike_out(self, text: str) -> str:
        """A text from elsewhere as it may be shown: one line, printable, not too long, without the key."""
        text = self.without_key(text)
        line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
        return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"
