"""How long sorting the sentences of a large run into kinds takes, and how much memory.

    python tests/benchmarks/sentences/bench_kinds.py FILE [--sentences 10000000] [--traces 50000]

The file is made if it is not there: numbers as those of `make_large.py`, whose sentences are all alike, and texts of a
hundred characters each. Three in ten are one of 400 wordings with other numbers and names in them; all others are put
together from four of 300 phrases, so that nearly every one of them is there once. Prints seconds, processor seconds,
the largest memory of the process, and how many kinds of each family there are.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import sys
import time
from pathlib import Path

import duckdb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Memory
from rdpt_core.store.reader import open_reader
from tests.benchmarks.make_large import make

LENGTH = 100
_WORDS = re.findall(
    r"\w+",
    "wait so then the sum of both sides is what we need here because each term goes over to that line and it may"
    " follow from which one could see how many are left when you take away those who came first but this holds",
)
_NAMES = ("Lucy", "Tom", "Anna", "Ben Smith", "Mia")


def _phrases(n: int, length: int, rng: random.Random) -> list[str]:
    made = []
    for _ in range(n):
        words = [rng.choice(_WORDS) for _ in range(length)]
        made.append(" ".join(words)[: length * 4].ljust(length * 4))
    return [phrase[:24] + " " for phrase in made]


def _listed(values: list[str]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def write_texts(path: Path) -> None:
    """Give the traces of a file by `make_large.py` texts that differ."""
    rng = random.Random(0)
    phrases = _phrases(300, 6, rng)
    wordings = [
        f"{phrase[:20].strip()} {{0}} has {{1}} and {phrase[::-1][:18].strip()}" for phrase in _phrases(400, 6, rng)
    ]
    pick = "list_extract({0}, (hash(trace_no, i, '{1}') % {2} + 1)::INTEGER)"
    parts = " || ".join(pick.format("phrases", key, len(phrases)) for key in "abcd")
    wording = pick.format("wordings", "w", len(wordings))
    name = pick.format("names", "n", len(_NAMES))
    sentence = (
        f"CASE WHEN hash(trace_no, i, 'k') % 10 < 3 THEN replace(replace({wording}, '{{0}}', {name}), '{{1}}', "
        f"(hash(trace_no, i, 'x') % 1000)::VARCHAR) ELSE {parts} END"
    )
    lists = f"{_listed(phrases)} AS phrases, {_listed(wordings)} AS wordings, {_listed(list(_NAMES))} AS names"
    one = f"rpad(upper(s[1]) || s[2:], {LENGTH - 2}, ' x') || '. '"
    responses = (
        f"SELECT trace_no, string_agg({one}, '' ORDER BY i) AS response FROM (SELECT trace_no, i, {sentence} AS s FROM "
        f"(SELECT trace_no, unnest(range(n_sentences)) AS i, {lists} FROM traces WHERE trace_no BETWEEN ? AND ?)) "
        "GROUP BY trace_no"
    )
    with duckdb.connect(str(path), config={"threads": 2, "memory_limit": "6GB"}) as connection:
        (last,) = connection.execute("SELECT max(trace_no) FROM traces").fetchall()[0]
        connection.execute("CREATE TABLE made AS SELECT * FROM traces LIMIT 0")
        for first in range(0, last + 1, 5_000):
            connection.execute(
                "INSERT INTO made SELECT t.* REPLACE (r.response AS response) "
                f"FROM traces AS t JOIN ({responses}) AS r USING (trace_no) ORDER BY trace_no",
                [first, first + 4_999],
            )
        connection.execute("DELETE FROM traces")
        connection.execute("INSERT INTO traces SELECT * FROM made ORDER BY trace_no")
        connection.execute("DROP TABLE made")
        connection.execute(
            f"UPDATE sentences SET char_start = sentence_index * {LENGTH}, char_end = (sentence_index + 1) * {LENGTH}, "
            f"n_bytes = {LENGTH}"
        )


def main() -> None:
    """Make the file if need be, sort its sentences, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--sentences", type=int, default=10_000_000)
    parser.add_argument("--traces", type=int, default=50_000)
    arguments = parser.parse_args()
    if not arguments.file.exists():
        make(arguments.file, arguments.sentences, arguments.traces)
        write_texts(arguments.file)
    with open_reader(arguments.file) as reader:
        run = reader.run(None)
    data = RunData(run, lambda *_: open_reader(arguments.file), Memory())
    began, processor = time.monotonic(), time.process_time()
    families = kinds_of(data, False)
    wall, used = time.monotonic() - began, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{wall:.1f} s, {used:.1f} s of processors, {peak:,.0f} MB at most")
    for family in families:
        most = int(np.diff(family.start).max())
        print(f"{family.family}: {len(family.names):,} kinds, {len(family.members):,} sentences, {most:,} of one kind")


if __name__ == "__main__":
    main()
