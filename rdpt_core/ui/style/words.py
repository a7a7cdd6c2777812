"""Words of the interface that are needed in more than one place, and how numbers and foreign texts are written."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.schemes import BEFORE_TRAINING, TRIPLE, WITHOUT_TEACHER, Scheme, letter, scheme_of
from rdpt_core.records import Label, Role
from rdpt_core.store.reader import Run

_PURPOSE = (
    "Which model finds each sentence of a reasoning trace likely? A response of the distilled model is read again by "
    "its teacher, by the student it started from, and by itself; each sentence is then labelled by how they differ. A "
    "label is no proof of origin: the page Controls sets it beside what it would be without the teacher."
)

_PURPOSE_BEFORE = (
    "Which model does each sentence of a reasoning trace suit? There is no distilled model yet: a response is read by "
    "the teacher and by the student that may learn from it. Each sentence is then labelled Teacher or Student, after "
    "the one that finds it clearly likelier, or Common if neither does."
)

_PURPOSE_WITHOUT_TEACHER = (
    "What did distillation do to each sentence of a reasoning trace? There is no teacher here: a response of the "
    "distilled model is read again by the student it started from, and by itself. Each sentence is then labelled "
    "Gained or Lost, if training made it clearly likelier or less likely, or Kept if it did neither."
)

PURPOSES: dict[Scheme, str] = {
    TRIPLE: _PURPOSE,
    BEFORE_TRAINING: _PURPOSE_BEFORE,
    WITHOUT_TEACHER: _PURPOSE_WITHOUT_TEACHER,
}

# Markdown with formulas: for our own phrases, never for a text from the data.
LABELS: dict[str, str] = {
    Label.TEACHER: (
        r"the teacher finds the sentence clearly likelier than the student does: $p_T - p_S > \beta$. Another model in "
        "the teacher's place may do so as well (page Controls)."
    ),
    Label.SHARED: r"all three models find it about as likely: no two probabilities differ by more than $\alpha$.",
    Label.STUDENT: r"the student, before distillation, finds it clearly likelier: $p_T - p_S < -\beta$.",
    Label.BOOSTED: (
        r"none of these: teacher and student agree within $\beta$, yet some gap exceeds $\alpha$. Mostly distillation "
        r"raised it ($p_D$ above both, **up**); where it lowered it ($p_D$ below both, **down**) the shade is darker "
        r"and the legend counts it once more, as a part of Boosted. **Between** means that $p_D$ lies between the "
        r"other two: teacher and student then differ by more than $\alpha$, though not by more than $\beta$."
    ),
    Label.COMMON: r"teacher and student find it about as likely: $|p_T - p_S| \le \beta$.",
    Label.GAINED: (
        r"without a teacher: distillation made the sentence clearly likelier, $p_D - p_S > \beta$. That is not "
        "Teacher: the teacher may find it unlikely."
    ),
    Label.KEPT: r"without a teacher: distillation hardly changed it, $|p_D - p_S| \le \beta$.",
    Label.LOST: r"without a teacher: distillation made it clearly less likely, $p_D - p_S < -\beta$.",
}

GAINED_IS_NOT_TEACHER = (
    "**This run has no teacher, and Gained is not Teacher.** Gained says that training made a sentence likelier, "
    "whoever it came from."
)
"""What every page of such a run says."""

GAINED_IN_EXAMPLE = (
    "In the bundled example, whose teacher is known, 4,969 of 6,044 Gained sentences (82%) are labelled Teacher once "
    "the teacher is asked, and 2,823 of these 6,044 (47%) stood in the teacher's training data and not in the "
    "student's. The other way round, 4,969 of 5,012 Teacher sentences (99.1%) are Gained, and so are 2,823 of 2,829 "
    "(99.8%) that stood in the teacher's data and not in the student's."
)
"""What `python -m data.recipe.experiments.gained` measures; a test holds the two together."""

UNSCORED: dict[str, str] = {
    "no_tokens": "Unscored: no token of some model begins in this sentence.",
    "non_finite": "Unscored: some model gave no finite probability.",
    "context_length": "Unscored: the trace is longer than some model's context, and this part did not fit.",
    "template_refused": "Unscored: the chat template of some model refuses this conversation.",
    "no_question": "Unscored: the trace has no question to render, only a prompt.",
    "no_prompt": "Unscored: the trace has no prompt, and the run takes prompts as they are.",
    "no_other_question": "Unscored: the benchmark has one question only, and another one was to be asked as a control.",
    "empty_prompt": "Unscored: the prompt is empty, so nothing precedes the first token of the response.",
    "untokenizable": "Unscored: some model's tokenizer cannot represent this trace.",
    "server_refused": "Unscored: a server refused to score this trace; scoring again asks once more.",
    "server_failed": "Unscored: a server gave no usable answer for this trace; scoring again asks once more.",
    "not_recorded": "Unscored: the recordings of some model lack this trace, or the logprob of a token here.",
    "not_aligned": "Unscored: some model's recorded tokens do not spell this response, or reach beyond its end.",
    "not_yet": "Not scored yet: the run has not reached this trace.",
}

ROLES: dict[str, str] = {
    Role.TEACHER: "teacher",
    Role.STUDENT: "student (before distillation)",
    Role.DISTILLED: "distilled",
}

NOUNS: dict[str, str] = {Role.TEACHER: "teacher", Role.STUDENT: "student", Role.DISTILLED: "distilled model"}
"""Roles as running text names them."""

UNITS: dict[str, str] = {
    Unit.OWN_TOKEN: "own tokens (paper)",
    Unit.COMMON_TOKEN: "common tokens",
    Unit.BYTE: "bytes",
}

SPACES: dict[str, str] = {Space.DIFFERENCE: "differences of p (paper)", Space.RATIO: "log-ratios, in nats"}


# Streamlit reads `:red[...]`, `:material/name:` and `:smile:` as directives.
_MARKDOWN = {character: f"\\{character}" for character in "\\`*_{}[]()#+-.!|~$:&"} | {"<": "&lt;", ">": "&gt;"}


def label(name: str) -> str:
    """A label, or a direction of Boosted, as figures and legends write it."""
    return name.replace("-down", ", down")


def lettered(letter: str, name: str) -> str:
    """`T Teacher`, for legends; a name that is its own letter stands there once."""
    return name if name == letter else f"{letter} {name}"


def capitalised(text: str) -> str:
    """`Benchmark AIME` from `benchmark AIME`; `str.capitalize` would make it `Benchmark aime`."""
    return text[:1].upper() + text[1:]


def gap_symbol(scheme: Scheme, space: Space) -> str:
    """What β judges, as plotly writes it: `p_T − p_S` with subscripts, or the same of logarithms."""
    log = "ln " if space is Space.RATIO else ""
    return " − ".join(f"{log}p<sub>{letter(role)}</sub>" for role in (scheme.upper, scheme.lower))


def thresholds(roles: Sequence[str], rule: LabelRule) -> str:
    """`α = 0.05, β = 0.1`, or β alone where α decides nothing."""
    alpha = f"α = {rule.alpha:g}, " if scheme_of(roles).is_triple else ""
    return f"{alpha}β = {rule.beta:g}"


def both_models(scheme: Scheme) -> str:
    """The two whose gap β judges: `teacher and student`."""
    return f"{NOUNS[scheme.upper]} and {NOUNS[scheme.lower]}"


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def count(n: int, singular: str, plural: str | None = None) -> str:
    """`1 trace`, `2,000 traces`."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def percent(share: float) -> str:
    """`42%`, with one decimal below 10%; a dash where missing."""
    if math.isnan(share):
        return "–"
    return f"{share:.0%}" if share >= 0.0995 or share == 0 else f"{share:.1%}"


