"""The process in which chat templates run. It is started as a file: Jinja and the standard library are all it loads.

A template is a program of the model's author. Jinja's sandbox keeps it from Python and from files; time, memory and the
length of its text are limited here and by whoever reads the replies.

A question is a line of JSON with `template`, `variables`, `date`, and a list of conversations; its replies are a line
for each conversation: `text`, or `refused` or `broken` with the reason. A question without conversations asks for the
names that the template looks up; its one reply is a line with `names`, or `broken`.
"""

from __future__ import annotations

import datetime
import functools
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jinja2
import jinja2.ext
import jinja2.meta
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

MEMORY_BYTES = 2**30
CPU_S = 60
"""For one conversation, far above what the reader of the replies waits: it ends a process that nobody reads."""
SPARE_CHARS = 1_000_000
CHARS_PER_MESSAGE_CHAR = 50
"""A rendering may be so much longer than its messages, and longer by `SPARE_CHARS`: templates repeat and add."""
_SHOWN_CHARS = 300

# What a template may raise that runs against limits or works on the wrong kind of value.
_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


class _Generation(jinja2.ext.Extension):
    """`{% generation %}` … `{% endgeneration %}` marks what the assistant says, which matters in training only."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> nodes.Node:
        """The block, as a call that returns its text."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

    def _text(self, caller: Any) -> str:
        return str(caller())


class _Dict:
    """`dict` in a template: what it makes, and nothing of the class itself."""

    def __call__(self, *arguments: Any, **fields: Any) -> dict[Any, Any]:
        return dict(*arguments, **fields)

    def fromkeys(self, *arguments: Any) -> dict[Any, Any]:
        """As `dict.fromkeys`."""
        return dict.fromkeys(*arguments)


class _Namespace(Namespace):
    """`namespace` in a template, without names that Python keeps to itself."""

    def __init__(*arguments: Any, **fields: Any) -> None:  # noqa: B902
        own, *given = arguments
        values: dict[str, Any] = dict(*given, **fields)
        for name in values:
            _check_public(name)
        Namespace.__init__(own, values)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_public(name)
        super().__setitem__(name, value)


def _check_public(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace takes no name that begins with an underscore: {name!r}")


def _raise_exception(message: Any) -> None:
    raise jinja2.TemplateError(message)


def _to_json(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _environment(date: str) -> jinja2.Environment:
    """Everything that transformers offers to chat templates, and `date` for today's."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    day = datetime.date.fromisoformat(date)
    environment.globals |= {
        "raise_exception": _raise_exception,
        "strftime_now": lambda format: day.strftime(format),
        "dict": _Dict(),
        "namespace": _Namespace,
    }
    return environment


@functools.lru_cache(maxsize=8)
def compiled(source: str, date: str) -> jinja2.Template:
    """A template, ready to render.

    Raises:
        jinja2.TemplateSyntaxError: among many others; compiling computes what is constant.
    """
    return _environment(date).from_string(source)


def names(source: str, date: str) -> set[str]:
    """What a template may look up that is not there in every template; it may set some of it before it does.

    Raises:
        jinja2.TemplateSyntaxError: among others.
    """
    environment = _environment(date)
    looked_up = jinja2.meta.find_undeclared_variables(environment.parse(source))
    return looked_up - environment.globals.keys() - {"messages", "add_generation_prompt"}


def render(template: jinja2.Template, given: dict[str, Any], messages: Sequence[dict[str, Any]]) -> str:
    """One conversation, ending in the generation prompt.

    Args:
        given: special tokens and arguments by name.

    Raises:
        ValueError: the text is longer than a rendering of these messages may be.
    """
    limit = SPARE_CHARS + CHARS_PER_MESSAGE_CHAR * sum(_n_chars(value) for m in messages for value in m.values())
    variables = {"tools": None, "documents": None, **given, "messages": messages, "add_generation_prompt": True}
    parts: list[str] = []
    n_chars = 0
    for part in template.generate(variables):
        n_chars += len(part)
        if n_chars > limit:
            raise ValueError(f"it makes more than {limit:,} characters of this conversation")
        parts.append(part)
    return "".join(parts)


def _n_chars(value: Any) -> int:
    """Of a text, or of all texts in a list or object."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _n_chars(inner) for key, inner in value.items())
    return sum(map(_n_chars, value)) if isinstance(value, list) else 0


def replies(question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A reply for each conversation of a question, in order, or the one with names."""
    asked = question["template"], question["date"]
    try:
        _limit_cpu()
        if not question["conversations"]:
            yield {"names": sorted(names(*asked))}
            return
        template = compiled(*asked)
    except _FAILURES as error:
        yield from [{"broken": _said(error)}] * max(1, len(question["conversations"]))
        return
    for messages in question["conversations"]:
        _limit_cpu()
        try:
            yield {"text": render(template, question["variables"], messages)}
        except _FAILURES as error:
            yield {"refused": _said(error)}


def _said(error: BaseException) -> str:
    """A template may raise an error with a message of any length."""
    if isinstance(error, RecursionError):
        return "it calls itself without end"
    if isinstance(error, MemoryError):
        return f"it needs more memory than the {MEMORY_BYTES // 2**30} GiB that it may have"
    return str(error)[:_SHOWN_CHARS] or type(error).__name__


def _limit_cpu() -> None:
    """So many seconds more. A process whose reader was killed would otherwise run on."""
    _limit("RLIMIT_CPU", int(time.process_time()) + CPU_S)


def _limit(name: str, amount: int) -> None:
    try:
        import resource

        number = getattr(resource, name)
        resource.setrlimit(number, (amount, resource.getrlimit(number)[1]))
    except (ImportError, OSError, ValueError):
        # Not on Windows, and not everywhere else; a limit that is lower already stays. The reader's limits hold.
        return


def serve() -> None:
    """Answer until standard input ends."""
    # An interrupt is for the process that asks, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit("RLIMIT_AS", MEMORY_BYTES)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        for reply in replies(json.loads(line)):
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    serve()
