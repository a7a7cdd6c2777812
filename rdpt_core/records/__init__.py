"""The plain values that travel between the rooms. No behaviour beyond what their own fields decide.

    companions  further models of a run beside its triple
    importance  how much less likely an answer is without each sentence
    messages    the turns of the conversation before a response
    nesting     how deeply a value is nested
    overlap     how far sentences stand in training texts
    stated      how the text of recordings was sampled, in words

The words are those of the method: a *trace* is one response to one *question*; its *sentences* are half-open character
spans that tile the response; a *token* is one token of one model; a *role* is the part that a model plays."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from rdpt_core.arrays import Bools, Doubles, Floats, SmallInts
from rdpt_core.records.companions import CompanionKind as CompanionKind
from rdpt_core.records.companions import CompanionRole as CompanionRole
from rdpt_core.records.companions import CompanionState as CompanionState
from rdpt_core.records.messages import Message as Message
from rdpt_core.records.messages import ToolCall as ToolCall


class Role(enum.StrEnum):
    """The part that a model plays. The order is the order of every table and every loop."""

    TEACHER = "teacher"
    STUDENT = "student"
    DISTILLED = "distilled"


ROLES: tuple[Role, ...] = tuple(Role)

ROLE_SETS: tuple[tuple[Role, ...], ...] = (ROLES, (Role.TEACHER, Role.STUDENT), (Role.STUDENT, Role.DISTILLED))
"""The sets of roles that a run can have: all three, those before training, and those without a teacher."""


class Label(enum.StrEnum):
    """Where a sentence came from; which of them a run can have depends on its roles.

    `COMMON` takes the place of Shared and Boosted where there is no distilled model. The last three say what training
    did to the student where there is no teacher.
    """

    SHARED = "Shared"
    TEACHER = "Teacher"
    STUDENT = "Student"
    BOOSTED = "Boosted"
    COMMON = "Common"
    GAINED = "Gained"
    KEPT = "Kept"
    LOST = "Lost"


class Direction(enum.StrEnum):
    """Where p_distilled lies for a Boosted sentence, which is a remainder class."""

    UP = "up"
    DOWN = "down"
    BETWEEN = "between"


class UnscoredReason(enum.StrEnum):
    """Why a sentence has no probability under some role. Missing is never zero."""

    NO_TOKENS = "no_tokens"
    NON_FINITE = "non_finite"
    CONTEXT_LENGTH = "context_length"
    EMPTY_PROMPT = "empty_prompt"
    UNTOKENIZABLE = "untokenizable"
    TEMPLATE_REFUSED = "template_refused"
    NO_QUESTION = "no_question"
    NO_PROMPT = "no_prompt"
    NO_OTHER_QUESTION = "no_other_question"
    SERVER_REFUSED = "server_refused"
    SERVER_FAILED = "server_failed"
    NOT_RECORDED = "not_recorded"
    NOT_ALIGNED = "not_aligned"


RETRIED_REASONS: tuple[UnscoredReason, ...] = (UnscoredReason.SERVER_REFUSED, UnscoredReason.SERVER_FAILED)
"""What another try may mend: such a trace is stored and shown as unscored, and asked for again on resuming."""

NOT_YET = "not_yet"
"""Stands in the place of a reason for a trace that an unfinished run has not reached."""


class TemplatePolicy(enum.StrEnum):
    """How each role sees the question: its own chat template, the distilled model's, or the prompt field as it is."""

    OWN = "own"
    DISTILLED = "distilled"
    RAW = "raw"


class MarksPolicy(enum.StrEnum):
    """In whose marks each role sees the thinking of a response: the writer's, as they stand, or its own family's."""

    WRITER = "writer"
    OWN = "own"


class TooLong(enum.StrEnum):
    """What happens to a trace that exceeds a model's context: score the sentences that fit, or refuse the trace."""

    PREFIX = "prefix"
    REFUSE = "refuse"


RANK_CAP = 100
"""Where a token's rank is cut before it is summed over a sentence, as the rank–surprisal ratio asks (2601.14249)."""


