"""Whether the patterns of an adapter's settings come to an end.

They are regular expressions that anybody may write, peft holds them against every name in the base, and one such as
`(a+)+b` takes longer than anybody waits. A process of its own tries them first, since Python's `re` has no time limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rdpt_core.errors import ModelError
from rdpt_core.traces.worker_process import WorkerError, WorkerProcess, WorkerTimeout

LIMIT_S = 10.0

# A pattern that cannot be read is left to the library, whose message says what is wrong with it.
_PROGRAM = """
import json, re, sys
print(0, flush=True)
for line in sys.stdin:
    patterns, names = json.loads(line)
    for pattern in patterns:
        try:
            matches = re.compile(pattern).fullmatch
        except (re.error, OverflowError, RecursionError):
            continue
        for name in names:
            matches(name)
    print(0, flush=True)
"""


def check_patterns(settings: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    """Try the patterns on the names of a base's modules; settings without any cost nothing.

    Raises:
        ModelError: they take longer than `LIMIT_S`, or could not be tried.
    """
    patterns = list(_patterns(settings))
    if not patterns:
        return
    worker = WorkerProcess(("-c", _PROGRAM), "the check of an adapter's patterns")
    try:
        worker.send((patterns, list(names)))
        worker.receive(LIMIT_S)
    except WorkerTimeout:
        raise ModelError(
            "the adapter's settings have a pattern that does not come to an end",
            where=where,
            expected=f"all of the base's modules held against it within {LIMIT_S:g} s",
            got=", ".join(patterns)[:200],
            hint="Name the modules one by one, as a list.",
        ) from None
    except WorkerError as error:
        raise ModelError("the adapter's settings cannot be checked", where=where, got=str(error)) from error
    finally:
        worker.kill()


def _patterns(settings: Mapping[str, Any]) -> Iterator[str]:
    """As the library builds them; plain names are no patterns."""
    for key in ("target_modules", "exclude_modules"):
        if isinstance(settings.get(key), str):
            yield settings[key]
    for key in ("rank_pattern", "alpha_pattern", "layers_pattern", "modules_to_save"):
        given = settings.get(key) or ()
        for name in (given,) if isinstance(given, str) else given:
            if isinstance(name, str) and not name.replace(".", "").replace("_", "").isalnum():
                yield rf"(.*\.)?({name})(\..*)?"
