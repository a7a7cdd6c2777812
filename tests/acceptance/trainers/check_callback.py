"""The callback in trainings by TRL's own trainers, with lines in Trackio: SFTTrainer and GKDTrainer.

    python -m venv DIR && DIR/bin/pip install -e . -r tests/acceptance/trainers/requirements-callback.txt
    DIR/bin/python tests/acceptance/trainers/check_callback.py

Each trains the bundled student for a few steps twice, without and with the callback, which must change no loss and no
weight. Then the run and Trackio's lines are read back. Printed: versions, and a line a trainer. Exit status 1 if
anything differs. Nothing is fetched or sent; Trackio writes into a folder of its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[3]
STUDENT, TEACHER, TRACES = (PROJECT / "data" / name for name in ("student", "teacher", "traces.jsonl"))
N_STEPS, EVERY, N_TRACES = 6, 2, 40


def main() -> int:
    # Read when Trackio is imported.
    os.environ |= {"TRACKIO_DIR": tempfile.mkdtemp(), "HF_HUB_OFFLINE": "1"}
    packages = ("trl", "trackio", "transformers", "torch", "rdpt-explorer")
    print(", ".join(f"{name} {version(name)}" for name in packages if _is_installed(name)))
    problems = [*check("SFTTrainer"), *check("GKDTrainer")]
    print("\n".join(problems) or "no loss, no weight and no line differs")
    return 1 if problems else 0


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except ImportError:
        return False
    return True


def check(kind: str) -> list[str]:
    """Train without and with; returns what is wrong."""
    import rdpt_core as rdpt

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        plain = train(kind, place / "plain", [], report_to="none")
        callback = rdpt.ProvenanceCallback(TRACES, place / "run.duckdb", teacher=TEACHER, limit=N_TRACES, name=kind)
        watched = train(kind, place / "watched", [callback], report_to="trackio")
        problems = [] if plain == watched else [f"{kind}: losses or weights differ: {plain[0]} and {watched[0]}"]
        run = rdpt.open(place / "run.duckdb").run(callback.run_id)
        roles = [companion.role for companion in run.info.companions]
        shares = [
            f"{row['benchmark']} {row['label']} {row['share_of_sentences']:.3f}" for row in run.shares().to_pylist()
        ]
        if roles != [f"checkpoint:{step}" for step in range(EVERY, N_STEPS, EVERY)] or not run.is_finished:
            problems.append(f"{kind}: the run holds {run.roles} and {roles}")
        lines = trackio_lines(kind)
        steps = [line["train/global_step"] for line in lines]
        if steps != list(range(EVERY, N_STEPS + 1, EVERY)):
            problems.append(f"{kind}: Trackio has lines of the steps {steps}")
        if any(not line.get("provenance/n_questions") for line in lines):
            problems.append(f"{kind}: a line does not say its number of questions")
        gained = [f"{line['provenance/gained']:.3f}" for line in lines]
        print(f"{kind}: losses {plain[0]}; checkpoints {roles}; Gained in Trackio {gained}; shares {shares}")
    return problems


def train(kind: str, folder: Path, callbacks: list[Any], report_to: str) -> tuple[list[float], str]:
    """Losses as logged, and a hash over the weights in the end."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

    from rdpt_core.scoring.training.live import weights_revision

    rows = [json.loads(line) for line in (PROJECT / "data/distillation.jsonl").read_text("utf-8").splitlines()[:24]]
    messages = [{"messages": _messages(row)} for row in rows]
    tokenizer = AutoTokenizer.from_pretrained(STUDENT)
    set_seed(7)
    settings = {
        "output_dir": str(folder),
        "max_steps": N_STEPS,
        "save_steps": EVERY,
        "logging_steps": 1,
        "per_device_train_batch_size": 4,
        "learning_rate": 1e-3,
        "use_cpu": True,
        "bf16": False,
        "report_to": report_to,
        "project": "provenance",
        "run_name": kind,
        "disable_tqdm": True,
    }
    model = AutoModelForCausalLM.from_pretrained(STUDENT, attention_dropout=0.1)
    given = {
        "model": model,
        "train_dataset": Dataset.from_list(messages),
        "processing_class": tokenizer,
        "callbacks": callbacks,
    }
    trainer: Any
    if kind == "SFTTrainer":
        from trl import SFTConfig, SFTTrainer

        trainer = SFTTrainer(args=SFTConfig(max_length=None, **settings), **given)
    else:
        from trl.experimental.gkd import GKDConfig, GKDTrainer

        # Half of the batches are written by the student in training.
        config = GKDConfig(max_length=256, max_new_tokens=16, lmbda=0.5, **settings)
        teacher = AutoModelForCausalLM.from_pretrained(TEACHER)
        trainer = GKDTrainer(teacher_model=teacher, args=config, **given)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return losses, weights_revision(model)


def _messages(row: dict[str, Any]) -> list[dict[str, str]]:
    return [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["response"]}]


def trackio_lines(run: str) -> list[dict[str, Any]]:
    """The lines with label shares, in their order."""
    from trackio.sqlite_storage import SQLiteStorage

    # The trainer has finished the run at the end of the training, which waits until all is written.
    lines = SQLiteStorage.get_logs("provenance", run)
    return [line for line in lines if "provenance/gained" in line]


if __name__ == "__main__":
    sys.exit(main())
