"""Are p-values right where no sentence is the teacher's? `python -m data.recipe.experiments.null_calibration`.

Two kinds of data sets in which that is known:

*Models.* The student's own responses among those that made the mixture (`mixture.jsonl`), under the bundled decoys. For
each question one decoy, drawn at random, plays the teacher and the others are the references, so that none is special.
Questions are the unit: uniformity is tested on one sentence of each.

*Simulations.* Sums of exchangeable models whose tails are normal, heavy or skew, with sentences of one question alike,
and with a part of the sentences made likelier under the tested model, or none.

Beside the product's p-values stand the two that it does not take: ranks alone, and Student's t alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import stats

import rdpt_core as rdpt
from data.recipe.experiments.exchangeable import TAILS, Sums, simulate
from data.recipe.measuring.tables import markdown
from data.recipe.traces import read_jsonl
from rdpt_core.analysis.evidence.p_values.calibration import calibrate, of_places
from rdpt_core.analysis.evidence.p_values.sums import Halves
from rdpt_core.analysis.statistics.false_discoveries import q_values
from rdpt_core.analysis.statistics.moderated import t_statistics
from rdpt_core.arrays import Doubles, Ints
from rdpt_core.bundled import DATA
from rdpt_core.store.companions import column
from rdpt_core.store.reader import open_reader

RATE = 0.05
METHODS = ("calibrated", "t alone", "rank alone")
SIZES = (4, 8, 19)


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What each of `METHODS` says of one data set: p-values and q-values, (n,) each."""

    p: Mapping[str, Doubles]
    q: Mapping[str, Doubles]


def decoys() -> dict[str, Path]:
    """The bundled models that taught nobody, by name."""
    return {path.name: path for path in sorted((DATA / "companions").glob("decoy*"))}


def score_decoys(database: Path) -> Sums:
    """The student's own responses under all decoys; what is scored already stays as it is."""
    first, *others = decoys().items()
    own = [trace for trace in read_jsonl(DATA / "mixture.jsonl") if trace["model"] == "student"]
    with tempfile.TemporaryDirectory() as folder:
        traces = Path(folder) / "student.jsonl"
        traces.write_text("".join(json.dumps(trace) + "\n" for trace in own), encoding="utf-8")
        rdpt.score(
            traces,
            database,
            teacher=first[1],
            student=DATA / "student",
            control=dict(others),
            roles="teacher,student",
            name="null",
            quiet=True,
        )
    names = ["logprob_sum_teacher", *(column("logprob_sum", f"control:{name}") for name, _ in others)]
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    with open_reader(database) as reader:
        table = reader.query(
            f"SELECT trace_no, n_tokens_student AS n, {', '.join(names)} FROM sentences "
            f"WHERE run_no = 1 AND NOT is_mark AND {known} ORDER BY trace_no, sentence_index"
        )
    trace_no, n_tokens, *sums = (values.to_numpy() for values in table.columns)
    _, question = np.unique(trace_no, return_inverse=True)
    nothing = np.zeros(len(question), bool)
    return Sums(np.array(sums, np.float64), n_tokens.astype(np.int64), question.astype(np.int64), nothing)


def shuffled(known: Sums, rng: np.random.Generator) -> Sums:
    """The same with the models of each question in another order: the first is then as good as any other."""
    order = np.argsort(rng.random((known.question.max() + 1, len(known.sums))), axis=1)[known.question].T
    return replace(known, sums=np.take_along_axis(known.sums, order, axis=0))


def hold_against(known: Sums) -> Tested:
    """The first model against all others."""
    tested, others = known.sums[0], known.sums[1:]
    m, mean = len(others), others.mean(axis=0)

    def near(values: Doubles) -> Halves:
        halves: Halves = (values - mean).astype(np.float16)
        return halves

    found = calibrate(near(tested), tuple(map(near, others)), known.n_tokens.astype(np.uint16))
    squares = ((others - mean) ** 2).sum(axis=0).astype(np.float32)
    expected = found.prior.variances(known.n_tokens).astype(np.float32)
    t = t_statistics((tested - mean).astype(np.float32), squares, m, found.prior, expected)
    p = {
        "calibrated": found.p_values(),
        "t alone": stats.t.sf(t, found.prior.degrees + m - 1),
        "rank alone": (1 + (others >= tested).sum(axis=0)) / (m + 1),
    }
    q = {name: q_values(values) for name, values in p.items()}
    q["calibrated"] = of_places(q_values(found.p_of_place, found.counts()), found.place)
    return Tested(p, q)


def one_a_question(question: Ints, rng: np.random.Generator) -> Ints:
    """(n_questions,), a random sentence of each question."""
    order = rng.permutation(len(question))
    _, first = np.unique(question[order], return_index=True)
    return order[first]


@dataclass(frozen=True, slots=True)
class Summary:
    """What one method does over many data sets.

    Attributes:
        uniform: chances by Kolmogorov and Smirnov's test that p-values are uniform, for each data set that was tested.
        below: how often a p-value of a sentence that is none of the teacher's is 0.05 or less.
        false: the part of the discoveries at 5% that is false, on average.
        found: the part of what is planted that is found; NaN where nothing is.
    """

    uniform: tuple[float, ...]
    below: float
    false: float
    found: float


