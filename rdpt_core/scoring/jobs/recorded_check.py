"""Recordings of some traces against the model itself, before a run that rests on them is scored.

The traces are spread over the file. The model that was recorded runs here in the role's place and scores them; its
logits are also divided by each temperature of a grid. Recorded numbers are the model's own if they differ little from
its logprobs, and agree with them no worse than with those at another temperature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from rdpt_core import interrupts
from rdpt_core.arrays import Doubles, Floats
from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import ModelReference, Span, TokenLogprobs, Trace
from rdpt_core.scoring.backends.base import Backend, PreparedTrace, ScoringItem
from rdpt_core.scoring.backends.factory import make_live_backend
from rdpt_core.scoring.backends.in_process import TransformersBackend
from rdpt_core.scoring.backends.recorded.backend import RecordedBackend
from rdpt_core.scoring.jobs.identity import NOTES
from rdpt_core.scoring.jobs.progress import RoleProgressBar
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces import Splitter
from rdpt_core.traces.token_spans import assign_tokens

RECORDED_CHECKS = "recorded_checks"
"""Key of the environment: for each recorded role that was checked, what was found."""

LIMIT_NATS = 0.1
"""Mean |Δ| of a token above which recorded numbers are not the model's. Between servers and dtypes (bfloat16, other
kernels) it is 0.01 to 0.03, between a 4-bit file here and in llama.cpp about 0.06; at 0.1 every p is off by a tenth."""

CLEAR_NATS = 0.01
"""Mean |Δ| below which it does not matter which temperature agrees best: p is off by a hundredth at most."""

TEMPERATURES = tuple(round(0.1 * step, 1) for step in range(1, 16))
_ONE = TEMPERATURES.index(1.0)


@dataclass(frozen=True, slots=True)
class RecordedCheck:
    """What a check of one role found. Units: nats a token.

    Attributes:
        model: the model that scored live; `revision` and `dtype` are its own.
        n_traces: how many were compared.
        n_tokens: of those, tokens in sentences that both cut alike; each was compared.
        n_sentences: sentences that were cut otherwise; of each the mean logprob of a live token was compared.
        mean_nats: mean |Δ| of what most tokens are in: those tokens, or else those sentences.
        max_nats: the largest of the same.
        temperature: of the grid, at which live logprobs agree best with the recorded ones.
        mean_nats_there: mean |Δ| at that temperature.
    """

    role: str
    model: str
    revision: str
    dtype: str
    n_traces: int
    n_tokens: int
    n_sentences: int
    mean_nats: float
    max_nats: float
    temperature: float
    mean_nats_there: float

    @property
    def is_at_another_temperature(self) -> bool:
        """Whether another temperature than 1 agrees so much better, at least twice as well, that it was used."""
        return self.mean_nats > max(CLEAR_NATS, 2 * self.mean_nats_there)

    @property
    def agrees(self) -> bool:
        """Whether the recorded numbers are the model's own at temperature 1, as far as these traces show."""
        return self.mean_nats <= LIMIT_NATS and not self.is_at_another_temperature

    @property
    def found(self) -> str:
        """What was found, in words."""
        compared = [
            *([f"{self.n_tokens:,} tokens"] if self.n_tokens else []),
            *([f"{self.n_sentences:,} sentences cut otherwise"] if self.n_sentences else []),
        ]
        there = "" if self.temperature == 1 else f" (mean {self.mean_nats_there:.3g})"
        return (
            f"{self.n_traces:,} traces with {' and '.join(compared)}: |Δ| mean {self.mean_nats:.3g} and max "
            f"{self.max_nats:.3g} nats a token, agrees best at temperature {self.temperature:g}{there}"
        )

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the run, to six digits."""
        names = ("mean_nats", "max_nats", "mean_nats_there")
        rounded = {name: float(f"{getattr(self, name):.6g}") for name in names}
        counts = {name: getattr(self, name) for name in ("n_traces", "n_tokens", "n_sentences")}
        live = {"model": self.model, "revision": self.revision, "dtype": self.dtype}
        return {**live, **counts, **rounded, "temperature": self.temperature}


@dataclass(frozen=True, slots=True)
class _Found:
    """A trace of the check with what is recorded of it."""

    item: ScoringItem
    tokens: TokenLogprobs


def check_recorded(
    request: ScoreRequest, backends: Sequence[Backend], traces: Iterable[Trace], n_traces: int, splitter: Splitter
) -> list[RecordedCheck]:
    """Score some traces of every recorded role with the model itself, and compare.

    Args:
        traces: all traces of the run; `n_traces` counts them. They are read to the last one.

    Raises:
        UsageError: no role is recorded, or one names no model to check it with.
        InputError: recorded numbers are not the model's, and are not to be trusted all the same; or there is nothing to
            compare.
        ModelError: the model cannot be loaded.
    """
    recorded = {backend.model.role: backend for backend in backends if isinstance(backend, RecordedBackend)}
    if not recorded:
        raise UsageError(
            "no role is recorded, so there is nothing to check",
            where="--check-recorded",
            expected='a role with backend = "recorded"',
            got=", ".join(f"{backend.model.role}: {backend.model.backend}" for backend in backends),
        )
    # All of them first: a wrong name is told before any weights are loaded.
    live = {role: make_live_backend(request, role) for role in recorded}
    chosen = _chosen(recorded, traces, n_traces, request.check_recorded, splitter)
    checks = []
    for role, backend in live.items():
        with closing(backend):
            check = _check(backend, chosen[role], quiet=request.quiet)
        if not check.agrees and not request.trust_recorded:
            raise _refusal(check, request.models.reference(role))
        checks.append(check)
    return checks


def with_checks(environment: dict[str, Any], checks: Sequence[RecordedCheck]) -> dict[str, Any]:
    """An environment, which names nothing, with what was found of its roles."""
    if not checks:
        return environment
    notes = [*environment.get(NOTES, ()), *map(_note, checks)]
    stored = {check.role: check.to_json() for check in checks}
    return {**environment, RECORDED_CHECKS: stored, NOTES: notes}


def _chosen(
    recorded: Mapping[str, RecordedBackend], traces: Iterable[Trace], n_traces: int, n_wanted: int, splitter: Splitter
) -> dict[str, list[_Found]]:
    """By role, of each of so many equal parts of the file, the first trace of which a logprob is recorded."""
    chosen: dict[str, dict[int, _Found]] = {role: {} for role in recorded}
    for trace_no, trace in enumerate(traces):
        part = trace_no * n_wanted // n_traces
        waiting = [role for role, found in chosen.items() if part not in found]
        if not waiting:
            continue
        interrupts.check()
        item = ScoringItem(trace_no, trace, splitter.split(trace.response))
        for role in waiting:
            tokens = recorded[role].look_up(item).tokens
            if np.isfinite(tokens.logprob).any():
                chosen[role][part] = _Found(item, tokens)
    return {role: list(found.values()) for role, found in chosen.items()}


def _check(backend: TransformersBackend, chosen: Sequence[_Found], *, quiet: bool) -> RecordedCheck:
    model = backend.model
    if not chosen:
        raise _nothing(model.role, "no trace of which a logprob is recorded")
    bar = RoleProgressBar(f"{model.role}, check", len(chosen), 0, quiet=quiet)
    backend.load()
    by_number = {found.item.trace_no: found for found in chosen}
    waiting = [prepared for batch in backend.prepare([found.item for found in chosen]) for prepared in batch]
    compared: list[_Compared] = []
    for prepared, logprob in backend.score_at(waiting, TEMPERATURES):
        interrupts.check()
        one = _compare(by_number[prepared.item.trace_no], prepared, logprob)
        if one.tokens.size or one.sentences.size:
            compared.append(one)
        bar.advance(1, prepared.n_scored)
    bar.close()
    if not compared:
        raise _nothing(model.role, f"{len(chosen):,} recorded traces, none with a sentence that both have scored")
    tokens = np.concatenate([one.tokens for one in compared], axis=1)
    sentences = np.concatenate([one.sentences for one in compared], axis=1)
    differences = tokens if tokens.shape[1] >= sum(one.n_otherwise for one in compared) else sentences
    means = differences.mean(axis=1)
    # Of equals the one nearest to 1: what does not tell temperatures apart says nothing against the numbers.
    best = min(range(len(TEMPERATURES)), key=lambda number: (means[number], abs(number - _ONE)))
    return RecordedCheck(
        role=model.role,
        model=model.model,
        revision=model.revision,
        dtype=model.dtype,
        n_traces=len(compared),
        n_tokens=tokens.shape[1],
        n_sentences=sentences.shape[1],
        mean_nats=float(means[_ONE]),
        max_nats=float(differences[_ONE].max()),
        temperature=TEMPERATURES[best],
        mean_nats_there=float(means[best]),
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """|Δ| of one trace at every temperature, in nats a token.

    Shapes: `tokens` is (n_temperatures, tokens of sentences that both cut alike), `sentences` is (n_temperatures,
    sentences that are cut otherwise), which hold `n_otherwise` live tokens.
    """

    tokens: Doubles
    sentences: Doubles
    n_otherwise: int


def _compare(found: _Found, prepared: PreparedTrace, scored: Floats) -> _Compared:
    """Shapes: `scored` is (n_temperatures, n_scored)."""
    response, spans, encoding = found.item.trace.response, found.item.spans, prepared.encoding
    live = np.full((len(TEMPERATURES), len(encoding)), np.nan)
    live[:, : prepared.n_scored] = scored
    cut = TokenLogprobs(encoding.token_id, encoding.char_start, encoding.char_end, live[_ONE].astype(np.float32))
    tokens, sentences, n_otherwise = [np.empty((len(TEMPERATURES), 0))], [np.empty((len(TEMPERATURES), 0))], 0
    recorded = found.tokens.logprob.astype(np.float64)
    for theirs, ours in zip(
        _by_sentence(response, spans, found.tokens), _by_sentence(response, spans, cut), strict=True
    ):
        if _same_cuts(found.tokens, theirs, cut, ours):
            delta = np.abs(live[:, ours] - recorded[theirs])
            tokens.append(delta[:, np.isfinite(delta).all(axis=0)])
        elif (
            np.isfinite(total := recorded[theirs].sum()) and np.isfinite(live[:, ours]).all() and ours.stop > ours.start
        ):
            n_tokens = ours.stop - ours.start
            sentences.append(np.abs(live[:, ours].sum(axis=1) - total)[:, None] / n_tokens)
            n_otherwise += n_tokens
    return _Compared(np.concatenate(tokens, axis=1), np.concatenate(sentences, axis=1), n_otherwise)


def _by_sentence(response: str, spans: Sequence[Span], tokens: TokenLogprobs) -> Iterator[slice]:
    """The tokens of each sentence."""
    bounds = np.searchsorted(assign_tokens(response, spans, tokens).sentence_index, np.arange(len(spans) + 1))
    return (slice(int(first), int(last)) for first, last in pairwise(bounds))


def _same_cuts(one: TokenLogprobs, some: slice, other: TokenLogprobs, others: slice) -> bool:
    return np.array_equal(one.char_start[some], other.char_start[others]) and np.array_equal(
        one.char_end[some], other.char_end[others]
    )


def _note(check: RecordedCheck) -> str:
    agreement = (
        "agree with" if check.agrees else "are taken as they are (--trust-recorded), though they are not those of"
    )
    return f"The {check.role}'s recorded logprobs {agreement} {check.model}: {check.found}."


def _nothing(role: str, got: str) -> InputError:
    return InputError(
        "recordings cannot be checked",
        where=f"--check-recorded, {role}",
        expected="a trace that is recorded and that the model can score",
        got=got,
        hint="Nothing was stored. Without --check-recorded the run says why each trace is unscored.",
    )


def _refusal(check: RecordedCheck, reference: ModelReference) -> InputError:
    record = "Record the model's own logprobs (vLLM: `--logprobs-mode raw_logprobs`)"
    if check.is_at_another_temperature and reference.temperature is None:
        ways = f"the key `temperature={check.temperature:g}` of this role undoes a temperature where alternatives allow"
    else:
        ways = "see that check_with is the model, and its prompt the prompt, that was recorded"
    return InputError(
        "recorded logprobs are not those of the model",
        where=f"{check.role}, checked with {check.model}",
        expected=f"a mean |Δ| of at most {LIMIT_NATS:g} nats a token, and best agreement at temperature 1",
        got=check.found,
        hint=f"Nothing was scored. {record}; {ways}; `--trust-recorded` takes the numbers as they are.",
    )
