"""The whole of `select`, from a run to a training file, in the order in which it happens.

load the candidates → make tokens equal → pick → write the file and its manifest
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rdpt_core.analysis.selection.candidates import Candidates, load_candidates
from rdpt_core.analysis.selection.pick import Budget, select, select_each
from rdpt_core.analysis.selection.settings import Settings
from rdpt_core.analysis.selection.side_by_side import positions_of
from rdpt_core.analysis.selection.strategies import find_strategy
from rdpt_core.analysis.selection.training import Request, write_training
from rdpt_core.store.reader import Reader, Run


def select_training(reader: Reader, run: Run, settings: Settings, path: Path, overruled: Mapping[str, str]) -> Path:
    """Choose training data among the candidates of a run and write it.

    Args:
        path: the training file. The manifest stands beside it, and so does an entry for LLaMA-Factory.
        overruled: traces that a reader chose in place of the strategy's picks, by id, each with the reason.

    Returns:
        The manifest.

    Raises:
        UsageError: the settings do not fit each other or the run, or nothing was picked.
        InputError: a picked trace does not fit the format, or the folder cannot be written to.
    """
    candidates = load_candidates(reader, run, settings.rule, settings.local_context)
    basket = sorted(positions_of(reader, run, list(overruled)).values())
    budget = _equal_budget(candidates, settings)
    strategy, options, guards = find_strategy(settings.strategy), settings.options, settings.guards
    selection = select(candidates, strategy, options, guards, budget, basket)
    request = Request(settings.rule, options, guards, budget, settings.format, settings.equal_tokens, overruled)
    return write_training(reader, run, candidates, selection, request, path)


def _equal_budget(candidates: Candidates, settings: Settings) -> Budget:
    """The user's budget, cut to the tokens of the smallest of the strategies that are to cost the same."""
    if not settings.equal_tokens:
        return settings.budget
    rivals = select_each(
        candidates, settings.rivals(), settings.options, settings.guards, settings.budget, equal_tokens=True
    )
    return rivals[0].budget
