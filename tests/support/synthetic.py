"""A small database with known probabilities, written through the store's own writer: no model, no randomness.

Every sentence states which label it should get at the default thresholds; its three probabilities follow from that.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from rdpt_core.arrays import Doubles
from rdpt_core.records import (
    ROLES,
    LocalScores,
    Message,
    Role,
    RunKey,
    ScoredModel,
    TokenLogprobs,
    Trace,
    UnscoredReason,
)
from rdpt_core.store import writer
from rdpt_core.traces.markers import is_mark
from tests.support import copies

# (p_teacher, p_student, p_distilled)
PROBABILITIES: dict[str, tuple[float, float, float]] = {
    "Teacher": (0.82, 0.21, 0.78),
    "Student": (0.18, 0.74, 0.69),
    "Shared": (0.91, 0.9, 0.93),
    "Boosted": (0.31, 0.28, 0.77),
    "Boosted-down": (0.62, 0.6, 0.2),
    "Boosted-between": (0.45, 0.53, 0.49),
    "Uncertain": (0.605, 0.5, 0.61),
    "unscored": (math.nan, math.nan, math.nan),
}

# The hostile texts fetch from this address, which no test may ever see requested.
ELSEWHERE = "http://192.0.2.1:9"

HOSTILE = (
    (f"<script>document.title='owned';fetch('{ELSEWHERE}/script')</script> ", "Teacher"),
    (f"<style>*{{display:none!important}}body{{background:url({ELSEWHERE}/style)}}</style> ", "Student"),
    (f'<meta http-equiv="refresh" content="0;url={ELSEWHERE}/meta"> ', "Shared"),
    (f'<svg onload="document.title=\'owned\'"><image href="{ELSEWHERE}/svg"/></svg> ', "Boosted"),
    (f'<img src="{ELSEWHERE}/img" onerror="document.title=\'owned\'"> ', "Teacher"),
    (f"[click](javascript:document.title='owned') ![x]({ELSEWHERE}/markdown) $5 and $6 ", "Student"),
    (rf"\href{{javascript:alert(1)}}{{x}} \includegraphics{{{ELSEWHERE}/latex}} $\def\x{{\x\x}}\x$ ", "Shared"),
    ("\u202eright to left override without an end ", "Boosted-down"),
    ("after the override \u2066 isolate without an end ", "Teacher"),
    ("zero" + "\u200b\u200d\ufeff\u2060" * 2000 + "width ", "Student"),
    ("Z\u0351\u0352\u0357" * 40 + " stacked marks ", "Shared"),
    ("</div></span></template></textarea>{{7*7}}${7*7}%s ", "Boosted"),
    ("x" * 5000 + " ", "Teacher"),
)


# An identity of a run whose roles saw marks of their own.
HARMONY = {"family": "harmony", "open": "<|channel|>analysis<|message|>", "close": "<|end|>", "end": ""}
OWN_MARKS = {"own_marks": {Role.TEACHER: HARMONY, Role.STUDENT: None, Role.DISTILLED: None}}

# Every attack that we know, each a sentence of its own. Whatever runs sets `window.owned` or opens a dialog.
ATTACKS = (
    *HOSTILE,
    ("<script>window.owned=1;alert(1)</script></script><!--<script> ]]> ", "Teacher"),
    (f"<iframe src='{ELSEWHERE}/frame' srcdoc='<script>parent.owned=1</script>'></iframe> ", "Student"),
    (
        f"<object data='{ELSEWHERE}/object'></object><embed src='{ELSEWHERE}/embed'><base href='{ELSEWHERE}/'> ",
        "Shared",
    ),
    (f"<link rel=stylesheet href={ELSEWHERE}/css><style>@import '{ELSEWHERE}/import';</style> ", "Boosted"),
    (
        f"<form action={ELSEWHERE}/form><input autofocus onfocus=alert(1)></form><details open ontoggle=alert(1)> ",
        "Teacher",
    ),
    (
        "<svg><script>alert(1)</script><animate onbegin=alert(1)></svg><math href='javascript:alert(1)'> ",
        "Student",
    ),
    (f'"; background: url({ELSEWHERE}/css-value); position: fixed; inset: 0; content: "\\3c" /* ', "Shared"),
    ("} .reader, [data-testid=stApp] { display: none !important } * { animation: x 1s } */ ", "Boosted"),
    (f"javascript:alert(1) data:text/html,<script>alert(1)</script> {ELSEWHERE}/autolink [a]: {ELSEWHERE} ", "Teacher"),
    (
        rf"$\href{{javascript:alert(1)}}{{x}}$ $\htmlClass{{stApp}}{{y}}$ \[\unicode{{x3c}}\url{{{ELSEWHERE}/url}}\] ",
        "Student",
    ),
    (r"$\def\a{\a\a}\a$ $\newcommand{\b}[1]{\b{#1}\b{#1}}\b{1}$ $\require{html}\style{color:red}{z}$ ", "Shared"),
    ("$" + "{" * 3000 + "x" + "}" * 3000 + "$ ", "Boosted"),
    (
        "\u2028\u2029 line and paragraph separators &lt;b&gt; &#x3c;script&#x3e; %3Cscript%3E \\u003cscript\\u003e ",
        "Teacher",
    ),
    (":red[coloured] :material/home: :smile: $$\\sum$$ ~~gone~~ # heading `code` | table | {{ template }} ", "Student"),
    ("\u202e\u2067\u2066 overrides and isolates without an end \u061c\u200f ", "Boosted-down"),
    ("a million" + "\u200b" * 1_000_000 + "zero-width characters ", "Shared"),
)


@dataclass(frozen=True)
class Sketch:
    """A trace to be: its sentences with the labels that they should get.

    Attributes:
        question: its text; one of its own for each question if empty, since equal texts are one question.
    """

    trace_id: str
    question_id: str
    sentences: Sequence[tuple[str, str]]
    benchmark: str = "shop"
    domain: str | None = "arithmetic"
    question: str = ""
    gold: str | None = "12"
    correct: bool | None = True
    sample: int = 0
    meta: dict[str, object] = field(default_factory=dict)
    model: str | None = "data/distilled"
    difficulty: str | None = None
    teacher_id: str | None = None


def model(role: Role, *, tokenizer: str = "tok-a", template: str = "own") -> ScoredModel:
    """A model record with nothing behind it."""
    return ScoredModel(
        role=role,
        model=f"data/{role}",
        revision="sha256:" + str(role)[0] * 12,
        backend="transformers",
        dtype="float32",
        template=template,
        vocabulary_size=692,
        n_parameters=900_000,
        context_length=512,
        tokenizer_hash=tokenizer,
    )


def sketches(n_questions: int = 12) -> list[Sketch]:
    """Three benchmarks, one or two traces a question, all labels, plain text with mathematics and code."""
    lines = (
        ("Okay, let me think about this step by step.\n\n", "Teacher"),
        ("We start with 7. ", "Shared"),
        ("Now we add 5. ", "Shared"),
        ("7 + 5 = 12. ", "Student"),
        (r"In LaTeX that is \[ 7 + 5 = 12 \]" + "\n", "Boosted"),
        ("```python\nprint(7 + 5)  # <b>12</b>\n```\n", "Student"),
        ("Wait, 12 - 5 = 7, so that is right. ", "Teacher"),
        ("Note that the order matters here. ", "Boosted-down"),
        ("这一步没有问题。", "Uncertain"),
        ("Everything looks consistent. ", "Boosted-between"),
        ("The answer is 12.", "Shared"),
    )
    found = []
    for b, (benchmark, domain) in enumerate((("shop", "arithmetic"), ("clock", "arithmetic"), ("week", None))):
        for q in range(n_questions if benchmark != "week" else 3):
            for sample in range(1 + (q % 3 == 0)):
                # Rotating and cutting gives every trace its own mixture without any randomness.
                shift, length = (q + sample + b) % len(lines), 4 + (3 * q + b + sample) % 8
                chosen = [lines[(shift + i) % len(lines)] for i in range(length)]
                found.append(
                    Sketch(
                        f"{benchmark}-{q:03d}-s{sample}",
                        f"{benchmark}-{q:03d}",
                        chosen,
                        benchmark=benchmark,
                        domain=domain,
                        correct=None if benchmark == "week" else (q + sample) % 4 != 0,
                        sample=sample,
                        meta={"mode": "full", "origin": ["teacher", "both"]},
                    )
                )
    return found


def hostile_sketch() -> Sketch:
    """A trace, question and ids made of attacks."""
    return Sketch(
        "hostile-<img src=x>",
        "<b>bold</b> \u202e id",
        HOSTILE,
        benchmark="attack <i>",
        domain="<script>",
        question=f"<img src={ELSEWHERE}/question> **bold** $x$ \u202e what?",
        gold=f"<a href={ELSEWHERE}/gold>gold</a>",
        correct=False,
        meta={"<script>": f"<img src={ELSEWHERE}/meta>"},
    )


def attack_sketches() -> list[Sketch]:
    """Two traces of one question, correct and incorrect, made of attacks in every field."""
    first = replace(
        hostile_sketch(),
        trace_id=f"</script><img src={ELSEWHERE}/id onerror=alert(1)>-s0",
        sentences=ATTACKS,
        correct=True,
        meta={"</script><script>alert(1)</script>": f"<img src={ELSEWHERE}/meta onerror=alert(1)>"},
    )
    # The second has the same sentences in another order, so that both sides have partners and strangers.
    last = [*ATTACKS[5:-1], *ATTACKS[:5]]
    return [first, replace(first, trace_id=first.trace_id[:-1] + "1", sentences=last, correct=False, sample=1)]


def long_sketch(n_sentences: int, trace_id: str = "long-000-s0") -> Sketch:
    """A long trace; every tenth sentence ends its line."""
    kinds = ("Teacher", "Shared", "Student", "Boosted", "Teacher")
    sentences = [
        (f"This is step {i} of a long derivation, x_{i} = {i * 7 % 31}." + ("\n" if i % 10 == 9 else " "), kinds[i % 5])
        for i in range(n_sentences)
    ]
    return Sketch(trace_id, trace_id.rsplit("-", 1)[0], sentences, benchmark="long", domain=None)


def unscored_sketch() -> Sketch:
    """A trace whose end did not fit into a context."""
    scored = [("This much was scored. ", "Teacher"), ("And this. ", "Shared")]
    return Sketch("cut-000-s0", "cut-000", [*scored, ("This did not fit. ", "unscored")], benchmark="shop")


def build(
    path: Path,
    traces: Sequence[Sketch],
    *,
    run_id: str = "0123456789abcdef",
    name: str = "synthetic",
    roles: Sequence[Role] = ROLES,
    models: Sequence[ScoredModel] | None = None,
    n_scored: int | None = None,
    finish: bool = True,
    identity: Mapping[str, object] | None = None,
) -> RunKey:
    """Write a run and return what names it.

    Args:
        n_scored: how many traces get tokens and sentences; all by default.
        finish: whether the run counts as complete. One that does not is dated now.
        identity: what it says beside the name of the run.
    """
    claim = writer.RunClaim(
        run_id=run_id,
        name=name,
        identity={"splitter": "synthetic", "run": run_id, **(identity or {})},
        environment={"device": "cpu", "device_name": "none", "packages": {}, "python": sys.version.split()[0]},
        models=tuple(models or (model(role) for role in roles)),
        template_policy="own",
        splitter="synthetic",
        splitter_version="1",
        traces_hash="f" * 16,
        n_traces=len(traces),
    )

    def write(path: Path) -> RunKey:
        run = writer.claim_run(path, claim, _records(traces))
        score(path, run, traces[:n_scored], roles)
        if finish:
            writer.finish_run(path, run)
        return run

    return copies.built(path, (claim, list(traces), n_scored, list(roles)), write) if finish else write(path)


def score(path: Path, run: RunKey, traces: Sequence[Sketch], roles: Sequence[Role] = ROLES, first: int = 0) -> None:
    """Commit tokens and sentences of traces; the first has the number `first`."""
    if not traces:
        return
    for role in roles:
        results = [_tokens(first + i, sketch, role) for i, sketch in enumerate(traces)]
        last = role is roles[-1]
        columns = [_sentences(first + i, sketch, roles) for i, sketch in enumerate(traces)] if last else []
        writer.commit_batch(path, run, role, results, columns)


def question_of(sketch: Sketch) -> str:
    """The text of a sketch's question."""
    return (
        sketch.question
        or f"Ann has 7 apples and buys 5. How many has she now? ({sketch.benchmark}, {sketch.question_id})"
    )


