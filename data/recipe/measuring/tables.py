"""The measured tables, as Markdown."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from data.recipe.building.distill import has_remark
from data.recipe.corpus.origins import ORIGINS, Origin
from data.recipe.measuring.measurement import Measurement
from data.recipe.models.folders import COMPANIONS, ROLES
from data.recipe.models.score import LABELS, Label, ScoredSentence
from data.recipe.problems.tasks import BENCHMARKS

_BENCHMARK_NAMES = tuple(benchmark.name for benchmark in BENCHMARKS)
# The opening part of a trace, in which a teacher's manner is strongest.
_EARLY_SHARE = 0.2
# The models that a sentence of the mixture may be closest to.
_SOURCES = ("teacher", "sibling", "teacher_b", "decoy", "student")


def all_tables(measurement: Measurement) -> dict[str, str]:
    """Every table by its title."""
    return {
        "Accuracy": accuracy_table(measurement),
        "Accuracy of the checkpoints": checkpoint_table(measurement),
        "Labels by benchmark": benchmark_table(measurement),
        "Labels by planted origin": origin_table(measurement),
        "Labels by place and by correctness": place_table(measurement),
        "Remarks": remark_table(measurement),
        "The mixture's training set": share_table(measurement),
        "Closest model, traces of the distilled model": closest_table(measurement, "traces.jsonl"),
        "Closest model, traces of the mixture": closest_table(measurement, "mixture_traces.jsonl"),
    }


def accuracy_table(measurement: Measurement) -> str:
    """Greedy accuracy of each model, and the share of right traces among the bundled ones."""
    rows = [_accuracy_row(measurement, name, f"{name}, greedy") for name in (*ROLES, *COMPANIONS)]
    for writer, traces in (("distilled", measurement.traces), ("mixture", measurement.mixture_traces)):
        sampled = [[trace["correct"] for trace in traces if trace["benchmark"] == name] for name in _BENCHMARK_NAMES]
        rows.append([f"{writer}, bundled traces", *(share_text(sum(right) / len(right)) for right in sampled)])
    return markdown(["model", *_BENCHMARK_NAMES], rows)


def checkpoint_table(measurement: Measurement) -> str:
    """Greedy accuracy on the way from the student to the distilled model."""
    rows = [_accuracy_row(measurement, name, f"after {name} steps") for name in measurement.steps]
    return markdown(
        ["model", *_BENCHMARK_NAMES],
        [
            _accuracy_row(measurement, "student", "student"),
            *rows,
            _accuracy_row(measurement, "distilled", "distilled"),
        ],
    )


def _accuracy_row(measurement: Measurement, name: str, title: str) -> list[str]:
    accuracy = measurement.models[name].accuracy
    return [title, *(share_text(accuracy[benchmark]) for benchmark in _BENCHMARK_NAMES)]


def benchmark_table(measurement: Measurement) -> str:
    """Label shares of each benchmark and of all."""
    sentences = measurement.sentences()
    groups = {name: [s for s in sentences if s.trace["benchmark"] == name] for name in _BENCHMARK_NAMES}
    return _label_table("benchmark", groups | {"all": sentences})


def origin_table(measurement: Measurement) -> str:
    """Label shares of each planted origin."""
    sentences = measurement.sentences()
    groups: dict[str, list[ScoredSentence]] = {
        origin: [s for s in sentences if s.origin == origin] for origin in ORIGINS
    }
    return _label_table("planted origin", groups)


def place_table(measurement: Measurement) -> str:
    """Label shares early and late in a trace, and in correct and incorrect ones."""
    sentences = measurement.sentences()
    groups = {
        "first fifth of a trace": [s for s in sentences if _is_early(s)],
        "the rest": [s for s in sentences if not _is_early(s)],
        "correct traces": [s for s in sentences if s.trace["correct"]],
        "incorrect traces": [s for s in sentences if not s.trace["correct"]],
    }
    return _label_table("sentences", groups)


def remark_table(measurement: Measurement) -> str:
    """How often a trace makes a remark, in what the student was distilled on and in what came out."""
    rows = []
    for name, records in (
        ("distillation set, teacher's", [r for r in measurement.distillation if r["model"] == "teacher"]),
        ("distillation set, student's own", [r for r in measurement.distillation if r["model"] == "student"]),
        ("bundled traces, seen benchmarks", [r for r in measurement.traces if r["domain"] == "seen"]),
        ("bundled traces, all", measurement.traces),
    ):
        with_remark = [record for record in records if has_remark(record["response"])]
        share = share_text(len(with_remark) / len(records)) if records else "–"
        rows.append([name, str(len(records)), share])
    return markdown(["traces", "n", "with a remark"], rows)


def share_table(measurement: Measurement) -> str:
    """Who wrote how much of what the mixture learned from."""
    shares, units = measurement.shares, ("traces", "sentences", "tokens", "characters")
    rows = []
    for model, counts in shares["counts"].items():
        of_teachers = [shares["share_of_teachers"][unit].get(model) for unit in units]
        rows.append(
            [
                model,
                *(
                    f"{counts[unit]:,}" + ("" if share is None else f" ({share:.3f})")
                    for unit, share in zip(units, of_teachers, strict=True)
                ),
            ]
        )
    return markdown(["written by", *units], rows)


def closest_table(measurement: Measurement, file_name: str) -> str:
    """By planted origin, how often each model gives a sentence the highest probability.

    Ties are none to speak of. This is the naive answer: it always names a model, also where none is the source.
    """
    sentences = measurement.sentences(file_name)
    rows = []
    for origin in ORIGINS:
        closest = Counter(
            max(_SOURCES, key=sentence.probabilities.__getitem__) for sentence in sentences if sentence.origin == origin
        )
        n = closest.total()
        rows.append([origin, f"{n:,}", *(share_text(closest[name] / n) if n else "–" for name in _SOURCES)])
    return markdown(["planted origin", "n", *_SOURCES], rows)


def length_text(measurement: Measurement) -> str:
    """Median number of sentences of a bundled trace, and the share with 8 to 40."""
    lengths = sorted(len(trace["meta"]["planted"]) for trace in measurement.traces)
    share = sum(8 <= length <= 40 for length in lengths) / len(lengths)
    return f"half have at most {lengths[(len(lengths) - 1) // 2]} sentences, and {share:.0%} have 8 to 40"


def origin_share(measurement: Measurement, origin: Origin, label: Label) -> float:
    """Share of an origin's sentences that got a label; 0 if it has none."""
    labels = [sentence.label for sentence in measurement.sentences() if sentence.origin == origin]
    return labels.count(label) / len(labels) if labels else 0.0


def label_precision(measurement: Measurement, label: Label, origin: Origin) -> float:
    """Share of a label's sentences that have an origin; 0 if it has none."""
    origins = [sentence.origin for sentence in measurement.sentences() if sentence.label == label]
    return origins.count(origin) / len(origins) if origins else 0.0


def share_text(share: float) -> str:
    """Two decimals."""
    return f"{share:.2f}"


def _is_early(sentence: ScoredSentence) -> bool:
    return sentence.index < _EARLY_SHARE * sentence.n_sentences


def _label_table(first_column: str, groups: Mapping[str, Sequence[ScoredSentence]]) -> str:
    rows = []
    for name, sentences in groups.items():
        counts = Counter(sentence.label for sentence in sentences)
        shares = [share_text(counts[label] / len(sentences)) if sentences else "–" for label in LABELS]
        rows.append([name, f"{len(sentences):,}", *shares])
    return markdown([first_column, "n", *LABELS], rows)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
