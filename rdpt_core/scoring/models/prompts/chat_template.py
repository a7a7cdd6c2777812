"""A model's chat template, rendered in a process of its own that is killed when the template does not end."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rdpt_core.errors import ModelError
from rdpt_core.traces.worker_process import WorkerError, WorkerProcess, WorkerStartError, WorkerTimeout

TEMPLATE_DATE = datetime.date(2025, 1, 1)
"""What templates are told for today's date. The same inputs must give the same numbers tomorrow."""
LIMIT_S = 10.0
"""For one conversation. Ordinary templates take less than a millisecond."""

_PROGRAM = Path(__file__).with_name("template_worker.py")
_INSTEAD = "Read it in the model's folder before you use it; `--template raw` renders none."

MAX_CHARS = 5_000_000
"""Of the messages that are sent at once: beyond any context, and well within the memory of the process."""

Conversation = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Refused:
    """The template does not take one conversation; `detail` says why. Other conversations may pass."""

    detail: str


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A template and what it may name.

    Attributes:
        model: for messages.
        special_tokens: by the names that templates know, such as `bos_token`.
        arguments: what the user decides of the rendering, such as `enable_thinking`.
    """

    model: str
    source: str
    special_tokens: Mapping[str, str]
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def render(self, conversations: Sequence[Conversation]) -> list[str | Refused]:
        """Each conversation through the template, ending in the generation prompt.

        Raises:
            ModelError: the template is broken, or did not end, or the process that renders it does not start; no other
                conversation is tried then.
        """
        results: list[str | Refused] = []
        for chunk in _chunks(conversations):
            if len(chunk) == 1 and n_chars(chunk[0]) > MAX_CHARS:
                results.append(Refused(f"its messages have more than {MAX_CHARS:,} characters"))
            else:
                results += map(self._result, self._ask(chunk))
        return results

    def names(self) -> frozenset[str]:
        """The names that the template looks up and nobody sets but the user, and a few that it sets itself.

        Raises:
            ModelError: the template is broken.
        """
        (reply,) = self._ask(())
        if "broken" in reply:
            raise self._broken(reply["broken"])
        return frozenset(reply["names"]) - self.special_tokens.keys()

    def _ask(self, conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
        """A reply for each conversation; the one with names if there is none."""
        question = {
            "template": self.source,
            "variables": {**self.special_tokens, **self.arguments},
            "date": TEMPLATE_DATE.isoformat(),
            "conversations": conversations,
        }
        try:
            return _RENDERER.ask(question, max(1, len(conversations)))
        except WorkerStartError as error:
            raise ModelError(
                "the renderer of chat templates could not be started",
                where=self.model,
                got=str(error.__cause__ or error),
                hint="Free memory or wait until the machine is less busy, and try again.",
            ) from error
        except WorkerTimeout as error:
            raise ModelError(
                "the chat template of this model does not come to an end",
                where=self.model,
                expected=f"a rendering within {LIMIT_S:g} s",
                got="none",
                hint=_INSTEAD,
            ) from error
        except WorkerError as error:
            raise ModelError(
                "the chat template of this model ended the process that renders it",
                where=self.model,
                got=str(error),
                hint=_INSTEAD,
            ) from error

    def check(self) -> None:
        """Find out with a short conversation, which it may refuse, whether the template is broken.

        Raises:
            ModelError: it is, or does not end.
        """
        self.render([[{"role": "user", "content": "Which one comes next?"}]])

    def _result(self, reply: Mapping[str, str]) -> str | Refused:
        if "broken" in reply:
            raise self._broken(reply["broken"])
        return reply["text"] if "text" in reply else Refused(reply["refused"])

    def _broken(self, reason: str) -> ModelError:
        return ModelError("the chat template of this model is broken", where=self.model, got=reason)


def n_chars(messages: Conversation) -> int:
    """How much text a conversation holds."""
    texts = (value for message in messages for value in message.values() if value is not None)
    return sum(len(value) if isinstance(value, str) else len(json.dumps(value)) for value in texts)


def _chunks(conversations: Sequence[Conversation]) -> Iterator[list[Conversation]]:
    """Consecutive conversations that are sent together; one that is longer than `MAX_CHARS` alone."""
    chunk: list[Conversation] = []
    total = 0
    for messages in conversations:
        n = n_chars(messages)
        if chunk and total + n > MAX_CHARS:
            yield chunk
            chunk, total = [], 0
        chunk.append(messages)
        total += n
    if chunk:
        yield chunk


class _Renderer:
    """The process of all templates, started when the first is rendered, and again after one that was killed."""

    def __init__(self) -> None:
        self._process: WorkerProcess | None = None
        self._lock = threading.Lock()

    def ask(self, question: Mapping[str, object], n_replies: int) -> list[dict[str, Any]]:
        """All replies to a question.

        Raises:
            WorkerStartError: there is no process to ask.
            WorkerError: the process died, or was too long about one of them.
        """
        with self._lock:
            if self._process is None:
                self._process = WorkerProcess([str(_PROGRAM)], "the renderer of chat templates")
            received: list[dict[str, Any]] = []
            try:
                self._process.send(question)
                while len(received) < n_replies:
                    received.append(self._process.receive(LIMIT_S))
            finally:
                # Replies that nobody took would be those to the next question.
                if len(received) < n_replies:
                    self._process.kill()
                    self._process = None
            return received


_RENDERER = _Renderer()
