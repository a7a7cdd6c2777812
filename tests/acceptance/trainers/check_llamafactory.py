"""Runs in LLaMA-Factory's environment: loads a written file through its `get_dataset`, as its training does, and
compares what is learned with the responses that went in. Usage: python check_llamafactory.py FOLDER MODEL.

FOLDER holds sharegpt.jsonl, dataset_info.json and responses.json. Prints the number of samples as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.extras.constants import IGNORE_INDEX
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer


def check(folder: Path, model: str, responses: list[str]) -> int:
    arguments: dict[str, Any] = {
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "full",
        "model_name_or_path": model,
        "template": "empty",
        "dataset_dir": str(folder),
        "dataset": "sharegpt",
        "cutoff_len": 4096,
        "output_dir": str(folder / "out"),
        "cache_dir": str(folder / "cache"),
        "report_to": "none",
        "overwrite_cache": True,
        "use_cpu": True,
    }
    model_args, data_args, training_args, _, _ = get_train_args(arguments)
    loaded = load_tokenizer(model_args)
    tokenizer = loaded["tokenizer"]
    template = get_template_and_fix_tokenizer(tokenizer, data_args)
    rows = get_dataset(template, model_args, data_args, training_args, stage="sft", **loaded)["train_dataset"]
    assert len(rows) == len(responses), (len(rows), len(responses))
    for row, response in zip(rows, responses, strict=True):
        text = tokenizer.decode([token for token in row["labels"] if token != IGNORE_INDEX])
        assert text.startswith(response), (text, response)
    return len(rows)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    expected = json.loads((where / "responses.json").read_text(encoding="utf-8"))
    print(json.dumps([check(where, sys.argv[2], expected)]))
