"""What further models cost: the size of the file, and the time that the data of each page take.

    python tests/benchmarks/companions/bench_companions.py FOLDER [--sentences N] [--traces N] [--only predict]

Writes two files into the folder, unless they are there: `triple.duckdb` as `make_large.py` makes it, and
`six.duckdb`, a copy of it to which a second teacher, a decoy and a checkpoint were added. Then every call that a page
makes for its data is timed with nothing kept: of the triple in its own file, of the same run in the file with six
models, and of that run seen with the second teacher in the teacher's place. The three take turns, and the medians are
compared, in seconds of processor time. A small run with all tokens tells how much room those take. It prints numbers
and judges none.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData, shares_of_groups
from rdpt_core.analysis.run.positions.curves import PositionView
from rdpt_core.analysis.scope import Scope
from rdpt_core.api.database import Database
from rdpt_core.records import ROLES
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.store.companions import column
from rdpt_core.store.companions.writer import claim_companions
from rdpt_core.store.reader import open_reader, reading
from tests.benchmarks import make_large
from tests.support import companions

KEYS = ("teacher:code", "control:decoy", "checkpoint:400")
_TRACES_PER_UPDATE = 5_000
_SMALL = 100_000

# The expressions of `make_large` for a sentence's mean logprob, with a draw of its own for each companion.
_MEAN = "-ln(1 + exp(-(1 + {normal})))"


def add_companions(path: Path, n_traces: int) -> None:
    """Further models of the run of a file, with numbers made of hashes, written in place as scoring does."""
    with open_reader(path) as reader:
        run = reader.run(None).key
    claim_companions(
        path, run, [CompanionClaim(companions.model(key), {"model": {}}, {"device": "none"}) for key in KEYS]
    )
    for key in KEYS:
        mean = _MEAN.format(normal=make_large.normal("trace_no", "sentence_index", f"'{key}'"))
        for first in range(0, n_traces, _TRACES_PER_UPDATE):
            with duckdb.connect(str(path), config={"threads": 2, "memory_limit": "4GB"}) as connection:
                connection.execute(
                    f"UPDATE sentences SET {column('n_tokens', key)} = n_tokens_student, "
                    f"{column('logprob_sum', key)} = n_tokens_student * l, {column('first_logprob', key)} = 2 * l, "
                    f"{column('p', key)} = exp(l) FROM (SELECT trace_no AS t, sentence_index AS i, {mean} AS l "
                    "FROM sentences WHERE trace_no >= $1 AND trace_no < $2) AS drawn "
                    "WHERE trace_no = t AND sentence_index = i AND trace_no >= $1 AND trace_no < $2",
                    [first, first + _TRACES_PER_UPDATE],
                )
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE run_models SET finished_at = now()::TIMESTAMP WHERE contains(role, ':')")
        connection.execute("UPDATE runs SET updated_at = now()::TIMESTAMP")


def add_tokens(path: Path, roles: Sequence[str]) -> int:
    """Tokens of all traces under some roles; returns how many each has."""
    with duckdb.connect(str(path)) as connection:
        for role in roles:
            connection.execute(
                "INSERT INTO tokens BY NAME SELECT run_no, trace_no, $1 AS role, sum(n)::INTEGER AS n_tokens, "
                "0 AS n_straddling, list_transform(range(sum(n)::BIGINT), lambda k: (hash(trace_no, k, 'id') % 50000)) "
                "AS token_id, list_transform(range(sum(n)::BIGINT), lambda k: k) AS char_start, "
                "list_transform(range(sum(n)::BIGINT), lambda k: k + 1) AS char_end, "
                "list_transform(range(sum(n)::BIGINT), lambda k: -((hash(trace_no, k, $1) % 1000003) / 3e5)::FLOAT) "
                "AS logprob FROM (SELECT run_no, trace_no, n_tokens_student AS n FROM sentences) "
                "GROUP BY run_no, trace_no ORDER BY trace_no",
                [role],
            )
        ((n,),) = connection.execute("SELECT sum(n_tokens_student)::BIGINT FROM sentences").fetchall()
    return int(n)


def make_files(folder: Path, n_sentences: int, n_traces: int) -> tuple[Path, Path]:
    """`triple.duckdb` and `six.duckdb` of a folder, made unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    triple, six = folder / "triple.duckdb", folder / "six.duckdb"

    def copy_with_companions(path: Path) -> None:
        shutil.copy(triple, path)
        add_companions(path, n_traces)

    make_once(triple, lambda path: make_large.make(path, n_sentences, n_traces))
    make_once(six, copy_with_companions)
    return triple, six


