"""JSON that is no JSON Lines: read value by value, however many there are."""

from __future__ import annotations

import json

import pytest

from rdpt_core.traces.files import json_stream
from tests.support.imports.imported import read
from tests.support.imports.imported_paths import pair


@pytest.mark.parametrize("mark", ["", ","])
def test_a_text_is_weighed_once_and_not_for_each_value(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = []
    monkeypatch.setattr(json_stream, "is_too_dense", lambda text: bool(weighed.append(len(text))))
    text = f"{mark}\n".join(json.dumps(pair(number), indent=1) for number in range(2_000))
    traces, rejects = read((f"[{text}]" if mark else text).encode())
    assert (len(traces), len(rejects)) == (2_000, 0)
    assert len(weighed) < 10
