"""Runs in TRL's environment: trains a bundled model for two steps with GRPO, which logs what it sampled.

Usage: python write_trl.py FOLDER MODEL

What its reward function was given is what the log must hold.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from datasets import Dataset
from expectations import Expectations
from trl import GRPOConfig, GRPOTrainer

PROBLEMS = [
    ("Ben has 13 apples. He gives away 2. He gets 9 more. How many apples does Ben have now?", "20"),
    ("Mia has 11 pens. She gets 9 more. She finds 4 more. How many pens does Mia have now?", "24"),
]


def run(name: str, rows: list[dict[str, Any]], model: str, folder: Path, expected: Expectations) -> None:
    seen: list[dict[str, Any]] = []

    def is_right(prompts: list[Any], completions: list[Any], gold: list[str], **_: Any) -> list[float]:
        for prompt, completion in zip(prompts, completions, strict=True):
            text = completion if isinstance(completion, str) else completion[0]["content"]
            asked = prompt if isinstance(prompt, str) else prompt[-1]["content"]
            seen.append({"question": asked, "response": text})
        return [float(answer in str(completion)) for answer, completion in zip(gold, completions, strict=True)]

    arguments = GRPOConfig(
        output_dir=str(folder / name),
        max_steps=2,
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=60,
        log_completions=True,
        num_completions_to_print=0,
        logging_steps=1,
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        report_to=[],
    )
    GRPOTrainer(model=model, reward_funcs=is_right, args=arguments, train_dataset=Dataset.from_list(rows)).train()
    for path in sorted((folder / name).iterdir()):
        if path.name != "completions":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    expected.add(f"{name}/completions", seen)


def main() -> None:
    folder, model = Path(sys.argv[1]).resolve(), sys.argv[2]
    folder.mkdir(parents=True, exist_ok=True)
    expected = Expectations(folder)
    chats = [{"prompt": [{"role": "user", "content": question}], "gold": gold} for question, gold in PROBLEMS]
    run("chat", chats, model, folder, expected)
    run("text", [{"prompt": question, "gold": gold} for question, gold in PROBLEMS], model, folder, expected)
    expected.write()


if __name__ == "__main__":
    main()