def make_once(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file under another name, unless it is there, and say how long it took."""
    if path.exists():
        return
    began, unfinished = time.monotonic(), path.with_suffix(".part")
    make(unfinished)
    unfinished.rename(path)
    print(f"{path.name}: made in {time.monotonic() - began:.0f} s", flush=True)


def report_sizes(folder: Path, triple: Path, six: Path) -> None:
    """Megabytes of both files, and bytes a token from a small run."""
    print(f"without tokens: triple {_megabytes(triple):,.0f} MB, six models {_megabytes(six):,.0f} MB", flush=True)
    small = folder / "small.duckdb"
    make_large.make(small, _SMALL, _SMALL // 200)
    before = _megabytes(small)
    n = add_tokens(small, ROLES)
    with_three = _megabytes(small)
    add_companions(small, _SMALL // 200)
    with_columns = _megabytes(small)
    add_tokens(small, KEYS)
    print(
        f"{_SMALL:,} sentences, {n:,} tokens a model: {before:.1f} MB without tokens, {with_three:.1f} MB with those "
        f"of three models, {with_columns:.1f} MB with columns of three more, {_megabytes(small):.1f} MB with "
        "their tokens",
        flush=True,
    )
    small.unlink()


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


RULE, EVERYTHING = LabelRule.make(), Scope()

CALLS: dict[str, Callable[[RunData], Any]] = {
    "check": lambda data: data.run,
    "overview: counts": lambda data: data.catalog(),
    "overview: shares": lambda data: data.shares(RULE),
    "benchmarks": lambda data: shares_of_groups({"run": data}, RULE, EVERYTHING, "benchmark"),
    "benchmarks by correctness": lambda data: shares_of_groups(
        {"run": data}, RULE, EVERYTHING, "benchmark", "correctness"
    ),
    "positions": lambda data: data.positions(RULE, EVERYTHING, PositionView(False, False, True, 60)),
    "predict": lambda data: data.prediction(RULE, EVERYTHING, "share"),
    "thresholds: map": lambda data: data.threshold_map(RULE, EVERYTHING),
    "thresholds: units": lambda data: data.unit_effects(RULE, EVERYTHING),
    "trace: list": lambda data: data.trace_list(),
    "trace: one": lambda data: data.trace_view(data.run.n_traces // 2, RULE),
}


def seconds(path: Path, teacher: str | None, name: str) -> float:
    """One call with nothing kept, in seconds of processor time, which other work on the machine changes little; the
    check of the file's rows is a call of its own."""
    database = Database(path)
    record = database.run().info
    if name == "check":
        reading._known_sound.clear()
    else:
        database._data(record, teacher)
    began = time.process_time()
    CALLS[name](database._data(record, teacher))
    return time.process_time() - began


def make_parser(description: str) -> argparse.ArgumentParser:
    """What every benchmark of a triple beside six models is told: where its files are, their size, and how often."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sentences", type=int, default=10_000_000)
    parser.add_argument("--traces", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3)
    return parser


def main() -> None:
    """Make the files, then time every call."""
    parser = make_parser(__doc__)
    parser.add_argument("--only", default="", help="calls whose name begins so")
    arguments = parser.parse_args()
    triple, six = make_files(arguments.folder, arguments.sentences, arguments.traces)
    report_sizes(arguments.folder, triple, six)
    sides = {"triple": (triple, None), "six": (six, None), "seen": (six, "code")}
    print(f"{'':28}{'triple':>9}{'of six':>9}{'seen':>9}   of six / triple, seen / triple")
    for name in CALLS:
        if not name.startswith(arguments.only):
            continue
        times: dict[str, list[float]] = {side: [] for side in sides}
        for turn in range(arguments.repeats + 1):
            for side, (path, teacher) in sides.items():
                taken = seconds(path, teacher, name)
                # The first turn fills the caches of the file system.
                if turn:
                    times[side].append(taken)
        medians = {side: statistics.median(taken) for side, taken in times.items()}
        ratios = [
            statistics.median(b / a for a, b in zip(times["triple"], times[side], strict=True))
            for side in ("six", "seen")
        ]
        print(
            f"{name:28}" + "".join(f"{medians[side]:8.3f}s" for side in sides) + f"   {ratios[0]:.2f}, {ratios[1]:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