def summarise(data_sets: Iterator[Sums], n_uniform: int, seed: int) -> dict[str, Summary]:
    """What each method does.

    Args:
        data_sets: what is drawn.
        n_uniform: on how many of them p-values are tested for uniformity.
        seed: of which sentence stands for its question.
    """
    rng = np.random.default_rng(seed)
    uniform: dict[str, list[float]] = {name: [] for name in METHODS}
    rates: dict[str, list[tuple[float, float, float]]] = {name: [] for name in METHODS}
    for place, known in enumerate(data_sets):
        is_planted = known.is_planted
        tested = hold_against(known)
        alone = one_a_question(known.question, rng)
        for name in METHODS:
            p, is_found = tested.p[name], tested.q[name] <= RATE
            if place < n_uniform:
                # Ranks are spread evenly over their steps: otherwise no rank would ever pass.
                even = rng.random(len(alone)) / len(known.sums) if name == "rank alone" else 0.0
                uniform[name].append(float(stats.kstest(p[alone] - even, "uniform").pvalue))
            false = (is_found & ~is_planted).sum() / max(1, is_found.sum())
            found = (is_found & is_planted).sum() / is_planted.sum() if is_planted.any() else np.nan
            rates[name].append((float((p[~is_planted] <= 0.05 + 1e-12).mean()), float(false), float(found)))
    means = {name: np.mean(rows, axis=0) for name, rows in rates.items()}
    return {name: Summary(tuple(uniform[name]), *map(float, means[name])) for name in METHODS}


def plant(known: Sums, planted: float, rng: np.random.Generator) -> Sums:
    """The same with a part of the sentences likelier under the first model, by eight times what models usually differ
    at such a length."""
    usual = np.median(known.sums.std(axis=0, ddof=1) / np.sqrt(known.n_tokens))
    is_planted = rng.random(len(known.question)) < planted
    sums = known.sums.copy()
    sums[0, is_planted] += 8 * usual * np.sqrt(known.n_tokens[is_planted])
    return replace(known, sums=sums, is_planted=is_planted)


def of_models(known: Sums, planted: float, n_seeds: int, n_shuffles: int, seed: int = 0) -> dict[str, Summary]:
    """Over shuffles of which decoy plays the teacher."""
    rngs = (np.random.default_rng([seed, i]) for i in range(n_shuffles))
    return summarise((plant(shuffled(known, rng), planted, rng) for rng in rngs), n_seeds if planted == 0 else 0, seed)


def of_simulations(n_references: int, tail: str, planted: float, n_seeds: int, n: int) -> dict[str, Summary]:
    """Over simulated data sets."""
    sets = (simulate(n_references, tail, seed, planted=planted) for seed in range(n))
    return summarise(sets, n_seeds if planted == 0 else 0, 0)


def in_place(known: Sums) -> tuple[float, ...]:
    """What is found with each decoy in the teacher's place for all questions, as the part of all sentences."""
    shares = []
    for i in range(len(known.sums)):
        order = [i, *(j for j in range(len(known.sums)) if j != i)]
        tested = hold_against(replace(known, sums=known.sums[order]))
        shares.append(float((tested.q["calibrated"] <= RATE).mean()))
    return tuple(shares)


def table(summaries: Mapping[str, Mapping[str, Summary]]) -> str:
    """One row a kind of data set and method."""
    rows = [
        [
            title,
            name,
            f"{min(one.uniform):.3f}" if one.uniform else "–",
            f"{sum(p < 0.05 for p in one.uniform)} of {len(one.uniform)}" if one.uniform else "–",
            f"{one.below:.3f}",
            f"{one.false:.3f}",
            "–" if np.isnan(one.found) else f"{one.found:.2f}",
        ]
        for title, methods in summaries.items()
        for name, one in methods.items()
    ]
    heads = ["data sets", "p-value", "least p of KS", "KS below 0.05", "p ≤ 0.05", "false discoveries", "found"]
    return markdown(heads, rows)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> int:
    """Prints the tables."""
    description = __doc__.partition("\n\n")[2]
    parser = argparse.ArgumentParser(
        prog="python -m data.recipe.experiments.null_calibration",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--db", type=Path, metavar="FILE", help="where the scored responses are kept (default: nowhere)"
    )
    parser.add_argument("--seeds", type=int, default=20, help="data sets that are tested for uniformity (default: 20)")
    parser.add_argument("--shuffles", type=int, default=200, help="data sets in all (default: 200)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        known = score_decoys(options.db or Path(folder) / "null.duckdb")
    n = f"{known.question.max() + 1} questions, {known.sums.shape[1]:,} sentences, {len(known.sums) - 1} references"
    of_decoys = {
        f"decoys, {planted:.0%} planted": of_models(known, planted, options.seeds, options.shuffles)
        for planted in (0.0, 0.2)
    }
    show(f"Models: {n}\n\n{table(of_decoys)}")
    shares = ", ".join(f"{name} {share:.3f}" for name, share in zip(decoys(), in_place(known), strict=True))
    show(f"\nFound with one decoy in the teacher's place for all questions: {shares}")
    for planted in (0.0, 0.2):
        of_kind = {
            f"{tail}, {m} references": of_simulations(m, tail, planted, options.seeds, options.shuffles)
            for tail in TAILS
            for m in SIZES
        }
        show(f"\nSimulations with {planted:.0%} of the sentences planted\n\n{table(of_kind)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
