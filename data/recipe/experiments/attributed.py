"""Attribution against planted truth: `python -m data.recipe.experiments.attributed --db demo.duckdb`.

Both bundled runs know whose training data each of their sentences could come from. The product's thresholds were set
before these data were made; `--half` is for choosing others on one half of the questions, to be read on the other.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import rdpt_core as rdpt
from data.recipe.corpus.origins import ORIGINS, Origin
from data.recipe.measuring.tables import markdown
from data.recipe.traces import read_jsonl
from rdpt_core.analysis.attribution.answers import Answers, answer_all, answer_in_place
from rdpt_core.analysis.attribution.evidence import Evidence, load_evidence
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import NONE_OF_THESE, Sources, own_run, sources_of
from rdpt_core.analysis.attribution.verdict import make_verdict
from rdpt_core.analysis.attribution.weights import Sets, estimate_weights, fit_weights, make_sets, ratio_interval
from rdpt_core.analysis.scope import Scope
from rdpt_core.api.scored_run import ScoredRun
from rdpt_core.arrays import Bools, Doubles
from rdpt_core.bundled import DATA

TRACES = {"bundled demo": "traces.jsonl", "bundled mixture": "mixture_traces.jsonl"}
"""By run, its traces."""
TEACHERS = ("A", "B")
SIBLING = "sibling"

_MAY_COME_FROM: Mapping[Origin, tuple[str, ...]] = {
    "teacher_a": ("A",),
    "teacher_b": ("B",),
    "both_teachers": ("A", "B"),
    "student": ("student",),
    "common": ("A", "B", "student"),
    "amplified": ("A", "B", "student"),
    "slip": ("A",),
    "decoy": (NONE_OF_THESE,),
    "none": (NONE_OF_THESE,),
}


@dataclass(frozen=True, slots=True)
class Attributed:
    """Answers of one question asked of a run: over some teachers, the student and none of these.

    Attributes:
        answers: what can be said of a sentence.
        counts: planted origin → how often each answer.
        verdict: on the run, in words.
    """

    answers: tuple[str, ...]
    counts: Mapping[str, Counter[str]]
    verdict: str

    def share(self, origin: str, *answers: str) -> float:
        """How often sentences of an origin get one of these answers."""
        counts = self.counts[origin]
        return sum(counts[answer] for answer in answers) / counts.total()


class PlantedRun:
    """A bundled run with the planted origin of each of its sentences.

    Args:
        database: what `rdpt demo` made.
        name: of the run.
        half: which half of the questions counts, `A` or `B`; None for all.
    """

    def __init__(self, database: Path, name: str, half: str | None = None) -> None:
        self._run: ScoredRun = rdpt.open(database).run(name)
        self._data = self._run._data()
        self._sources = sources_of(self._data.run)
        planted = {
            (trace["trace_id"], span["char_start"], span["char_end"]): span["origin"]
            for trace in read_jsonl(DATA / TRACES[name])
            for span in trace["meta"]["planted"]
        }
        table = self._run.sentences()
        keys = zip(*(table.column(key).to_pylist() for key in ("trace_id", "char_start", "char_end")), strict=True)
        self.origins = np.array([planted[key] for key in keys])
        everything = self._data.trace_table(Scope())
        self._traces = everything if half is None else self._data.trace_table(Scope(half=half))
        self._places = np.searchsorted(everything.trace_no, self._traces.trace_no)
        # Sentences come in the order of their traces, so the n-th trace has the n-th group of rows.
        trace_id = np.array(table.column("trace_id"))
        self._trace_of = np.cumsum(np.r_[False, trace_id[1:] != trace_id[:-1]])

    @property
    def controls(self) -> tuple[str, ...]:
        """The names of its controls."""
        return tuple(source.name for source in self._sources.controls)

    def ask(self, *teachers: str, rule: AttributionRule | None = None) -> Attributed:
        """Over these teachers, the student and none of these."""
        answers = self._answer(teachers, rule or AttributionRule.make())
        sets = self._sets(answers)
        verdict = make_verdict(sets, estimate_weights(sets), None, n_controls=len(self._sources.controls))
        return self._count(answers, verdict.sentence)

    def put_in_place(self, control: str, rule: AttributionRule | None = None) -> Attributed:
        """With a control in the place of all teachers; whatever is credited to it is an error."""
        rule = rule or AttributionRule.make()
        source = next(source for source in self._sources.controls if source.name == control)
        return self._count(answer_in_place(self._evidence(TEACHERS), source, rule), "")

    def coverage(self, n_worlds: int, n_questions: int, seed: int = 0) -> float:
        """How often the interval of A's share of what the teachers account for holds the planted share.

        Args:
            n_worlds: worlds, each of questions drawn with replacement from those of this run.
            n_questions: questions in each.
            seed: of the draws.
        """
        sets = self._sets(self._answer(TEACHERS, AttributionRule.make()))
        a, both = (np.isin(sets.names, names) for names in (TEACHERS[:1], TEACHERS))
        truth = self._planted_share(sets.names, a, both)
        rng = np.random.default_rng(seed)
        held = 0
        for _ in range(n_worlds):
            drawn = sets.counts[rng.integers(0, len(sets.counts), n_questions)]
            _, low, high = ratio_interval(replace(sets, counts=drawn), a, both)
            held += low <= truth <= high
        return held / n_worlds

    def _planted_share(self, names: tuple[str, ...], first: Bools, of: Bools) -> float:
        """The share that the same arithmetic gives if each sentence names those who could have written it."""
        origins = [origin for origin in ORIGINS if (self.origins[self._rows()] == origin).any()]
        member = np.array([np.isin(names, _MAY_COME_FROM[origin]) for origin in origins])
        counts = np.array([(self.origins[self._rows()] == origin).sum() for origin in origins], np.float64)
        weight: Doubles = fit_weights(member, counts)
        return float(weight[first].sum() / weight[of].sum())

    def _evidence(self, teachers: Sequence[str]) -> Evidence:
        asked = tuple(source for source in self._sources.named if source.name in (*teachers, "student"))
        sources = Sources(asked, self._sources.controls, self._sources.has_distilled)
        with self._data.open_reader() as reader:
            return load_evidence(reader, own_run(reader, self._data.run), sources)

    def _answer(self, teachers: Sequence[str], rule: AttributionRule) -> Answers:
        return answer_all(self._evidence(teachers), rule)

    def _sets(self, answers: Answers) -> Sets:
        members, counts = answers.sets()
        names = (*(source.name for source in answers.sources.named), NONE_OF_THESE)
        return make_sets(names, members, counts[self._places], self._traces.question)

    def _rows(self) -> Bools:
        """(n_sentences,), those of the traces that count."""
        return np.isin(self._trace_of, self._places)

    def _count(self, answers: Answers, verdict: str) -> Attributed:
        rows = self._rows() & (answers.codes > 0)
        counts: dict[str, Counter[str]] = {}
        for origin in ORIGINS:
            codes = answers.codes[rows & (self.origins == origin)]
            if len(codes):
                number = np.bincount(codes, minlength=len(answers.sources.answers) + 1)[1:]
                counts[origin] = Counter(dict(zip(answers.sources.answers, number.tolist(), strict=True)))
        return Attributed(answers.sources.answers, counts, verdict)


def confusion_table(attributed: Attributed) -> str:
    """One row a planted origin: how many sentences, and the share of each answer."""
    rows = [
        [origin, f"{counts.total():,}", *(f"{attributed.share(origin, answer):.3f}" for answer in attributed.answers)]
        for origin, counts in attributed.counts.items()
    ]
    return markdown(["planted origin", "n", *attributed.answers], rows)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> int:
    """Prints the tables."""
    description = __doc__.partition("\n\n")[2]
    parser = argparse.ArgumentParser(prog="python -m data.recipe.experiments.attributed", description=description)
    parser.add_argument("--db", type=Path, required=True, metavar="FILE", help="what `rdpt demo` made")
    parser.add_argument("--half", choices=("A", "B"), help="of the questions (default: both)")
    parser.add_argument("--temper", type=float, help="default: the product's")
    parser.add_argument("--shortfall", type=float, help="default: the product's")
    parser.add_argument("--worlds", type=int, default=0, metavar="N", help="resampled worlds for the mixture's share")
    options = parser.parse_args(arguments)
    rule = AttributionRule.make(temper=options.temper, shortfall=options.shortfall)
    for name in TRACES:
        run = PlantedRun(options.db, name, options.half)
        asked = {"A and B": TEACHERS, "A, B and sibling": (*TEACHERS, SIBLING), "B alone": ("B",), "A alone": ("A",)}
        for title, teachers in asked.items():
            attributed = run.ask(*teachers, rule=rule)
            show(f"\n{name}, {title}: {attributed.verdict}\n\n{confusion_table(attributed)}")
        for control in run.controls:
            show(f"\n{name}, {control} in place\n\n{confusion_table(run.put_in_place(control, rule))}")
    if options.worlds:
        mixture = PlantedRun(options.db, "bundled mixture")
        for n_questions in (60, 150, 540):
            share = mixture.coverage(options.worlds, n_questions)
            show(f"\nA's planted share lies in its interval in {share:.3f} of worlds of {n_questions} questions")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
