"""A scored run under another splitter: no model is needed, since every token's logprob is stored."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rdpt_core.errors import ModelError
from rdpt_core.records import RoleResult, RunClaim, RunKey, SentenceColumns, UnscoredReason
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.scoring.backends.served.greeting import TOLERANCE_NATS
from rdpt_core.scoring.jobs.identity import last_served, make_run_id
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.scoring.jobs.windows import windows
from rdpt_core.scoring.request import RunStore
from rdpt_core.traces import Splitter
from rdpt_core.traces.token_spans import assign_tokens


def resplit_claim(source: RunClaim, splitter: Splitter) -> RunClaim:
    """The identity of `source` with another splitter: that of a run scored with it from the start."""
    identity = {**source.identity, "splitter": [splitter.name, splitter.version]}
    return replace(
        source,
        identity=identity,
        run_id=make_run_id(identity),
        splitter=splitter.name,
        splitter_version=splitter.version,
    )


def resplit_run(
    source: RunClaim,
    source_run: RunKey,
    splitter: Splitter,
    store: RunStore,
    companions: Sequence[CompanionClaim] = (),
) -> RunKey:
    """Cut the traces of a run again and store the result as a run of its own, going on where an earlier call stopped.

    A sentence of the new run that holds a token without a logprob is unscored, for the reason stored with the tokens.

    Args:
        companions: those of the run that have scored all of it; they come along.

    Raises:
        ModelError: there is such a run, which another model scored that was served under the same name.
    """
    claim = resplit_claim(source, splitter)
    n_sentences = [
        len(splitter.split(trace.response))
        for window in windows(source.n_traces)
        for trace in store.traces(source_run, window.start, window.stop)
    ]
    check = functools.partial(_check_same_scores, claim, source_run)
    run = store.claim_copy(claim, source_run, n_sentences, check)
    roles = [model.role for model in source.models]
    # A trace has its sentences once it has the tokens of every role.
    complete = store.complete_trace_nos(run, roles)
    for window in windows(source.n_traces):
        if not complete.issuperset(window):
            _resplit_window(window, source_run, run, roles, splitter, store)
    store.finish(run)
    store.claim_companions(run, companions)
    for companion in companions:
        _resplit_companion(companion.model.role, source, source_run, run, splitter, store)
    return run


def _resplit_companion(
    role: str, source: RunClaim, source_run: RunKey, run: RunKey, splitter: Splitter, store: RunStore
) -> None:
    done = store.scored_trace_nos(run, role)
    for window in windows(source.n_traces):
        if not done.issuperset(window):
            results, sentences = _cut_again(window, source_run, [role], splitter, store)
            store.commit_companion(run, role, results[role], sentences)
    store.finish_companion(run, role)


def _check_same_scores(
    claim: RunClaim, source_run: RunKey, earlier: Sequence[Mapping[str, Any]], scored: Collection[str]
) -> dict[str, Any]:
    """See that a run which is there was scored by what scored the one that is cut again: a served model is no part of
    the identity."""
    for role in sorted(scored):
        before, now = (last_served(environments, role) for environments in (earlier, [claim.environment]))
        if before is None and now is None:
            continue
        if before is None or now is None or now.distance(before) > TOLERANCE_NATS:
            raise ModelError(
                "the run with this splitter is there already, scored by another served model",
                where=f"run {claim.run_id}, {role}",
                expected=f"the model that scored run {source_run.run_id}",
                got="another one under the same name",
                hint="Nothing was written. If it is not finished, the `score` command that began it goes on with it.",
            )
    return claim.environment


def _resplit_window(
    window: range, source_run: RunKey, run: RunKey, roles: Sequence[str], splitter: Splitter, store: RunStore
) -> None:
    results, sentences = _cut_again(window, source_run, roles, splitter, store)
    for role in roles:
        store.commit(run, role, results[role], sentences if role is roles[-1] else [])


def _cut_again(
    window: range, source_run: RunKey, roles: Sequence[str], splitter: Splitter, store: RunStore
) -> tuple[dict[str, list[RoleResult]], list[SentenceColumns]]:
    """What these roles have scored of the traces of a window, and its new sentences under all of them."""
    traces = store.traces(source_run, window.start, window.stop)
    spans = [splitter.split(trace.response) for trace in traces]
    results: dict[str, list[RoleResult]] = {}
    for role in roles:
        stored = store.tokens(source_run, role, window)
        results[role] = []
        for trace_no, trace, cut in zip(window, traces, spans, strict=True):
            tokens, reason = stored[trace_no]
            straddling = assign_tokens(trace.response, cut, tokens).n_straddling
            known = None if reason is None else UnscoredReason(reason)
            results[role].append(RoleResult(trace_no, tokens, straddling, known))
    sentences: list[SentenceColumns] = [
        sentence_columns(trace_no, trace.response, cut, {role: results[role][number] for role in roles})
        for number, (trace_no, trace, cut) in enumerate(zip(window, traces, spans, strict=True))
    ]
    return results, sentences