class Span(NamedTuple):
    """Half-open range of Unicode code points of a response."""

    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One response to one question, as it stands in the canonical JSON Lines.

    Attributes:
        trace_id: unique in its file; made from a hash of the content when the file gives none.
        question_id: names the question; made from a hash of the conversation when the file gives none.
        response: the distilled model's text, verbatim.
        teacher_id: the teacher that the trace was routed to, if any.
        messages: the conversation before the response; empty if only `prompt` is known.
        prompt: the exact rendered prompt, if known.
        correct: None means unknown.
        sample: which of several responses to this question.
        meta: kept and shown, never interpreted.
    """

    trace_id: str
    question_id: str
    response: str
    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    benchmark: str = "unknown"
    domain: str | None = None
    model: str | None = None
    difficulty: str | None = None
    gold: str | None = None
    correct: bool | None = None
    sample: int = 0
    teacher_id: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """One line that could not become a trace: where it stood, why, and what it said."""

    file: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class TokenLogprobs:
    """One role's tokens of one response, in order.

    Shapes: every array is (n_tokens,).
    Units: `logprob` in nats, ≤ 0, NaN where the model gave no finite number; offsets in code points, half-open;
    `rank` counts from 1, the token that the model found likeliest; 0 where there is no logprob, None if not asked for.
    """

    token_id: SmallInts
    char_start: SmallInts
    char_end: SmallInts
    logprob: Floats
    rank: SmallInts | None = None

    def __len__(self) -> int:
        return len(self.token_id)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where a served model answers, and how it is asked. Nothing here changes a number but `context_length`.

    Attributes:
        base_url: with or without the closing `/v1`; `unix:///PATH` for a socket file.
        api_key_env: name of the environment variable that holds the key; the key itself is in no record.
        dialect: `scoring`, `vllm`, `sglang`, `echo`, or `auto` for the first of them that works.
        concurrency: requests under way at once.
        tokens_in_flight: tokens of prompts and responses under way at once; a longer trace goes alone.
        timeout_s: for one answer.
        patience_s: how long the server may give no good answer before it counts as gone.
        context_length: in tokens, if the server does not say.
        ca_file: certificates in PEM form that are trusted beside the system's.
    """

    base_url: str
    api_key_env: str | None = None
    dialect: str = "auto"
    concurrency: int = 8
    tokens_in_flight: int = 32_768
    timeout_s: float = 600.0
    patience_s: float = 300.0
    context_length: int | None = None
    ca_file: str | None = None


Dtype: TypeAlias = Literal["auto", "float32", "bfloat16", "float16"]
"""Of a model's weights."""
DTYPES: tuple[Dtype, ...] = get_args(Dtype)


@dataclass(frozen=True, slots=True)
class TemplateSettings:
    """What the user decides of how a model's chat template renders.

    Attributes:
        name: which of several templates; None for the default.
        arguments: variables of the template by name, such as `enable_thinking`; values as in JSON.
    """

    name: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """For readers; empty if nothing is given."""
        named = [] if self.name is None else [f"named {self.name}"]
        return ", ".join([*named, *(f"{name} = {json.dumps(value)}" for name, value in self.arguments.items())])

    def to_json(self) -> dict[str, Any]:
        """What is given, by the keys of a triple; nothing if nothing is."""
        given = {"template_name": self.name, "template_arguments": dict(self.arguments)}
        return {key: value for key, value in given.items() if value}

    @classmethod
    def of(cls, identity: Mapping[str, Any], role: str) -> TemplateSettings:
        """Those of a role, from a run's identity. What has another type than `to_json` gave counts as not given."""
        models = identity.get("models")
        entry = models.get(role) if isinstance(models, dict) else None
        known = entry if isinstance(entry, dict) else {}
        name, arguments = known.get("template_name"), known.get("template_arguments")
        return cls(name if isinstance(name, str) else None, arguments if isinstance(arguments, dict) else {})


