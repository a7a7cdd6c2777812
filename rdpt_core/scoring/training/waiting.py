"""The folder where results wait until the training ends.

A run is named by all of its models, and the distilled one is known only in the end. So what was scored on the way waits
beside the database: a folder for each model, whose last file says that it is whole. Nothing of it is lost if the
training is interrupted.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from rdpt_core.atomic_write import atomic_write
from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import RoleResult, ScoredModel, Trace
from rdpt_core.records.companions import CompanionKind, CompanionRole, is_companion
from rdpt_core.scoring.backends.base import Batch, PreparedTrace, Preview, ScoringItem
from rdpt_core.scoring.jobs.distributed.shards import read_shard, shard_name, write_shard
from rdpt_core.scoring.models.tokenization import Encoding

_SETTINGS = "training.json"
_MODEL = "model.json"


class WaitingResults:
    """Results of the models of one training, in a folder of their own.

    Args:
        folder: made when something is put there.
        settings: what all of them must have in common, such as the traces; values as in JSON.

    Raises:
        UsageError: the folder holds results of a training with other settings.
        InputError: the folder cannot be read.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self._settings = dict(settings)
        known = _read_json(folder / _SETTINGS)
        if known is not None and known != self._settings:
            differing = sorted(
                name for name in {*known, *self._settings} if known.get(name) != self._settings.get(name)
            )
            raise UsageError(
                "results of another training wait here",
                where=str(folder),
                expected="a training with the same traces, template and splitter, or another name",
                got=f"another {', '.join(differing)}",
                hint="Name this one otherwise: name=…; or finish that one with its own traces: `.finish()`.",
            )

    def models(self) -> dict[str, ScoredModel]:
        """The models whose results are there, by role; checkpoints by step."""
        found = {}
        for path in sorted(self.folder.glob(f"*/{_MODEL}")):
            known = _read_json(path)
            if known is not None:
                model = ScoredModel(**known)
                found[model.role] = model
        return dict(sorted(found.items(), key=lambda pair: step_of(pair[0])))

    def put(self, model: ScoredModel, results: Sequence[RoleResult]) -> None:
        """Keep the results of a model; those of the same role before are replaced.

        Raises:
            InputError: the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / _SETTINGS).exists():
            _write_json(self.folder / _SETTINGS, self._settings)
        self.drop(model.role)
        place = self._place(model.role)
        place.mkdir(parents=True, exist_ok=True)
        write_shard(place, results)
        _write_json(place / _MODEL, asdict(model))

    def results(self, role: str, n_traces: int) -> list[RoleResult]:
        """What was kept of a role, in the order of the traces.

        Raises:
            InputError: it is not there, or not whole.
        """
        path = self._place(role) / shard_name(range(n_traces))
        try:
            return read_shard(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                "results of a training cannot be read",
                where=str(path),
                expected=f"those of {n_traces:,} traces under {role}",
                got=str(error),
                hint="Remove the folder of this checkpoint; the others still make a run.",
            ) from error

    def drop(self, role: str) -> None:
        """Forget a role."""
        place = self._place(role)
        # The file that says that the rest is whole goes first.
        (place / _MODEL).unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)

    def remove(self) -> None:
        """Forget all of it."""
        for role in self.models():
            self.drop(role)
        (self.folder / _SETTINGS).unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _place(self, role: str) -> Path:
        return self.folder / role.replace(":", "-")


def step_of(role: str) -> int:
    """The step of a checkpoint's role; −1 for a role of the triple."""
    return int(CompanionRole.parse(role).name) if is_companion(role) else -1


def checkpoint_role(step: int) -> str:
    """The role of the weights after so many steps."""
    return CompanionRole(CompanionKind.CHECKPOINT, str(step)).key


class HeldBackend:
    """A model whose results are there already, as the pipeline asks for them."""

    prompt_hash = None
    own_marks = None
    chat_template = None
    served = None
    recorded = None

    def __init__(self, model: ScoredModel, results: Iterable[RoleResult]) -> None:
        self.model = model
        self._results = {result.trace_no: result for result in results}

    def preview(self, traces: Sequence[Trace]) -> Preview | None:
        """No prompt is made here."""
        return None

    def load(self) -> None:
        """There is nothing to load."""

    def prepare(self, items: Sequence[ScoringItem]) -> list[Batch]:
        """One batch a window."""
        nothing = np.empty(0, dtype=np.int32)
        return [[PreparedTrace(item, [], Encoding(nothing, nothing, nothing), 0, None) for item in items]]

    def score(self, batches: Iterable[Batch]) -> Iterator[list[RoleResult]]:
        """What was computed during the training."""
        for batch in batches:
            yield [self._results[prepared.item.trace_no] for prepared in batch]

    def close(self) -> None:
        """There is nothing to give back."""


def folder_of(database: Path, name: str) -> Path:
    """Where the results of a training wait: beside its database, named by both."""
    short = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return database.with_name(f"{database.name}.training-{short}")


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError("a file of waiting results cannot be read", where=str(path), got=str(error)) from error
    return known


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    with atomic_write(path, "waiting results") as temporary:
        temporary.write_text(json.dumps(values, indent=1, sort_keys=True), encoding="utf-8")
