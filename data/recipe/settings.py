"""Every number of the recipe, in two sizes: the real one and one that only shows that the build runs."""

from collections.abc import Mapping
from dataclasses import dataclass

SEED = 2026

# The rate at which teacher and student both make a remark. The curator prefers traces with a remark (see distill.py),
# so that the distilled model makes it more often than either: a sentence that distillation amplifies.
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
class Distillation:
    """How the distilled model comes from the student.

    Attributes:
        n_teacher_problems: Problems per seen benchmark that the teacher answers.
        n_own_problems: Problems per benchmark (all five) that the student answers itself. Without its own correct
            traces the distilled model forgets the benchmarks that the teacher's traces do not cover; with many more
            of them it keeps guessing on those that they do.
        n_candidates: Samples per problem, of which at most one is kept.
        temperature: Sampling temperature of the candidates.
        n_epochs: Passes over the chosen traces.
        learning_rate: Peak of the cosine schedule.
    """

    n_teacher_problems: int
    n_own_problems: int
    n_candidates: int = 4
    temperature: float = 1.0
    n_epochs: int = 8
    learning_rate: float = 1.5e-3


@dataclass(frozen=True)
class Settings:
    """One size of the whole build."""

    vocabulary_size: int
    """At most; merging stops earlier once every word is one token."""
    n_tokenizer_documents: int
    teacher_shape: Shape
    student_shape: Shape
    teacher_phases: tuple[Phase, ...]
    student_phases: tuple[Phase, ...]
    distillation: Distillation
    n_problems: int
    """Held-out problems per benchmark; all are used for accuracy."""
    n_traced_problems: int
    """The first of them, which the distilled model answers in traces.jsonl."""
    n_resampled_problems: int
    """The first of those, which it answers several times."""
    n_samples: int
    max_response_tokens: int = MAX_RESPONSE_TOKENS


_TEACHER_MODES = {"terse": 0.20, "mid": 0.45, "full": 0.35}
# The order matters: a student that only ever saw terse answers cannot do the steps, and distillation would have
# nothing to bring back. So it first learns to work in steps, and is then tuned into answering at once.
_STUDENT_BASE_MODES = {"direct": 0.12, "terse": 0.13, "step": 0.75}
_STUDENT_INSTRUCT_MODES = {"direct": 0.52, "terse": 0.10, "step": 0.38}

FULL = Settings(
    vocabulary_size=768,
    n_tokenizer_documents=12_000,
    teacher_shape=Shape(hidden_size=128, intermediate_size=352),
    student_shape=Shape(hidden_size=96, intermediate_size=256),
    teacher_phases=(
        Phase(46_000, 3e-3, _TEACHER_MODES, is_base=True),
        Phase(8_000, 1e-3, _TEACHER_MODES, is_base=False),
    ),
    student_phases=(
        Phase(36_000, 3e-3, _STUDENT_BASE_MODES, is_base=True),
        Phase(5_000, 1e-3, _STUDENT_INSTRUCT_MODES, is_base=False),
    ),
    distillation=Distillation(n_teacher_problems=600, n_own_problems=30),
    n_problems=200,
    n_traced_problems=100,
    n_resampled_problems=25,
    n_samples=4,
)

QUICK = Settings(
    vocabulary_size=400,
    n_tokenizer_documents=200,
    teacher_shape=Shape(hidden_size=16, intermediate_size=32, n_layers=1, n_heads=2),
    student_shape=Shape(hidden_size=8, intermediate_size=16, n_layers=1, n_heads=2),
    teacher_phases=(Phase(64, 3e-3, _TEACHER_MODES, is_base=True), Phase(32, 1e-3, _TEACHER_MODES, is_base=False)),
    student_phases=(
        Phase(64, 3e-3, _STUDENT_BASE_MODES, is_base=True),
        Phase(32, 1e-3, _STUDENT_INSTRUCT_MODES, is_base=False),
    ),
    distillation=Distillation(n_teacher_problems=2, n_own_problems=1, n_epochs=1),
    n_problems=4,
    n_traced_problems=3,
    n_resampled_problems=1,
    n_samples=4,
    max_response_tokens=40,
)
