"""Grading: is the answer of a response the reference answer?

Mathematics is compared by math-verify, multiple choice by the chosen letter, everything else by normalised text. Only
the answer is looked at: what stands after the thinking, and in it what is marked as final.

math-verify guards itself with SIGALRM, which works in the main thread only and cannot interrupt a computation in C.
It therefore runs in a process of its own, with a limit on time and memory, that is killed and replaced when it hangs.
A grade that could not be reached is None with the reason; it is never False.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import queue
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from rdpt_core.errors import MissingPackageError
from rdpt_core.traces.formats.reasoning import split_thinking

LIMIT_S = 10.0
"""Hard limit for one comparison. Ordinary ones take milliseconds."""

START_LIMIT_S = 120.0
MAX_FAILURES = 20
"""After so many processes that hung or died, the rest of the import is left ungraded, each with this reason."""

_TAIL_CHARS = 2_000
_MAX_ANSWER_CHARS = 2_000
_WORKER_BYTES = 4 * 2**30

# What sympy and ANTLR are known to raise on strange input. Anything else ends the process, and the reason says that.
_FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)

_LETTER = re.compile(r"\(?([A-Z])\)?[.:)]?")
_OPTION = re.compile(r"^\s*[\(\[]?([A-J])[\)\].:]\s+\S", re.M)
_CHOSEN = re.compile(
    r"(?:answer|choice|option)\s*(?:is|:|=)?\s*(?:is|:)?\s*[*_$\s]*\(?\[?(?:\\(?:text|boxed|mathrm)\{)?\s*\(?"
    r"([A-J])(?![A-Za-z'])",
    re.I,
)
_LONE_LETTER = re.compile(r"^[\s*_(\[$]*([A-J])[\s*_)\].:$]*$", re.M)
_MARKED = (
    re.compile(r"^\W*(?:final\s+)?answer\W*:\s*[*_]*\s*(\S.*)", re.I | re.M),
    re.compile(r"(?:final answer|the answer) is[\s:*_]*(\S.*)", re.I),
)
_TAGGED = re.compile(r"<answer>(.*?)</answer>", re.S | re.I)
_HASHES = re.compile(r"####\s*(.+)")
_LATEX_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict and how it was reached.

    Attributes:
        correct: None if there is no verdict.
        method: `math-verify`, `choice` or `text`.
        extracted: the answer that was compared, None if none was found.
        reason: why there is no verdict, or why it is False without a comparison.
    """

    correct: bool | None
    method: str
    extracted: str | None = None
    reason: str | None = None

    def to_meta(self) -> Mapping[str, Any]:
        """The grade as `meta["grading"]` keeps it."""
        found = {"method": self.method, "extracted": self.extracted, "reason": self.reason}
        return {key: value for key, value in found.items() if value is not None}


def method_for(gold: str, question: str = "", candidates: Sequence[str] = ()) -> str:
    """How a gold answer is compared.

    A single letter is a choice only if there is something to choose from; elsewhere it is a variable's name.
    """
    if _choice_of_gold(gold, candidates) is not None and (candidates or len(set(_OPTION.findall(question))) >= 2):
        return "choice"
    if _is_structure(gold):
        return "text"
    bare = _LATEX_COMMAND.sub("", _bare_gold(gold))
    words = _WORD.findall(bare)
    has_sign = any(char.isdigit() for char in bare) or "\\" in gold or (not words and bare.strip() != "")
    return "math-verify" if has_sign and len(words) <= 3 else "text"