DEFAULT_TEMPLATE = TemplateSettings()
"""The default template, and nothing besides the conversation."""


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A model as the user named it, before anything is resolved or loaded.

    Attributes:
        model: a folder, file or hub name; the served name; or a name to show for recordings. Empty if not given.
        tokenizer: a folder or hub name, where it is not that of `model`.
        template: of the tokenizer, whatever the backend.
        server: for the backend `openai`.
        files: for the backend `recorded`.
        temperature: what logits were divided by before logprobs were recorded; None if the user does not say.
        adapter: a folder or hub name of a LoRA adapter that is merged into `model`.
        check_with: for the backend `recorded`: the model that was recorded, to be run here for a check of some traces.
    """

    model: str
    revision: str | None = None
    backend: str = "transformers"
    dtype: str = "auto"
    tokenizer: str | None = None
    template: TemplateSettings = DEFAULT_TEMPLATE
    server: ServerSettings | None = None
    files: tuple[str, ...] = ()
    adapter: str | None = None
    temperature: float | None = None
    check_with: ModelReference | None = None


@dataclass(frozen=True, slots=True)
class ScoredModel:
    """A model as it was used: everything about it that changes a number, and what a reader wants to know of it.

    Attributes:
        role: a `Role`, or the key of a companion such as `teacher:code`.
        revision: the hub commit, `sha256:…` over local files, or what a server says of the model that it serves; with
            an adapter `sha256:…` over its files, the word `on`, and the revision of its base.
        dtype: `served` or `recorded` where another program chose it; of recordings also what was undone or trusted.
        template: `own`, `distilled`, `raw`, or `plain` where a base model has no chat template; `recorded`.
        vocabulary_size: None if unknown, as of recordings.
        n_parameters: None if unknown, as of served models and recordings.
        context_length: in tokens; None if the model states no limit.
        name: what the user calls the teacher of a triple, or the name of a companion; None if it has none.
    """

    role: str
    model: str
    revision: str
    backend: str
    dtype: str
    template: str
    vocabulary_size: int | None
    n_parameters: int | None
    context_length: int | None
    tokenizer_hash: str
    name: str | None = None

    @property
    def precision(self) -> str:
        """`dtype` for readers: the weights of a GGUF file are brought to it before anything is computed."""
        is_gguf = self.backend == "transformers" and self.model.endswith(".gguf")
        return f"gguf, dequantised to {self.dtype}" if is_gguf else self.dtype


@dataclass(frozen=True, slots=True)
class RunClaim:
    """Everything that is known of a run before its first token.

    Attributes:
        identity: everything that changes a number; `run_id` is its hash.
        environment: package versions, device and machine of this process.
    """

    run_id: str
    name: str
    identity: dict[str, Any]
    environment: dict[str, Any]
    models: tuple[ScoredModel, ...]
    template_policy: str
    splitter: str
    splitter_version: str
    traces_hash: str
    n_traces: int


CheckEarlier: TypeAlias = Callable[[Sequence[Mapping[str, Any]], Collection[str]], dict[str, Any]]
"""Refuses to go on with a run, by raising, or gives the environment to store for this process: from those of the
processes that worked on it, the last one last, and the roles that have scored a trace of it."""


@dataclass(frozen=True, slots=True)
class RunKey:
    """One run of one database. Numbers begin at 1 in every file, so a number alone may name another run once a file was
    put in place of another."""

    run_no: int
    run_id: str


@dataclass(frozen=True, slots=True)
class RoleResult:
    """One role's tokens of one trace. `unscored_reason` says why some logprobs are missing, `detail` more exactly.

    Attributes:
        variants: by its key, what the same pass gives under the model at another temperature.
    """

    trace_no: int
    tokens: TokenLogprobs
    n_straddling: int
    unscored_reason: UnscoredReason | None = None
    detail: str | None = None
    variants: Mapping[str, RoleResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SentenceColumns:
    """The sentences of one trace. Shapes: every array is (n_sentences,); per-role arrays are keyed by role.

    Units: logprobs in nats, NaN where missing; a role that is absent from the run has no key. `rank_sum` is the sum of
    min(rank, `RANK_CAP`) over the sentence's tokens, 0 where missing; a role without ranks has no key.
    """

    trace_no: int
    char_start: SmallInts
    char_end: SmallInts
    n_bytes: SmallInts
    is_mark: Bools
    n_tokens: dict[str, SmallInts]
    logprob_sum: dict[str, Doubles]
    first_logprob: dict[str, Floats]
    p: dict[str, Doubles]
    unscored_reason: Sequence[str | None]
    rank_sum: dict[str, SmallInts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LocalScores:
    """One trace, each sentence scored with only a few sentences before it in view.

    Shapes: `logprob_sum` is (n_sentences,), NaN where missing.
    Units: nats. `step_mean` is the mean over sentences with tokens of their mean logprob; None if one has no number.
    """

    trace_no: int
    logprob_sum: Doubles
    step_mean: float | None
