"""Which columns of records in no known format may hold question, response and reference answer.

It is a guess, for a message: names count first, then content. The guess is read before it is said, and a reference
answer is never taken for a response.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.traces.files.record import Record
from rdpt_core.traces.formats import pairs
from rdpt_core.traces.formats.base import Context, Draft, RecordError
from rdpt_core.traces.formats.conversation import is_conversation
from rdpt_core.traces.formats.fields import GOLD, QUESTION
from rdpt_core.traces.thinking import TAGS

_DEPTH = 4
_FIELDS = 500
"""So many fields of a record are looked at."""
_TEXTS = 8
_CHARS = 4_000
"""So much of a text, and so many of several, are looked at for marks of thinking."""
_GOLD_CHARS = 300

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ASKS = frozenset({"question", "problem", "instruction", "prompt", "query", "ask", "input", "task"})
_ANSWERS = frozenset(
    {"response", "responses", "output", "outputs", "completion", "completions", "generation", "generations",
     "generated", "predict", "prediction", "predictions", "reply", "replies", "sampled", "attempt", "rollout"}
)  # fmt: skip
_IS_GOLD = frozenset(
    {"gold", "golden", "label", "labels", "target", "targets", "expected", "reference", "references", "truth", "gt",
     "gts", "ideal"}
)  # fmt: skip
_MAY_BE_GOLD = frozenset({"answer", "answers", "solution", "solutions"})
_NO_TEXT = frozenset(
    {"id", "ids", "uuid", "idx", "index", "hash", "token", "tokens", "logprobs", "time", "date", "type", "format",
     "kind", "name", "title", "path", "url", "file", "source", "model", "role", "system", "version", "status",
     "reason", "level"}
)  # fmt: skip
"""Last words of names whose texts are neither questions nor responses, such as `generation_model`."""

_ONLY_TEXT = frozenset({"text", "content", "value", "raw"})


@dataclass(frozen=True, slots=True)
class Guess:
    """Columns by our names, as `--map` takes them.

    Attributes:
        is_certain: the response's column is called like one, or its texts think.
    """

    columns: Mapping[str, str]
    is_certain: bool

    def flag(self) -> str:
        """The flag as it is typed into a shell."""
        return "--map " + shlex.quote(",".join(f"{name}={column}" for name, column in self.columns.items()))


@dataclass(slots=True)
class _Column:
    """What the first records hold at one path."""

    path: str
    words: frozenset[str]
    last_word: str
    n: int = 0
    n_chars: int = 0
    n_asking: int = 0
    n_thinking: int = 0
    kinds: set[str] = field(default_factory=set)

    def add(self, value: Any) -> None:
        """Take note of a value: a text, several, or a conversation."""
        self.n += 1
        if is_conversation(value):
            self.kinds.add("turns")
            return
        texts = [value] if isinstance(value, str) else value
        self.kinds.add("text" if isinstance(value, str) else "texts")
        self.n_chars += max(map(len, texts))
        self.n_asking += texts[0].rstrip().endswith("?")
        self.n_thinking += any(mark in text[:_CHARS] for text in texts[:_TEXTS] for pair in TAGS for mark in pair)

    @property
    def size(self) -> float:
        """Mean length of its texts, the longest of several."""
        return self.n_chars / self.n

    @property
    def is_text(self) -> bool:
        """Whether no record holds a conversation there."""
        return "turns" not in self.kinds

    @property
    def thinks(self) -> bool:
        """Whether at least half of its texts hold marks of thinking."""
        return 2 * self.n_thinking >= self.n


def guess_columns(records: Sequence[Record]) -> Guess | None:
    """The columns, if such a map reads the first record."""
    columns = _columns(records)
    gold = [column for column in columns if column.is_text and column.words & _IS_GOLD]
    found = _response(columns, gold)
    question = _question([column for column in columns if column not in gold and column is not found])
    if found is None or question is None:
        return None
    chosen = {"question": question.path, "response": found.path}
    answer = _gold([column for column in columns if column not in (question, found)], gold)
    if answer is not None:
        chosen["gold"] = answer.path
    return Guess(chosen, bool(found.words & _ANSWERS) or found.thinks) if _reads(chosen, records[0]) else None


def _response(columns: Sequence[_Column], gold: Sequence[_Column]) -> _Column | None:
    """A column that thinks, else one that is called like a response, else the one with the longest texts."""
    able = [c for c in columns if c.is_text and c.size > 0 and c not in gold and c.last_word not in _NO_TEXT]
    able = [c for c in able if c.words & _ANSWERS or not c.words & _ASKS]
    # `answer` is the model's beside a gold answer, and the gold answer itself otherwise, unless it thinks.
    able = [c for c in able if c.words & _ANSWERS or not c.words & _MAY_BE_GOLD or gold or c.thinks]
    named = [c for c in able if c.thinks] or [c for c in able if c.words & _ANSWERS] or able
    return max(named, key=lambda column: column.size, default=None)


def _question(columns: Sequence[_Column]) -> _Column | None:
    columns = [c for c in columns if c.last_word not in _NO_TEXT and "texts" not in c.kinds]
    named = [c for c in columns if c.words & _ASKS]
    if named:
        return min(named, key=lambda column: (_place(column, QUESTION), -column.n_chars))
    turns = [column for column in columns if not column.is_text]
    asking = [column for column in columns if column.is_text and 2 * column.n_asking >= column.n]
    return next(iter([*turns, *sorted(asking, key=lambda column: column.size)]), None)


def _gold(columns: Sequence[_Column], gold: Sequence[_Column]) -> _Column | None:
    able = [c for c in columns if c.is_text and 0 < c.size <= _GOLD_CHARS and (c in gold or c.words & _MAY_BE_GOLD)]
    return min(able, key=lambda column: (column not in gold, _place(column, GOLD)), default=None)


def _place(column: _Column, names: Sequence[str]) -> int:
    """Where a column's name stands among some names in order of preference."""
    name = column.path.rpartition(".")[2].lower()
    return names.index(name) if name in names else len(names)