def questions(n: int, n_effective: float) -> str:
    """`100 questions`, or `100 questions (effective 93)` where some weigh more than others."""
    worth = round(n_effective)
    return count(n, "question") + ("" if worth == n else f" (effective {worth:,})")


def p_value(p: float) -> str:
    """`0.012`, and `< 0.001` for anything smaller: a p-value is never 0; a dash where there is none."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def plain(text: str, limit: int = 60) -> str:
    """A foreign text as one short line: no control, direction or invisible characters, cut with an ellipsis.

    For option lists, axis ticks and table cells. The full text is shown elsewhere.
    """
    kept = "".join(" " if unicodedata.category(c) in ("Zl", "Zp", "Cc") else c for c in text[: 20 * limit])
    kept = "".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Mn", "Me"))
    line = " ".join(kept.split()) or "(blank)"
    return line if len(line) <= limit else line[: limit - 1] + "…"


def no_markup(text: str, limit: int = 60) -> str:
    """`plain`, with what plotly would read as markup or as an entity made harmless."""
    return plain(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("$", "&#36;")


def no_markdown(text: str, limit: int = 60) -> str:
    """`plain`, with every character that Markdown, LaTeX or Streamlit's own directives could read escaped."""
    return "".join(_MARKDOWN.get(c, c) for c in plain(text, limit))


def run_names(runs: Sequence[Run]) -> dict[str, str]:
    """A short name for every run id; ids tell equal names apart. One whose writer is known says who that is."""
    return {run.run_id: _run_name(run) for run in runs}


def _run_name(run: Run) -> str:
    known = run.known_writer
    name = run.name if known is None else run.name.removesuffix(f", written by the {known.role}")
    if known is None:
        return f"{plain(name, 32)} · {run.run_id[:8]}"
    return f"{plain(name, 18)}, by the {known.role} · {run.run_id[:8]}"


def defaults_name(unit: Unit, space: Space, scheme: Scheme) -> str:
    """What the default thresholds are called: the paper's, where it has some."""
    is_paper = (unit, space) == (Unit.OWN_TOKEN, Space.DIFFERENCE) and scheme is not WITHOUT_TEACHER
    return "Paper's values" if is_paper else "Default thresholds"
