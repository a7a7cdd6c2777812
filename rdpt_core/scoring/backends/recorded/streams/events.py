"""Events of OpenAI's Responses API. The last event of a response repeats it whole; where it is missing, deltas serve.

A delta names the item that it belongs to, and not its response.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.reading import recordings_of
from rdpt_core.scoring.backends.recorded.forms.values import mappings
from rdpt_core.scoring.backends.recorded.recording import Recording

_LAST = ("response.completed", "response.incomplete", "response.failed")
_DELTA, _DONE = "response.output_text.delta", "response.output_text.done"


def is_event(value: Any) -> bool:
    """Whether a record is an event of a response."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    return isinstance(kind, str) and kind.startswith("response.")


@dataclass(slots=True)
class _Item:
    source: str
    parts: dict[int, list[Any]] = field(default_factory=dict)


class Events:
    """The responses of a file, of one stream or of several in turn."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        self._items: dict[str, _Item] = {}

    def add(self, event: Mapping[str, Any], source: str) -> list[Recording] | None:
        """Take the next event. A response that has ended gives its recordings, which may be none; None before."""
        response = event.get("response")
        response = response if isinstance(response, Mapping) else {}
        if event["type"] in _LAST:
            return self._ended(response, source)
        if isinstance(response.get("id"), str):
            self._open.setdefault(response["id"], source)
        if event["type"] in (_DELTA, _DONE):
            self._add(event, source)
        return None

    def finish(self) -> list[tuple[str, list[Recording]]]:
        """Where each response began that did not end, and what is known of it."""
        name = next(iter(self._open)) if len(self._open) == 1 else None
        items = [item for item in self._items.values() if any(item.parts.values())]
        found = [(item.source, self._joined([item], name)) for item in items]
        found = found or [(source, []) for source in self._open.values()]
        self._open, self._items = {}, {}
        return found

    def _add(self, event: Mapping[str, Any], source: str) -> None:
        name, index = event.get("item_id", event.get("output_index")), event.get("content_index")
        item = self._items.setdefault(str(name), _Item(source))
        entries = item.parts.setdefault(index if type(index) is int else 0, [])
        given = mappings(event.get("logprobs"))
        if event["type"] == _DONE and given:
            # It repeats the part, of which deltas may have been lost.
            entries.clear()
        entries += given

    def _ended(self, response: Mapping[str, Any], source: str) -> list[Recording]:
        name = response.get("id")
        source = self._open.pop(name, source) if isinstance(name, str) else source
        ids = [item.get("id", number) for number, item in enumerate(mappings(response.get("output")))]
        items = [held for one in ids if (held := self._items.pop(str(one), None)) is not None]
        return recordings_of(response, source) or self._joined(items, name)

    def _joined(self, items: list[_Item], name: Any) -> list[Recording]:
        output = [
            {"type": "message", "content": [{"logprobs": entries} for _, entries in sorted(item.parts.items())]}
            for item in items
        ]
        return recordings_of({"id": name, "output": output}, items[0].source) if items else []
