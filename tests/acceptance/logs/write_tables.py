"""Runs in an environment with datasets and pandas: writes the same rows in every way that they offer.

Usage: python write_tables.py FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset, DatasetDict, load_dataset
from expectations import TRICKY, Expectations

ROWS = [
    {"question": "What is 2 + 2?", "response": "<think>\nEasy.\n</think>\n\n4", "gold": "4", "correct": True, "n": 1},
    {"question": TRICKY, "response": TRICKY, "gold": "4", "correct": False, "n": 2},
    {"question": "comma, \"quote\"\nline", "response": "comma, \"\"\nline\n", "gold": "x", "correct": True, "n": 3},
    {"question": "=1+1", "response": "  leading and trailing  ", "gold": None, "correct": None, "n": None},
    {"question": "NA", "response": "NA", "gold": "null", "correct": False, "n": 5},
]  # fmt: skip
CHAT = [
    {
        "messages": [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["response"]}],
        "source": "tables",
    }
    for row in ROWS
]
CANDIDATES = [
    {
        "problem": row["question"],
        "answer": "4",
        "generations": [row["response"], "I say 4"],
        "correctness": [True, False],
    }
    for row in ROWS
]


def as_traces(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: row[key] for key in ("question", "response", "gold", "correct")} for row in rows]


def of_chat() -> list[dict[str, Any]]:
    return [{"question": row["question"], "response": row["response"]} for row in ROWS]


def of_candidates() -> list[dict[str, Any]]:
    return [
        {"question": row["problem"], "response": text, "gold": "4", "correct": verdict}
        for row in CANDIDATES
        for text, verdict in zip(row["generations"], row["correctness"], strict=True)
    ]


def with_datasets(folder: Path, expected: Expectations) -> None:
    kinds = {"pairs": (ROWS, as_traces(ROWS)), "chat": (CHAT, of_chat()), "candidates": (CANDIDATES, of_candidates())}
    for kind, (rows, traces) in kinds.items():
        data = Dataset.from_list(rows)
        data.to_json(folder / f"datasets_{kind}.jsonl")
        data.to_json(folder / f"datasets_{kind}.json", lines=False, orient="records")
        data.to_parquet(folder / f"datasets_{kind}.parquet")
        data.save_to_disk(folder / f"datasets_{kind}_disk")
        data.save_to_disk(folder / f"datasets_{kind}_shards", num_shards=2)
        # Copies of a trace would count once, so that no row is in both splits.
        DatasetDict({"train": data.select(range(3)), "test": data.select(range(3, 5))}).save_to_disk(
            folder / f"datasets_{kind}_dict"
        )
        names = [f"{kind}.jsonl", f"{kind}.json", f"{kind}.parquet", f"{kind}_disk", f"{kind}_shards"]
        for name in names:
            expected.add(f"datasets_{name}", traces)
        expected.add(f"datasets_{kind}_dict", traces)
        # What load_dataset leaves in its cache.
        cached = load_dataset(
            "parquet", data_files=str(folder / f"datasets_{kind}.parquet"), cache_dir=folder / "cache", split="train"
        )
        (path,) = [Path(part["filename"]) for part in cached.cache_files]
        (folder / f"datasets_{kind}_cache.arrow").write_bytes(path.read_bytes())
        expected.add(f"datasets_{kind}_cache.arrow", traces)
    shutil.rmtree(folder / "cache")
    Dataset.from_list(ROWS).to_csv(folder / "datasets_pairs.csv")
    expected.add("datasets_pairs.csv", as_traces(ROWS))


def with_pandas(folder: Path, expected: Expectations) -> None:
    data = pd.DataFrame(ROWS)
    traces = as_traces(ROWS)

    def expect(name: str, said: list[dict[str, Any]] = traces) -> None:
        expected.add(f"pandas_{name}", said)

    def path(name: str) -> Path:
        return folder / f"pandas_{name}"

    data.to_csv(path("index.csv"))
    data.to_csv(path("plain.csv"), index=False)
    data.to_csv(path("tabs.tsv"), index=False, sep="\t")
    data.to_csv(path("semicolons.csv"), index=False, sep=";")
    data.to_csv(path("quoted.csv"), index=False, quoting=1)
    data.to_csv(path("plain.csv.gz"), index=False)
    data.to_csv(path("plain.csv.xz"), index=False)
    data.to_csv(path("plain.csv.bz2"), index=False)
    data.to_csv(path("plain.csv.zip"), index=False)
    for name in (
        "index.csv",
        "plain.csv",
        "tabs.tsv",
        "semicolons.csv",
        "quoted.csv",
        "plain.csv.gz",
        "plain.csv.xz",
        "plain.csv.bz2",
        "plain.csv.zip",
    ):
        expect(name)
    for orient in ("records", "columns", "index", "split", "table"):
        data.to_json(path(f"{orient}.json"), orient=orient)
        expect(f"{orient}.json")
    data.to_json(path("lines.jsonl"), orient="records", lines=True)
    data.to_parquet(path("plain.parquet"))
    data.set_index("n").to_parquet(path("named_index.parquet"))
    data.to_parquet(path("brotli.parquet"), compression="brotli")
    data.to_feather(path("plain.feather"))
    data.to_feather(path("lz4.feather"), compression="lz4")
    for name in (
        "lines.jsonl",
        "plain.parquet",
        "named_index.parquet",
        "brotli.parquet",
        "plain.feather",
        "lz4.feather",
    ):
        expect(name)
    dated = data.iloc[[0, 2]].assign(gold=pd.to_datetime(["2024-01-05", "1999-12-31"]))
    dated.to_parquet(path("dates.parquet"))
    said = [{"question": ROWS[n]["question"], "response": ROWS[n]["response"], "correct": True} for n in (0, 2)]
    expect("dates.parquet", said)
    numbers = data.assign(gold=[4.5, 4.0, 3.25, None, 1e22])
    numbers.to_parquet(path("numbers.parquet"))
    numbers.to_csv(path("numbers.csv"), index=False)
    golds = ["4.5", "4.0", "3.25", None, "1e+22"]
    for name in ("numbers.parquet", "numbers.csv"):
        expect(name, [{**trace, "gold": gold} for trace, gold in zip(traces, golds, strict=True)])


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    expected = Expectations(folder)
    with_datasets(folder, expected)
    with_pandas(folder, expected)
    expected.write()


if __name__ == "__main__":
    main()
