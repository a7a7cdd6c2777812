"""The callback in real trainings of the bundled student: nothing of the training changes, and a run comes of it."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments

import rdpt_core as rdpt
from rdpt_core.analysis.run.training.points import points_of

ROOT = Path(__file__).parents[3]
STUDENT, TEACHER, TRACES = ROOT / "data/student", ROOT / "data/teacher", ROOT / "data/traces.jsonl"
LIMIT = 6


class Rows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Responses of the bundled traces as training rows of one length."""

    def __init__(self) -> None:
        tokenizer = AutoTokenizer.from_pretrained(STUDENT)
        lines = TRACES.read_text(encoding="utf-8").splitlines()[100:132]
        texts = [json.loads(line)["response"] for line in lines]
        self._rows = [torch.tensor((tokenizer(text)["input_ids"] * 8)[:64]) for text in texts]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self._rows[index], "labels": self._rows[index]}


class Losses(TrainerCallback):
    """Every loss as the trainer logs it."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        if "loss" in logs:
            self.losses.append(logs["loss"])


class Interruption(TrainerCallback):
    """Ends the process of a training, as far as the trainer can tell, after some step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if state.global_step == self.step:
            raise KeyboardInterrupt


def train(
    folder: Path, *callbacks: Any, resume: bool = False, steps: int = 6, save_every: int = 2, **given: Any
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Train for a few steps with dropout, so that every random number counts; the losses and the weights."""
    model = AutoModelForCausalLM.from_pretrained(STUDENT, attention_dropout=0.2, dtype=torch.float32)
    losses = Losses()
    arguments = TrainingArguments(
        output_dir=str(folder / "out"),
        max_steps=steps,
        per_device_train_batch_size=4,
        learning_rate=5e-3,
        logging_steps=1,
        save_steps=save_every,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        seed=3,
        **given,
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=Rows(),
        processing_class=AutoTokenizer.from_pretrained(STUDENT),
        callbacks=[losses, *callbacks],
    )
    trainer.train(resume_from_checkpoint=resume or None)
    return losses.losses, {name: tensor.clone() for name, tensor in model.state_dict().items()}


def callback(folder: Path, **given: Any) -> Any:
    return rdpt.ProvenanceCallback(TRACES, folder / "training.duckdb", limit=LIMIT, **given)


def names(path: Path) -> list[str]:
    (run,) = rdpt.open(path).runs()
    return [point.name for point in points_of(run.info)]


def test_a_training_is_the_same_to_the_last_bit_and_becomes_a_run(tmp_path: Path) -> None:
    losses, weights = train(tmp_path / "without")
    watcher = callback(tmp_path, teacher=TEACHER)
    watched, watched_weights = train(tmp_path / "with", watcher)
    assert watched == losses and len(losses) == 6
    assert all(torch.equal(tensor, watched_weights[name]) for name, tensor in weights.items())

    database = tmp_path / "training.duckdb"
    run = rdpt.open(database).run(watcher.run_id)
    assert run.is_finished and run.roles == ("teacher", "student", "distilled")
    # The last checkpoint is the distilled model, and not told twice.
    assert names(database) == ["start", "2", "4", "final"]
    assert not list(tmp_path.glob("*.training-*"))
    # As the scoring of the saved folders finds it, but for rounding: another order of the same sums.
    rdpt.score(
        TRACES,
        tmp_path / "saved.duckdb",
        teacher=TEACHER,
        student=STUDENT,
        distilled=tmp_path / "with/out/checkpoint-6",
        checkpoint={"4": tmp_path / "with/out/checkpoint-4"},
        limit=LIMIT,
        quiet=True,
    )
    saved = rdpt.open(tmp_path / "saved.duckdb").run()
    for role in ("teacher", "student", "distilled", "checkpoint_4"):
        name = f"logprob_sum_{role}"
        ours, theirs = (one.sentences().column(name).to_numpy() for one in (run, saved))
        np.testing.assert_allclose(ours, theirs, atol=2e-3)
    moved = run.sentences().column("logprob_sum_distilled").to_numpy()
    assert np.abs(moved - run.sentences().column("logprob_sum_student").to_numpy()).max() > 1


@pytest.mark.slow
def test_every_n_steps_and_not_where_it_saves(tmp_path: Path) -> None:
    train(tmp_path, callback(tmp_path, every=3, name="thirds"), save_every=2, steps=7)
    (run,) = rdpt.open(tmp_path / "training.duckdb").runs()
    assert run.name == "thirds" and run.roles == ("student", "distilled")
    # Step 7 is the end, and was no third one.
    assert names(tmp_path / "training.duckdb") == ["start", "3", "6", "final"]


def test_the_last_step_is_told_while_trackers_are_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tracker(TrainerCallback):
        """As those of the trainer are: it comes before other callbacks, and is closed when the training ends."""

        def __init__(self) -> None:
            self.run: Any = self
            self.lines: list[dict[str, float]] = []

        def log(self, line: dict[str, float]) -> None:
            self.lines.append(line)

        def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self.run = None

    for every, strategy, expected in ((2, "steps", [2, 3]), (None, "no", [3])):
        folder, tracker = tmp_path / strategy, Tracker()
        monkeypatch.setitem(sys.modules, "wandb", tracker)
        watcher = callback(folder, every=every)
        train(folder, tracker, watcher, steps=3, save_every=4, save_strategy=strategy)
        assert [line["train/global_step"] for line in tracker.lines] == expected
        # The last weights are the distilled model alone.
        run = rdpt.open(folder / "training.duckdb").run(watcher.run_id)
        assert [one.role for one in run.info.companions] == [f"checkpoint:{step}" for step in expected[:-1]]


def test_an_interrupted_training_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, callback(tmp_path), Interruption(5))
    assert not (tmp_path / "training.duckdb").exists()
    with pytest.raises(rdpt.UsageError, match="interrupted wait here"):
        train(tmp_path, callback(tmp_path))
    train(tmp_path, callback(tmp_path), resume=True)
    assert names(tmp_path / "training.duckdb") == ["start", "2", "4", "final"]
    assert not list(tmp_path.glob("*.training-*"))


@pytest.mark.slow
def test_what_was_scored_before_an_interruption_makes_a_run(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, callback(tmp_path), Interruption(5))
    # In another process: nothing but the arguments is known.
    run_id = callback(tmp_path, name="out").finish()
    assert rdpt.open(tmp_path / "training.duckdb").run(run_id).is_finished
    assert names(tmp_path / "training.duckdb") == ["start", "2", "final"]
    with pytest.raises(rdpt.UsageError, match="nothing of a training waits"):
        callback(tmp_path, name="out").finish()
    with pytest.raises(rdpt.UsageError, match="which training"):
        callback(tmp_path).finish()


@pytest.mark.slow
def test_a_training_that_goes_on_without_its_beginning_needs_the_student(tmp_path: Path) -> None:
    train(tmp_path, steps=2)
    with pytest.raises(rdpt.UsageError, match="started from is not known"):
        train(tmp_path, callback(tmp_path), resume=True, steps=4)
    train(tmp_path, callback(tmp_path, student=STUDENT), resume=True, steps=6)
    assert names(tmp_path / "training.duckdb") == ["start", "4", "final"]


def test_trouble_on_the_way_is_told_and_stops_no_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, _ = train(tmp_path / "without")
    watcher = callback(tmp_path)

    def fail(*_: Any) -> None:
        raise rdpt.InputError("the disk is full")

    class Breaking(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            if state.global_step == 3:
                monkeypatch.setattr(watcher._scoring.waiting, "put", fail)

    with caplog.at_level(logging.ERROR):
        watched, _ = train(tmp_path / "with", Breaking(), watcher)
    assert watched == losses
    assert "the disk is full" in caplog.text and "waits in" in caplog.text
    # What had been scored before is still there: step 2, which is then the last.
    run_id = watcher.finish()
    run = rdpt.open(tmp_path / "training.duckdb").run(run_id)
    assert run.is_finished and not run.info.companions


def test_weights_that_are_spread_are_refused_before_the_first_step(tmp_path: Path) -> None:
    class Args:
        fsdp = "full_shard"
        deepspeed = None
        output_dir = str(tmp_path)

    class State:
        is_world_process_zero = True
        global_step = 0

    with pytest.raises(rdpt.UsageError, match="spread over processes"):
        callback(tmp_path).on_train_begin(Args(), State(), None, model=None)
