"""What makes `score` refuse files of traces as a whole, and `validate` say that it would.

A bad line stops no other. But if most lines are bad, the file is most likely of another format, and a run over the
rest would be one over a chance selection.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rdpt_core.errors import InputError
from rdpt_core.records import Reject, TemplatePolicy, Trace
from rdpt_core.traces.canonical.rejects import RejectLog

_GROUPS = 3
_REASON_CHARS = 160
_VARIABLE = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")


def refuse_most_rejected(traces: Iterable[Trace], rejects: RejectLog) -> Iterator[Trace]:
    """The same traces.

    Raises:
        InputError: at the end, if more than half of the lines were rejected.
    """
    n_traces = 0
    for trace in traces:
        n_traces += 1
        yield trace
    error = mostly_rejected(rejects, n_traces)
    if error is not None:
        raise error


def mostly_rejected(rejects: RejectLog, n_traces: int) -> InputError | None:
    """Why files are refused of which more than half of the lines are no traces; None if that is not so."""
    if rejects.n <= n_traces:
        return None
    return InputError(
        "more than half of the lines are no traces",
        where=", ".join(dict.fromkeys(reject.file for reject in rejects.first)),
        expected="canonical JSON Lines",
        got=f"{rejects.n:,} of {rejects.n + n_traces:,} lines rejected: {_reasons(rejects)}",
        hint="Convert the file first: rdpt import SOURCE --out FILE.jsonl. Or go on with the rest: --accept-rejects.",
    )


def none_renders(policy: TemplatePolicy, n_traces: int) -> InputError:
    """Why files are refused of which the template policy can render no trace."""
    needs_prompts = policy is TemplatePolicy.RAW
    return InputError(
        f"template policy `{policy}` can render no trace",
        expected="traces with a field `prompt`" if needs_prompts else "traces with `question` or `messages`",
        got=f"{n_traces:,} without",
        hint="Score with `--template own`." if needs_prompts else "Score with `--template raw`.",
    )


def _reasons(rejects: RejectLog) -> str:
    """The reasons of the first rejects, those that differ only in numbers and quoted texts taken together."""
    groups = Counter(_kind(reject) for reject in rejects.first)
    said = [f"{n} × {_example(kind, rejects.first)}" for kind, n in groups.most_common(_GROUPS)]
    more = f"; and {len(groups) - _GROUPS} other reasons" if len(groups) > _GROUPS else ""
    of = "" if rejects.n == len(rejects.first) else f"of the first {len(rejects.first)}, "
    return f"{of}{'; '.join(said)}{more}"


def _kind(reject: Reject) -> str:
    return _VARIABLE.sub("…", reject.reason)


def _example(kind: str, rejects: Sequence[Reject]) -> str:
    first = next(reject for reject in rejects if _kind(reject) == kind)
    reason = first.reason if len(first.reason) <= _REASON_CHARS else first.reason[: _REASON_CHARS - 1] + "…"
    return f"{reason} (line {first.line})"
