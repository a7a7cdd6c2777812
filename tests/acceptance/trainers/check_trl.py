"""Runs in TRL's environment: loads written files with `datasets`, has SFTTrainer prepare them and train one step, and
compares what is learned with the responses that went in. Usage: python check_trl.py FOLDER MODEL.

FOLDER holds messages.jsonl, prompt-completion.jsonl and responses.json. Prints the number of samples of each as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer
from trl.data_utils import is_conversational

IGNORED = -100


def check(folder: Path, model: str, name: str, responses: list[str]) -> int:
    files = str(folder / f"{name}.jsonl")
    rows = load_dataset("json", data_files=files, split="train", cache_dir=str(folder / "cache"))
    assert is_conversational(rows[0])
    tokenizer = AutoTokenizer.from_pretrained(model)
    arguments = SFTConfig(
        output_dir=str(folder / "out"),
        max_length=None,
        max_steps=1,
        per_device_train_batch_size=2,
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        report_to=[],
    )
    loaded = AutoModelForCausalLM.from_pretrained(model)
    trainer = SFTTrainer(model=loaded, args=arguments, train_dataset=rows, processing_class=tokenizer)
    assert len(trainer.train_dataset) == len(responses)
    for prepared, response in zip(trainer.train_dataset, responses, strict=True):
        ids = prepared["input_ids"]
        if name == "prompt-completion":
            ids = [label for label in prepared["labels"] if label != IGNORED]
            assert tokenizer.decode(ids).startswith(response), (tokenizer.decode(ids), response)
        assert response in tokenizer.decode(ids), (tokenizer.decode(ids), response)
    trainer.train()
    return len(rows)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    expected = json.loads((where / "responses.json").read_text(encoding="utf-8"))
    print(json.dumps([check(where, sys.argv[2], name, expected) for name in ("messages", "prompt-completion")]))
