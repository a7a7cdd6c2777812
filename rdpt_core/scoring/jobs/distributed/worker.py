"""One worker: a role's model in a process of its own, and traces that come to it in small files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from rdpt_core.errors import ModelError, ServerGoneError
from rdpt_core.records import ModelReference, Role, RoleResult, ScoredModel
from rdpt_core.scoring.backends.base import ScoringItem
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.backends.served.greeting import ServedAs, check_same_model
from rdpt_core.scoring.jobs.distributed.shards import read_traces, write_shard
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces import get_splitter


class ScoringWorker:
    """Scores files of traces, and names the shards that it wrote.

    Raises:
        ModelError: the model on the worker's machine is not the one that the run was claimed with.
    """

    def __init__(
        self,
        request: ScoreRequest,
        model: ScoredModel,
        prompt_hash: str | None,
        served: ServedAs | None,
        folder: str,
    ) -> None:
        self._folder = Path(folder)
        self._splitter = get_splitter(request.splitter)
        (self._backend,) = make_backends(request, [model.role])
        local_model = self._backend.model
        if (replace(local_model, model=model.model), self._backend.prompt_hash) != (model, prompt_hash):
            raise ModelError(
                "the model on a worker's machine is another one than here",
                where=f"{model.role} {model.model}",
                expected=_described(model, prompt_hash),
                got=_described(local_model, self._backend.prompt_hash),
                hint="Every machine needs the same files under the same path.",
            )
        if self._backend.served is not None:
            check_same_model(self._backend.served, served, f"{model.role} {model.model}")
        self._backend.load()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Score files, write a shard for each, and name it.

        A server that is gone is no error here, which would end the other workers' work, too: what was scored before is
        written, and the message goes along as JSON.
        """
        shards, messages = zip(*(self._score(Path(path)) for path in batch["traces"]), strict=True)
        return {"shard": list(shards), "gone": list(messages)}

    def _score(self, path: Path) -> tuple[str, str]:
        items = [
            ScoringItem(trace_no, trace, self._splitter.split(trace.response)) for trace_no, trace in read_traces(path)
        ]
        results: list[RoleResult] = []
        message = ""
        try:
            for scored in self._backend.score(self._backend.prepare(items)):
                results += scored
        except ServerGoneError as error:
            known = {"what": error.what, "where": error.where, "expected": error.expected, "got": error.got}
            message = json.dumps(known)
        if not results:
            return "", message
        results.sort(key=lambda result: result.trace_no)
        return str(write_shard(self._folder, results)), message


def _described(model: ScoredModel, prompt_hash: str | None) -> str:
    return ", ".join([model.revision, model.dtype, *([f"prompts {prompt_hash}"] if prompt_hash else [])])


def portable(request: ScoreRequest, role: str) -> ScoreRequest:
    """The request as another process can carry it out: with absolute paths, in which names stay, since a name may tell
    a model's family.

    With the distilled model in it, since its template may be asked for; recordings are left where they are.
    """
    models = request.models.only(role, Role.DISTILLED)
    absolute = {key: _absolute(models.reference(key)) for key in models.keys}
    return replace(request, models=models.with_references(absolute), quiet=True)


def _absolute(reference: ModelReference) -> ModelReference:
    changed: dict[str, Any] = {}
    for name in ("model", "tokenizer", "adapter"):
        value = getattr(reference, name)
        if value and Path(value).expanduser().exists() and not (name == "model" and reference.backend == "openai"):
            changed[name] = str(Path(value).expanduser().absolute())
    if reference.server is not None and reference.server.ca_file is not None:
        changed["server"] = replace(reference.server, ca_file=str(Path(reference.server.ca_file).absolute()))
    return replace(reference, **changed)