def _reads(chosen: Mapping[str, str], record: Record) -> bool:
    """Whether `pairs` reads the record with this map, and finds a question and a response in it."""
    read = pairs.FORMAT.read
    if read is None:
        return False
    try:
        drafts = [item for item in read(record, Context("", None, chosen)) if isinstance(item, Draft)]
    except (RecordError, RecursionError):
        return False
    return bool(drafts) and all(
        draft.response.text.strip()
        and (draft.prompt or (draft.messages and draft.messages[-1].role != "assistant" and draft.messages[-1].content))
        for draft in drafts
    )


def _columns(records: Sequence[Record]) -> list[_Column]:
    """The paths at which the first record holds texts, with what all records hold there."""
    found: dict[str, _Column] = {}
    for number, record in enumerate(records):
        for path, value in itertools.islice(_leaves(record.value), _FIELDS):
            column = found.get(path)
            if column is None:
                if number:
                    continue
                words = _words(path)
                column = found[path] = _Column(path, frozenset(words), words[-1] if words else "")
            column.add(value)
    return list(found.values())


def _words(path: str) -> list[str]:
    """The words of a column's name; of one that only says text, such as `output.content`, also those above it."""
    *above, name = path.split(".")
    words = [word.lower() for word in _WORD.findall(name)]
    if above and name in _ONLY_TEXT:
        return [word.lower() for word in _WORD.findall(above[-1])] + words
    return words


def _leaves(record: Any) -> Iterator[tuple[str, Any]]:
    """Paths and values of texts, lists of texts and conversations, also in nested objects; the outer ones first."""
    level: list[tuple[str, Any]] = [("", record)]
    for _ in range(_DEPTH):
        deeper: list[tuple[str, Any]] = []
        for prefix, value in level[:_FIELDS]:
            for key, inner in itertools.islice(value.items(), _FIELDS) if isinstance(value, dict) else ():
                if not _is_column(key, prefix):
                    continue
                is_texts = isinstance(inner, list) and bool(inner) and all(isinstance(part, str) for part in inner)
                if isinstance(inner, str) or is_texts or is_conversation(inner):
                    yield prefix + key, inner
                elif "." not in key:
                    deeper.append((f"{prefix}{key}.", inner))
        level = deeper


def _is_column(key: Any, prefix: str) -> bool:
    """Whether `--map` can name a key: without comma and equals sign, and with a dot in a column's own name only."""
    if not isinstance(key, str) or not 0 < len(key) <= 80 or not key.isprintable() or key != key.strip():
        return False
    return not set(key) & set(",=") and not ("." in key and prefix)