def _records(traces: Sequence[Sketch]) -> Iterator[tuple[Trace, int]]:
    for sketch in traces:
        yield (
            Trace(
                trace_id=sketch.trace_id,
                question_id=sketch.question_id,
                response="".join(text for text, _ in sketch.sentences),
                messages=(Message("user", question_of(sketch)),),
                benchmark=sketch.benchmark,
                domain=sketch.domain,
                model=sketch.model,
                difficulty=sketch.difficulty,
                gold=sketch.gold,
                correct=sketch.correct,
                sample=sketch.sample,
                teacher_id=sketch.teacher_id,
                meta=sketch.meta,
            ),
            len(sketch.sentences),
        )


def n_tokens_of(text: str) -> int:
    """How many tokens a sentence has, under every model."""
    return max(1, len(text.split()))


def _tokens(trace_no: int, sketch: Sketch, role: Role) -> writer.RoleResult:
    return tokens_of(trace_no, sketch, lambda kind: PROBABILITIES[kind][ROLES.index(role)])


def tokens_of(trace_no: int, sketch: Sketch, p_of: Callable[[str], float]) -> writer.RoleResult:
    """A trace's tokens under a model.

    Args:
        p_of: kind of sentence → what the model makes of it.
    """
    starts, ends, logprobs, position = [], [], [], 0
    for text, kind in sketch.sentences:
        edges = np.linspace(position, position + len(text), n_tokens_of(text) + 1).astype(int)
        starts += list(edges[:-1])
        ends += list(edges[1:])
        p = p_of(kind)
        logprobs += [math.log(p) if p == p else math.nan] * n_tokens_of(text)
        position += len(text)
    tokens = TokenLogprobs(
        token_id=np.arange(len(starts), dtype=np.int32),
        char_start=np.array(starts, dtype=np.int32),
        char_end=np.array(ends, dtype=np.int32),
        logprob=np.array(logprobs, dtype=np.float32),
    )
    missing = any(kind == "unscored" for _, kind in sketch.sentences)
    return writer.RoleResult(trace_no, tokens, 0, UnscoredReason.CONTEXT_LENGTH if missing else None)