class Grader:
    """Grades one response after the other. Use it as a context manager, so that its process ends with it.

    Args:
        limit_s: hard limit for one mathematical comparison.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._worker: _Worker | None = None
        self._n_failures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, if there is one. Safe to call twice."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def grade(
        self,
        response: str,
        gold: str,
        *,
        question: str = "",
        candidates: Sequence[str] = (),
        prompt: str | None = None,
    ) -> Grade:
        """Grades a response.

        Args:
            response: the whole response, thinking included.
            gold: the reference answer, also as GSM8K writes it (`… #### 18`) or in a box.
            question: is looked at for options to choose from.
            candidates: the options, where the source gives them apart.
            prompt: the rendered prompt, which may have opened the thinking.

        Raises:
            MissingPackageError: math-verify is needed and not installed.
        """
        method = method_for(gold, question, candidates)
        answer = split_thinking(response, prompt)[1]
        if answer is None:
            return Grade(False, method, reason="no answer: the thinking never ends")
        if not answer.strip():
            return Grade(False, method, reason="no answer: there is nothing after the thinking")
        if method == "choice":
            return _grade_choice(answer, _choice_of_gold(gold, candidates) or gold)
        if method == "text":
            return _grade_text(answer, gold)
        return self._grade_math(answer, gold)

    def _grade_math(self, answer: str, gold: str) -> Grade:
        marked = marked_answer(answer)
        looked_at = rf"\boxed{{{marked}}}" if marked is not None else answer[-_TAIL_CHARS:]
        if marked is not None and len(marked) > _MAX_ANSWER_CHARS:
            return Grade(None, "math-verify", marked[:100], f"the marked answer has {len(marked)} characters")
        if len(gold) > 4 * _MAX_ANSWER_CHARS:
            return Grade(None, "math-verify", reason=f"the reference answer has {len(gold)} characters")
        if self._n_failures >= MAX_FAILURES:
            return Grade(None, "math-verify", reason=f"grading was given up after {MAX_FAILURES} failures")
        if self._worker is None:
            self._worker = _Worker()
        try:
            reply = self._worker.ask({"gold": _bare_gold(gold), "answer": looked_at}, self._limit_s)
        except _WorkerError as error:
            self._n_failures += 1
            self.close()
            return Grade(None, "math-verify", marked, str(error))
        if reply.get("reason") is not None:
            return Grade(None, "math-verify", marked, str(reply["reason"]))
        extracted = marked if marked is not None else reply.get("extracted")
        if extracted is None:
            return Grade(False, "math-verify", reason="no answer was found")
        return Grade(bool(reply.get("correct")), "math-verify", extracted)


def marked_answer(answer: str) -> str | None:
    r"""What an answer marks as final: the last `\boxed{…}`, `<answer>…</answer>` or `#### …`; None if nothing is."""
    boxed = _last_boxed(answer)
    if boxed is not None:
        return boxed
    for pattern in (_TAGGED, _HASHES):
        found = pattern.findall(answer[-20_000:])
        if found:
            return str(found[-1]).strip()
    return None


def _last_boxed(text: str) -> str | None:
    """Content of the last box whose braces close."""
    at = len(text)
    for _ in range(8):  # boxes that never close are the exception; a text made of them must not cost its square
        at = max(text.rfind("\\boxed{", 0, at), text.rfind("\\fbox{", 0, at))
        if at < 0:
            return None
        start = text.index("{", at) + 1
        depth = 1
        for index in range(start, min(len(text), start + 4 * _MAX_ANSWER_CHARS)):
            depth += {"{": 1, "}": -1}.get(text[index], 0)
            if depth == 0:
                return text[start:index].strip()
    return None


def _bare_gold(gold: str) -> str:
    boxed = _last_boxed(gold)
    if boxed is not None:
        return boxed
    hashes = _HASHES.findall(gold)
    return str(hashes[-1]).strip() if hashes else gold.strip()


def _choice_of_gold(gold: str, candidates: Sequence[str]) -> str | None:
    """The gold answer as a letter: itself, or the place of its text among the candidates."""
    match = _LETTER.fullmatch(gold.strip())
    if match is not None:
        return match[1]
    places = [index for index, text in enumerate(candidates[:26]) if _normal(text) == _normal(gold)]
    return chr(ord("A") + places[0]) if len(places) == 1 else None


def _grade_choice(answer: str, letter: str) -> Grade:
    marked = marked_answer(answer)
    for text, pattern in (
        (marked, _LETTER_FIRST),
        (answer[-_TAIL_CHARS:], _CHOSEN),
        (answer[-_TAIL_CHARS:], _LONE_LETTER),
    ):
        found = pattern.findall(text) if text is not None else []
        if found:
            chosen = str(found[-1]).upper()
            return Grade(chosen == letter, "choice", chosen)
    return Grade(False, "choice", reason="no choice was found")


_LETTER_FIRST = re.compile(r"^\W*(?:\\(?:text|mathrm|textbf)\{)?\W*([A-Z])(?![A-Za-z])")


def _grade_text(answer: str, gold: str) -> Grade:
    """Normalised equality with the marked answer. Without a mark only equality is a verdict: prose proves nothing."""
    marked = marked_answer(answer)
    if marked is None:
        said = next((found for mark in _MARKED if (found := mark.findall(answer[-_TAIL_CHARS:]))), [])
        marked = str(said[-1]).strip() if said else None
    if marked is not None:
        return _compare_text(marked, gold)
    last = next((line for line in reversed(answer.strip().splitlines()) if line.strip()), "")
    for whole in (answer, last):
        if _normal(whole) == _normal(gold):
            return Grade(True, "text", whole.strip()[:_MAX_ANSWER_CHARS])
    return Grade(None, "text", reason="no answer is marked as final, and free text cannot be compared")


def _compare_text(marked: str, gold: str) -> Grade:
    """Equality without its trifles. Where two answers could still mean the same, there is no verdict."""
    extracted = marked[:_MAX_ANSWER_CHARS]
    ours, theirs = _normal(marked), _normal(gold)
    if ours == theirs:
        return Grade(True, "text", extracted)
    if f" {theirs} " in f" {ours} " or f" {ours} " in f" {theirs} ":
        return Grade(None, "text", extracted, "one answer contains the other, and free text cannot be compared further")
    if _is_structure(gold):
        return Grade(None, "text", extracted, "the reference answer is a structure that may be right in other orders")
    return Grade(False, "text", extracted)


def _is_structure(gold: str) -> bool:
    """True for boards, nested lists and objects, which are no mathematics even where they are made of digits."""
    plain = gold.strip()
    return (
        "\n" in plain
        and "####" not in plain
        or re.sub(r"\s", "", plain[:20]).startswith(('{"', '["', "[[", "{'", "['"))
    )


def _normal(text: str) -> str:
    """Letters and digits of a text: case, width, spacing, punctuation and LaTeX text commands do not count."""
    plain = unicodedata.normalize("NFKC", re.sub(r"\\(?:text|mathrm|textbf|mathbf)\b", "", text)).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in plain).split())


class _WorkerError(Exception):
    """The process hung, died or could not be started; the message is the reason."""


class _Worker:
    """A process that runs `serve`, asked one question at a time over its pipes.

    A thread reads the replies, because a pipe cannot be read with a time-out on every platform.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise MissingPackageError(
                "Grading mathematics needs the package math-verify",
                hint="Run: pip install math-verify, or import without grading.",
            )
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from rdpt_core.traces.grading import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            text=True,
            encoding="utf-8",
        )
        self._replies: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._is_ready = False

    def ask(self, question: Mapping[str, str], limit_s: float) -> Mapping[str, Any]:
        """The reply to one question.

        Raises:
            _WorkerError: no reply within the limit. The process must then be killed.
        """
        if not self._is_ready:
            self._reply(START_LIMIT_S, "the grader did not start")
            self._is_ready = True
        stdin = self._process.stdin
        try:
            if stdin is not None:
                stdin.write(json.dumps(question) + "\n")
                stdin.flush()
        except OSError as error:
            raise _WorkerError("the grader's process died") from error
        return self._reply(limit_s, f"no verdict within {limit_s:g} s")

    def _reply(self, limit_s: float, otherwise: str) -> Mapping[str, Any]:
        try:
            line = self._replies.get(timeout=limit_s)
        except queue.Empty as error:
            raise _WorkerError(otherwise) from error
        if not line:
            raise _WorkerError("the grader's process died")
        reply = json.loads(line)
        return reply if isinstance(reply, dict) else {}

    def _listen(self) -> None:
        stdout = self._process.stdout
        if stdout is not None:
            for line in stdout:
                self._replies.put(line)
        self._replies.put("")

    def kill(self) -> None:
        """Ends the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not flushed has nobody to read it any more
                    continue


def serve() -> None:
    """The grader's process: a question a line on standard input, a reply a line on standard output."""
    requests, replies = sys.stdin, sys.stdout
    # Whatever a library prints must not come between the replies.
    sys.stdout = sys.stderr
    _limit_memory()
    # The library ships no types.
    library: Any = importlib.import_module("math_verify")
    timeout_error: type[BaseException] = importlib.import_module("math_verify.errors").TimeoutException
    parse, verify = library.parse, library.verify

    _say(replies, {"ready": True})
    # In the main thread of this process the library's own alarms work, where the system has them.
    limit = 5 if os.name == "posix" else None
    caught: tuple[type[BaseException], ...] = (*_FAILURES, timeout_error)
    for line in requests:
        reply: dict[str, Any]
        question = json.loads(line)
        try:
            gold = parse(rf"\boxed{{{question['gold']}}}", parsing_timeout=limit, raise_on_error=True)
            answer = parse(question["answer"], parsing_timeout=limit, raise_on_error=True)
            if not gold:
                reply = {"reason": "the reference answer could not be parsed"}
            else:
                correct = bool(answer) and verify(gold, answer, timeout_seconds=limit, raise_on_error=True)
                reply = {"correct": correct, "extracted": str(answer[-1])[:300] if answer else None}
        except caught as error:
            reply = {"reason": f"math-verify failed: {type(error).__name__}: {str(error)[:200]}"}
        _say(replies, reply)


def _say(replies: IO[str], reply: Mapping[str, Any]) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows, where the limit on time has to do
        return
    resource.setrlimit(resource.RLIMIT_AS, (_WORKER_BYTES, _WORKER_BYTES))
