"""A bundled model that thinks in marks: two of its tokens get other names, and its template opens the first mark."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

OPENS, CLOSES = "<think>", "</think>"
_NEVER_WRITTEN = "<|pad|>"
_BEFORE_THE_ANSWER = "The"
"""A token that the bundled models write once, in `The answer is 13.`"""


def make_thinking(source: Path, target: Path) -> Path:
    """Copy a bundled model's folder and rename its tokens. Weights stay as they are."""
    shutil.copytree(source, target)
    path = target / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    model = tokenizer["model"]
    names = {_NEVER_WRITTEN: OPENS, _BEFORE_THE_ANSWER: CLOSES}
    model["vocab"] = {names.get(token, token): number for token, number in model["vocab"].items()}
    model["merges"] = [pair for pair in model["merges"] if _BEFORE_THE_ANSWER not in (*pair, "".join(pair))]
    first = tokenizer["added_tokens"][0]
    assert first["content"] == _NEVER_WRITTEN
    marks = [{**first, "id": model["vocab"][mark], "content": mark, "special": False} for mark in (OPENS, CLOSES)]
    tokenizer["added_tokens"] = sorted([*marks, *tokenizer["added_tokens"][1:]], key=lambda token: int(token["id"]))
    path.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    settings = target / "tokenizer_config.json"
    settings.write_text(settings.read_text(encoding="utf-8").replace(_NEVER_WRITTEN, OPENS), encoding="utf-8")
    template = target / "chat_template.jinja"
    asked = "{% if add_generation_prompt %}<|assistant|>"
    text = template.read_text(encoding="utf-8")
    assert asked in text
    template.write_text(text.replace(asked, asked + OPENS), encoding="utf-8")
    return target
