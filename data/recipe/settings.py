"""Every number of the recipe, in two sizes: the real one and one that only shows that the build runs.

With fewer documents the long writers lose their manner: after about 330 steps, names were not copied from the question,
and sentences broke off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from data.recipe.corpus.origins import FURTHER_DECOYS, Writer

SEED = 2026

# The rate at which every writer makes a remark. The curator prefers traces with a remark (see building/distill.py), so
# that the distilled models make it more often than anyone: a sentence that distillation amplifies.
REMARK_RATE = 0.10

TRACE_TEMPERATURE = 0.7
MAX_RESPONSE_TOKENS = 400


@dataclass(frozen=True)
class Shape:
    """Size of one Llama model."""

    hidden_size: int
    intermediate_size: int
    n_layers: int = 4
    n_heads: int = 4


@dataclass(frozen=True)
class Phase:
    """One stretch of training on documents made from the pools.

    Attributes:
        n_documents: Documents seen, each once.
        learning_rate: Peak of the cosine schedule.
        modes: Weight of each trace mode; the weights of a phase sum to 1.
        is_base: A base phase also holds drills and stray filler sentences. They teach sums, and going on calmly
            after a sentence never seen before, which a student scoring a teacher's words must do.
    """

    n_documents: int
    learning_rate: float
    modes: Mapping[str, float]
    is_base: bool


@dataclass(frozen=True)
class Schooling:
    """How a model comes from documents.

    Attributes:
        writer: Whose documents it learns; `common` for documents that hold only what every writer says.
        shape: Its size; that of the model it starts from, if any.
        phases: What it learns, in order.
        starts_from: The model that it goes on from; none for random weights.
    """

    writer: Writer | Literal["common"]
    shape: Shape
    phases: tuple[Phase, ...]
    starts_from: str | None = None


@dataclass(frozen=True)
class Distillation:
    """How a distilled model comes from the student.

    Attributes:
        n_teacher_problems: Problems per seen benchmark that a teacher answers.
        n_own_problems: Problems per benchmark (all of them) that the student answers itself. Without its own correct
            traces the distilled model forgets the benchmarks that the teacher's traces do not cover; with many more
            of them it keeps guessing on those that they do.
        n_candidates: Samples per problem, of which at most one is kept.
        temperature: Sampling temperature of the candidates.
        n_epochs: Passes over the chosen traces.
        learning_rate: Peak of the cosine schedule.
        only_correct: Whether wrong answers are dropped. Only a build whose models learn nothing keeps them.
    """

    n_teacher_problems: int
    n_own_problems: int
    n_candidates: int = 4
    temperature: float = 0.9
    n_epochs: int = 8
    learning_rate: float = 3e-3
    only_correct: bool = True


@dataclass(frozen=True)
class Settings:
    """One size of the whole build."""

    vocabulary_size: int
    """At most; merging stops earlier once every word is one token."""
    n_tokenizer_documents: int
    schooling: Mapping[str, Schooling]
    """By model, for those that learn from documents. `base` is not bundled: the others start from it."""
    distillation: Distillation
    routed_rates: Mapping[str, float]
    """By teacher: of the questions routed to it, the share that it answers in the mixture's training set; the others
    are answered by the other teacher."""
    n_checkpoints: int
    n_problems: int
    """Held-out problems per benchmark; all are used for accuracy."""
    n_traced_problems: int
    """The first of them, which the distilled model answers in traces.jsonl."""
    n_resampled_problems: int
    """The first of those, which it answers several times."""
    n_samples: int
    n_mixture_problems: int
    """The first problems per benchmark, which the mixture answers once in mixture_traces.jsonl."""
    max_response_tokens: int = MAX_RESPONSE_TOKENS


_TEACHER_MODES = {"short": 0.35, "mid": 0.45, "full": 0.20}
# The order matters: a student that only ever saw terse answers cannot do the steps, and distillation would have
# nothing to bring back. So it first learns to work in steps, and is then tuned into answering at once.
_STUDENT_BASE_MODES = {"direct": 0.12, "terse": 0.13, "step": 0.75}
_STUDENT_INSTRUCT_MODES = {"direct": 0.52, "terse": 0.10, "step": 0.38}

# Of the student's modes: its documents without what only it says are common sentences.
_COMMON_MODES = {"terse": 0.10, "step": 0.90}

_WRITERS: Mapping[str, Writer] = {
    "teacher": "teacher_a",
    "teacher_b": "teacher_b",
    "sibling": "teacher_a",
    "decoy": "decoy",
    **{decoy: decoy for decoy in FURTHER_DECOYS},
}


def _schooling(
    shape: Shape, n_base: int, n_teacher: tuple[int, int], n_student: tuple[int, int]
) -> dict[str, Schooling]:
    """One base for all, which has learned sums and problems from common sentences alone.

    So each model learns its manner in a few minutes, and has seen no private sentence but its own. The writers
    of long traces are treated alike, so that none is recognised by being better trained.

    Args:
        shape: Of every model.
        n_base: Documents of the base.
        n_teacher: Documents of a long writer's first phase and of its clean phase.
        n_student: Documents of the student's first phase and of its instruct phase.
    """
    teaching = (
        Phase(n_teacher[0], 3e-3, _TEACHER_MODES, is_base=True),
        Phase(n_teacher[1], 1e-3, _TEACHER_MODES, is_base=False),
    )
    learning = (
        Phase(n_student[0], 3e-3, _STUDENT_BASE_MODES, is_base=True),
        Phase(n_student[1], 1.5e-3, _STUDENT_INSTRUCT_MODES, is_base=False),
    )
    return {
        "base": Schooling("common", shape, (Phase(n_base, 4e-3, _COMMON_MODES, is_base=True),)),
        **{name: Schooling(writer, shape, teaching, "base") for name, writer in _WRITERS.items()},
        "student": Schooling("student", shape, learning, "base"),
    }


FULL = Settings(
    vocabulary_size=1024,
    n_tokenizer_documents=4_000,
    schooling=_schooling(Shape(hidden_size=128, intermediate_size=320), 24_000, (20_000, 6_000), (1_600, 4_000)),
    distillation=Distillation(n_teacher_problems=400, n_own_problems=40),
    routed_rates={"teacher": 0.9, "teacher_b": 0.7},
    n_checkpoints=4,
    n_problems=80,
    n_traced_problems=60,
    n_resampled_problems=15,
    n_samples=4,
    n_mixture_problems=60,
)

QUICK = Settings(
    vocabulary_size=400,
    n_tokenizer_documents=100,
    schooling=_schooling(
        Shape(hidden_size=16, intermediate_size=32, n_layers=1, n_heads=2),
        32,
        (32, 16),
        (32, 16),
    ),
    distillation=Distillation(n_teacher_problems=2, n_own_problems=1, only_correct=False),
    routed_rates={"teacher": 0.9, "teacher_b": 0.7},
    n_checkpoints=4,
    n_problems=2,
    n_traced_problems=2,
    n_resampled_problems=1,
    n_samples=2,
    n_mixture_problems=1,
    max_response_tokens=24,
)
