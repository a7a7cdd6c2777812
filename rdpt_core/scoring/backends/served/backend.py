"""A model behind a server, as the pipeline sees it: tokens are made here, logprobs there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from rdpt_core.errors import ModelError, ServerGoneError
from rdpt_core.records import ModelReference, RoleResult, ScoredModel, ServerSettings, TooLong, Trace
from rdpt_core.scoring.backends.base import (
    Batch,
    PreparedTrace,
    Preview,
    Prompting,
    ScoringItem,
    prepare_traces,
    preview_traces,
    role_result,
)
from rdpt_core.scoring.backends.served.address import server_root
from rdpt_core.scoring.backends.served.client import ServerClient
from rdpt_core.scoring.backends.served.dialects import DIALECTS, Answer, Dialect, Sent, VllmDialect
from rdpt_core.scoring.backends.served.greeting import (
    GREETING,
    ServedAs,
    check_level,
    check_same_model,
    check_spelling,
)
from rdpt_core.scoring.backends.served.secret import Secret
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.prompts.templates import own_template, template_name
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.traces.thinking import Spelling

_LOGGER = logging.getLogger(__name__)


class ServedBackend:
    """One role's model behind a server, which is greeted at once: a run's identity needs to know who answers.

    Raises:
        ServerGoneError: nothing answers at its address for as long as we wait.
        ModelError: the server has no such model, wants another key, or gives no logprobs of this tokenizer's tokens.
        UsageError: the key is not in the environment.
    """

    def __init__(
        self,
        role: str,
        reference: ModelReference,
        tokenizer: RoleTokenizer,
        distilled_tokenizer: RoleTokenizer | None,
        prompting: Prompting,
    ) -> None:
        if reference.server is None:
            raise ValueError("a served model has settings of its server")
        self._settings = reference.server
        self._secret = Secret.from_environment(reference.server.api_key_env)
        self._tokenizer = tokenizer
        self._distilled_tokenizer = distilled_tokenizer
        self._prompting = prompting
        self._running = ExitStack()
        self._portal: BlockingPortal | None = None
        self._client: ServerClient | None = None
        listed = anyio.run(self._ask, "", _list_models)
        entry = _served_model(listed, reference.model, self._settings, self._secret)
        name = reference.model or str(entry["id"])
        root = entry.get("root")
        root = self._secret.without_key(root) if isinstance(root, str) else ""
        self._greeting = _greeting(tokenizer)
        context_length = self._settings.context_length or stated_context_length(entry)
        self._hint = hint_without_logprobs(role, entry)
        self._name = name
        self._model = ScoredModel(
            role=role,
            model=name,
            revision=reference.revision or (f"served as {root}" if root else "not told"),
            backend="openai",
            dtype="served",
            template=template_name(prompting.template_policy, tokenizer),
            vocabulary_size=tokenizer.vocabulary_size,
            n_parameters=None,
            context_length=context_length,
            tokenizer_hash=tokenizer.hash,
        )
        self._prompt_hash = tokenizer.prompt_hash()
        dialect, answer = anyio.run(self._ask, name, self._greet, DIALECTS[self._settings.dialect])
        self._dialect: Dialect = dialect
        self._served = ServedAs.of(server_root(self._settings.base_url), dialect.name, answer)
        self._limits_said: set[int] = set()
        where = f"{name} at {self._served.address}"
        check_level(answer, tokenizer.vocabulary_size, where)
        if not any(answer.texts):
            answer = anyio.run(self._ask, name, self._spell, answer)
        check_spelling(answer, where, self._secret.without_key)

    @property
    def model(self) -> ScoredModel:
        """The model as the server describes it."""
        return self._model

    @property
    def prompt_hash(self) -> str:
        """Prompts are made here, by a tokenizer that no revision of the served model covers."""
        return self._prompt_hash

    @property
    def own_marks(self) -> Spelling | None:
        """Those that stand in place of the writer's."""
        return self._prompting.marks

    @property
    def chat_template(self) -> ChatTemplate | None:
        """From the tokenizer on this machine."""
        return own_template(self._prompting.template_policy, self._model.role, self._tokenizer)

    @property
    def served(self) -> ServedAs:
        """How the server answered when this backend was made."""
        return self._served

    @property
    def recorded(self) -> None:
        """It is asked now."""
        return None

    def preview(self, traces: Sequence[Trace]) -> Preview:
        """How the model's prompts begin, and whether its tokens are what one expects."""
        return preview_traces(traces, self._tokenizer, self._distilled_tokenizer, self._prompting)

    def load(self) -> None:
        """Connect, and see that the server still answers as it did.

        Raises:
            ModelError: it does not.
        """
        self._portal = self._running.enter_context(start_blocking_portal())
        connect = partial(ServerClient, was_met=True)
        self._client = self._portal.call(connect, self._settings, self._secret, self._name)
        self._running.callback(self._portal.call, self._client.close)
        dialect, answer = self._portal.call(self._greet, self._client, (self._dialect,))
        check_same_model(
            ServedAs.of(self._served.address, dialect.name, answer), self._served, f"{self._model.role} {self._name}"
        )

    async def _greet(self, client: ServerClient, dialects: tuple[Dialect, ...]) -> tuple[Dialect, Answer]:
        return await client.find_dialect(dialects, self._greeting, hint=self._hint)

    async def _ask(self, model: str, ask: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """One question over a connection of its own."""
        # The question that comes first is which models there are, and names none.
        client = ServerClient(self._settings, self._secret, model, was_met=bool(model))
        try:
            return await ask(client, *arguments)
        finally:
            await client.close()

    async def _spell(self, client: ServerClient, answer: Answer) -> Answer:
        """The greeting's tokens as the server spells them, from a dialect that has spellings and the same numbers.

        Raises:
            ModelError: other numbers.
        """
        try:
            dialect, spelt = await client.find_dialect((VllmDialect(),), self._greeting)
        except ModelError:
            return answer
        check_same_model(
            ServedAs.of(self._served.address, dialect.name, spelt),
            self._served,
            f"{self._name}, asked by `{dialect.name}` and `{self._served.dialect}`,",
        )
        return spelt

    def prepare(self, items: Sequence[ScoringItem]) -> list[Batch]:
        """Every trace goes alone: the server makes its own batches."""
        context_length = self._model.context_length
        if context_length is not None:
            context_length -= self._dialect.n_generated
        prepared = prepare_traces(items, self._tokenizer, self._distilled_tokenizer, self._prompting, context_length)
        return [[trace] for trace in prepared]

    def score(self, batches: Iterable[Batch]) -> Iterator[list[RoleResult]]:
        """Many requests at once; results come as the server gives them."""
        traces = [trace for batch in batches for trace in batch]
        portal, client = self._portal, self._client
        if portal is None or client is None:
            raise RuntimeError("the backend was not loaded")
        silent = [role_result(trace, None) for trace in traces if trace.n_scored == 0]
        if silent:
            yield silent
        waiting: list[Future[RoleResult]] = [
            portal.start_task_soon(self._score, client, trace) for trace in traces if trace.n_scored > 0
        ]
        gone: ServerGoneError | None = None
        try:
            for future in as_completed(waiting):
                try:
                    result = future.result()
                except ServerGoneError as error:
                    gone = error
                    continue
                yield [result]
        finally:
            for future in waiting:
                future.cancel()
        if gone is not None:
            raise gone

    async def _score(self, client: ServerClient, trace: PreparedTrace) -> RoleResult:
        """One trace, cut to the server's limit if it names one that the trace exceeds.

        No other trace is cut for that: what comes of a trace must not depend on which were answered before it.
        """
        while True:
            answer = await client.score(self._dialect, _sent(trace), trace.item.trace.trace_id)
            if isinstance(answer, Answer):
                return role_result(trace, answer.logprob)
            limit = answer.context_length
            room = None if limit is None else max(0, limit - self._dialect.n_generated - len(trace.prompt))
            if limit is None or room is None or room >= trace.n_scored:
                # Why no logprob came outranks why a part of the trace was not asked for.
                return role_result(replace(trace, reason=answer.reason, n_scored=0), None, detail=answer.detail)
            self._say_limit(limit)
            n_scored = room if self._prompting.too_long is TooLong.PREFIX else 0
            trace = replace(trace, n_scored=n_scored, reason=answer.reason)
            if n_scored == 0:
                return role_result(trace, None, detail=answer.detail)

    def _say_limit(self, limit: int) -> None:
        if limit not in self._limits_said:
            self._limits_said.add(limit)
            _LOGGER.warning(
                "%s takes up to %s tokens of prompt and response, which it tells only in refusals; "
                "what is longer is scored as far as that or left unscored, as --too-long says",
                self._served.address,
                f"{limit:,}",
            )

    def close(self) -> None:
        """Close the connections."""
        self._running.close()
        self._portal = self._client = None


def _sent(trace: PreparedTrace) -> Sent:
    return Sent([*trace.prompt, *trace.encoding.token_id[: trace.n_scored].tolist()], len(trace.prompt))


def _greeting(tokenizer: RoleTokenizer) -> Sent:
    prompt = tokenizer.encode_prompt(GREETING[0], add_bos=True)
    encoding = tokenizer.encode_response(GREETING[1])
    if not prompt or encoding is None:
        raise ModelError("the tokenizer cannot spell plain words", where=tokenizer.name)
    return Sent([*prompt, *encoding.token_id.tolist()], len(prompt))


def stated_context_length(entry: Mapping[str, Any]) -> int | None:
    """In tokens, by what the server lists of the model; None if it does not say."""
    meta = entry.get("meta")
    # vLLM and SGLang; llama.cpp.
    return _positive(entry.get("max_model_len")) or _positive(meta.get("n_ctx") if isinstance(meta, Mapping) else None)


def hint_without_logprobs(role: str, entry: Mapping[str, Any]) -> str:
    """What to do if the server gives no logprobs of a prompt, by what it lists of the model; else empty."""
    if str(entry.get("id")).lower().endswith(".gguf") or entry.get("owned_by") == "llamacpp":
        return f"llama.cpp's server gives none of a prompt; name the file that it serves: --{role} model.gguf."
    return ""


async def _list_models(client: ServerClient) -> Any:
    return await client.get("/v1/models")


def _served_model(listed: Any, name: str, settings: ServerSettings, secret: Secret) -> Mapping[str, Any]:
    """What the server lists of the model `name`, or of its only one; nothing if it lists no models.

    Raises:
        ModelError: it serves others only, or several and none is named.
    """
    entries = listed.get("data") if isinstance(listed, Mapping) else None
    known = [entry for entry in entries or () if isinstance(entry, Mapping) and isinstance(entry.get("id"), str)]
    fitting = [entry for entry in known if entry["id"] == name] if name else known
    if len(fitting) == 1:
        return fitting[0]
    if name and not known:
        _LOGGER.warning("%s lists no models; %s is taken on trust", server_root(settings.base_url), name)
        return {}
    names = [repr(secret.without_key(str(entry["id"]))[:80]) for entry in known[:8]]
    raise ModelError(
        "the server does not serve this model" if name else "the server does not have one model, so one must be named",
        where=f"{name or 'model'} at {server_root(settings.base_url)}",
        expected=f"one of {', '.join(names)}" if names else "a name",
        got=repr(name) if name else f"{len(known)} models",
        hint="Set `model` to the name under which it is served.",
    )


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