def _sentences(trace_no: int, sketch: Sketch, roles: Sequence[Role]) -> writer.SentenceColumns:
    texts = [text for text, _ in sketch.sentences]
    edges = np.cumsum([0, *(len(text) for text in texts)]).astype(np.int32)
    n_tokens = np.array([n_tokens_of(text) for text in texts], dtype=np.int32)
    p = {role: np.array([PROBABILITIES[kind][ROLES.index(role)] for _, kind in sketch.sentences]) for role in roles}
    return writer.SentenceColumns(
        trace_no=trace_no,
        char_start=edges[:-1],
        char_end=edges[1:],
        n_bytes=np.array([len(text.encode()) for text in texts], dtype=np.int32),
        is_mark=np.array([is_mark(text, 0, len(text)) for text in texts]),
        n_tokens=dict.fromkeys(roles, n_tokens),
        logprob_sum={role: np.log(values) * n_tokens for role, values in p.items()},
        first_logprob={role: np.log(values).astype(np.float32) for role, values in p.items()},
        p=p,
        unscored_reason=[
            str(UnscoredReason.CONTEXT_LENGTH) if kind == "unscored" else None for _, kind in sketch.sentences
        ],
    )


if __name__ == "__main__":
    # For a look with one's own eyes: python -m tests.support.synthetic FILE
    target = Path(sys.argv[1])
    target.unlink(missing_ok=True)
    build(target, [*sketches(), unscored_sketch(), long_sketch(2000), hostile_sketch()])


def short_p(trace_no: int, sketch: Sketch, role: Role) -> Doubles:
    """(n_sentences,), what a model makes of each sentence with little in view; NaN where it has no number."""
    rng = np.random.default_rng([trace_no, ROLES.index(role)])
    p = rng.uniform(0.02, 0.98, len(sketch.sentences))
    p[rng.random(len(p)) < 0.05] = np.nan
    return p


def add_short_scores(
    path: Path,
    run: RunKey,
    traces: Sequence[Sketch],
    roles: Sequence[Role],
    *,
    n_context: int = 1,
    with_prompt: bool = True,
) -> None:
    """Commit local scores of these roles, by default with the prompt in view."""
    for role in roles:
        scores = []
        for trace_no, sketch in enumerate(traces):
            n_tokens = np.array([n_tokens_of(text) for text, _ in sketch.sentences])
            scores.append(LocalScores(trace_no, n_tokens * np.log(short_p(trace_no, sketch, role)), None))
        writer.commit_local(path, run, role, n_context, scores, with_prompt=with_prompt)
