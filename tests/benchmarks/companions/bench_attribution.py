"""Attribution against planted origins: the confusion table, with all teachers, without one, and with a control.

    python tests/benchmarks/companions/bench_attribution.py RUN.duckdb --private teacher_a=A --private teacher_b=B

The traces of the run say in `meta.planted` where each piece of text comes from. Every table is made on one half of the
questions alone, so that thresholds can be chosen on the other. Numbers are printed and judged by nobody.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import rdpt_core as rdpt
from rdpt_core.analysis.attribution.answers import Answers, answer_all, answer_in_place, members_words
from rdpt_core.analysis.attribution.evidence import load_evidence
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import Sources, own_run, sources_of
from rdpt_core.analysis.attribution.verdict import make_verdict
from rdpt_core.analysis.attribution.weights import estimate_weights, make_sets
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope


def planted_origins(data: RunData) -> np.ndarray:
    """(n_sentences,), the origin that covers most of each sentence; empty where none does."""
    with data.open_reader() as reader:
        rows = reader.query(
            "SELECT trace_no, char_start, char_end, meta FROM sentences JOIN traces USING (run_no, trace_no) "
            "WHERE run_no = ? AND NOT is_mark ORDER BY trace_no, sentence_index",
            [data.run.run_no],
        ).to_pylist()
    spans: dict[int, list[dict[str, object]]] = {}
    found = []
    for row in rows:
        if row["trace_no"] not in spans:
            spans[row["trace_no"]] = json.loads(row["meta"]).get("planted", [])
        overlap: dict[str, int] = {"": 0}
        for span in spans[row["trace_no"]]:
            n = min(row["char_end"], span["char_end"]) - max(row["char_start"], span["char_start"])
            if n > 0:
                overlap[span["origin"]] = overlap.get(span["origin"], 0) + n
        found.append(max(overlap, key=overlap.__getitem__))
    return np.array(found)


def show(title: str, answers: Answers, origins: np.ndarray, rows: np.ndarray) -> None:
    """Planted × attributed, shares of each row."""
    print(f"\n{title}\n{'planted':14s} {'n':>7s}  " + "  ".join(f"{name:>9s}" for name in answers.sources.answers))
    for origin in sorted(set(origins[rows].tolist())):
        chosen = rows & (origins == origin) & (answers.codes > 0)
        n = np.bincount(answers.codes[chosen], minlength=len(answers.sources.answers) + 1)[1:]
        print(f"{origin:14s} {n.sum():7,d}  " + "  ".join(f"{part:9.3f}" for part in n / max(1, n.sum())))
        sets, counts = np.unique(answers.members[chosen], return_counts=True)
        most = counts.argsort()[::-1][:3]
        said = (f"{members_words(int(sets[i]), answers.sources)} {counts[i] / counts.sum():.2f}" for i in most)
        print(f"{'':23s} {'; '.join(said)}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--private", action="append", default=[], metavar="ORIGIN=TEACHER", help="whose origin it is")
    parser.add_argument("--sibling", default="sibling", help="a teacher to leave out of all tables but its own")
    parser.add_argument("--half", default="B", choices=("A", "B"))
    parser.add_argument("--temper", type=float)
    parser.add_argument("--shortfall", type=float)
    given = parser.parse_args(arguments)
    data = rdpt.open(given.run).run()._data()
    rule = AttributionRule.make(temper=given.temper, shortfall=given.shortfall)
    origins = planted_origins(data)
    everything = sources_of(data.run)
    unrelated = tuple(source for source in everything.named if source.name != given.sibling)
    asked = {"all teachers": unrelated}
    if len(unrelated) < len(everything.named):
        asked[f"with {given.sibling}"] = everything.named
    owners = dict(pair.split("=", 1) for pair in given.private)
    for owner in owners.values():
        asked[f"{owner} withheld"] = tuple(source for source in unrelated if source.name != owner)
    traces, half = data.trace_table(Scope()), data.trace_table(Scope(half=given.half))
    for title, named in asked.items():
        if len(named) < 2:
            continue
        sources = Sources(named, everything.controls, everything.has_distilled)
        with data.open_reader() as reader:
            evidence = load_evidence(reader, own_run(reader, data.run), sources)
        answers = answer_all(evidence, rule)
        places = np.searchsorted(answers.trace_no, half.trace_no)
        rows = np.isin(np.repeat(np.arange(len(traces.trace_no)), np.diff(answers.start)), places)
        show(title, answers, origins, rows)
        members, counts = answers.sets()
        names = (*(source.name for source in named), "none")
        sets = make_sets(names, members, counts[places], half.question)
        weights = estimate_weights(sets)
        print("verdict: " + make_verdict(sets, weights, None, n_controls=len(sources.controls)).sentence)
        for name, weight, low, high in zip(names, weights.weight, weights.low, weights.high, strict=True):
            print(f"  weight of {name}: {weight:.3f} [{low:.3f}, {high:.3f}]")
        private = {owner: int((rows & (origins == origin)).sum()) for origin, owner in owners.items()}
        print("  planted: " + ", ".join(f"{n:,} sentences of {owner} alone" for owner, n in private.items()))
        if title == "all teachers":
            for control in sources.controls:
                show(f"{control.name} in place", answer_in_place(evidence, control, rule), origins, rows)


if __name__ == "__main__":
    main()
