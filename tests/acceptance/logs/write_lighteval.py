"""Runs in lighteval's environment: writes details with a bundled model and with given texts, and what lighteval holds.

Usage: python write_lighteval.py FOLDER MODEL

lighteval imports this file once more, for its tasks.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from expectations import TRICKY, Expectations
from lighteval.logging.evaluation_tracker import EvaluationTracker
from lighteval.metrics.metrics import Metrics
from lighteval.models.abstract_model import LightevalModel, ModelConfig
from lighteval.models.model_output import ModelResponse
from lighteval.models.transformers.transformers_model import TransformersModel, TransformersModelConfig
from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.registry import Registry
from lighteval.tasks.requests import Doc
from lighteval.utils.cache_management import SampleCache

FOLDER = Path(sys.argv[1]).resolve()
CACHE = str(FOLDER / "cache")
PROBLEMS = [
    {"question": "Ben has 13 apples. He gives away 2. He gets 9 more. How many does Ben have now?", "gold": "20"},
    {"question": "Mia has 11 pens. She gets 9 more. She finds 4 more. How many pens does Mia have now?", "gold": "24"},
    {"question": "Zoë's “test” with ünïcode, a tab\tand a quote \". How many pens?", "gold": "4"},
]  # fmt: skip
TEXTS = [
    ["<think>\nTwo from 13, and 9.\n</think>\n\nThe answer is 20.", "The answer is 19."],
    [TRICKY + "24", "<think>\nNever done"],
    ["4", ""],
]


def doc_of(line: dict[str, Any], task_name: str) -> Doc:
    return Doc(task_name=task_name, query=line["question"], choices=[line["gold"]], gold_index=0)


def task(name: str, metric: Any) -> LightevalTaskConfig:
    return LightevalTaskConfig(
        name=name,
        prompt_function=doc_of,
        hf_repo=str(FOLDER / "problems"),
        hf_subset="default",
        hf_avail_splits=["test"],
        evaluation_splits=["test"],
        metrics=[metric],
        generation_size=120,
        stop_sequence=[],
    )


TASKS_TABLE = [
    task("sums", Metrics.expr_gold_metric),
    task("sums_twice", Metrics.pass_at_k_math(sample_params={"k": 1, "n": 2})),
]


class Given(LightevalModel):
    """Answers with the texts above, as many as a task asks for."""

    def __init__(self, like: TransformersModel) -> None:
        self.config = ModelConfig(model_name="org/given", cache_dir=CACHE)
        self.like = like
        self._cache = SampleCache(self.config)

    tokenizer = property(lambda self: self.like.tokenizer)
    add_special_tokens = property(lambda self: False)
    max_length = property(lambda self: 512)

    def greedy_until(self, docs: list[Doc]) -> list[ModelResponse]:
        return [
            ModelResponse(
                input=doc.query,
                text=TEXTS[int(doc.id)][: doc.num_samples],
                input_tokens=[1],
                output_tokens=[[1]] * doc.num_samples,
            )
            for doc in docs
        ]

    def loglikelihood(self, docs: list[Doc]) -> list[ModelResponse]:
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


def run(name: str, model: Any, expected: Expectations) -> None:
    tracker = EvaluationTracker(output_dir=str(FOLDER / name), save_details=True)
    parameters = PipelineParameters(
        launcher_type=ParallelismManager.CUSTOM, custom_tasks_directory=str(Path(__file__).resolve())
    )
    pipeline = Pipeline(
        tasks="sums|0,sums_twice|0", pipeline_parameters=parameters, evaluation_tracker=tracker, model=model
    )
    pipeline.evaluate()
    pipeline.save_and_push_results()
    for task_name, details in pipeline.evaluation_tracker.details_logger.details.items():
        (path,) = (FOLDER / name).glob(f"details/**/details_{task_name}_*.parquet")
        traces = []
        for detail in details:
            texts = detail.model_response.text
            for index, text in enumerate(texts):
                traces.append({
                    "response": text,
                    "question": detail.doc.query,
                    "gold": detail.doc.get_golds()[0],
                    "benchmark": task_name.partition("|")[0],
                    **({"sample": index} if len(texts) > 1 else {}),
                })  # fmt: skip
        expected.add(path.relative_to(FOLDER).as_posix(), traces)


def main() -> None:
    # lighteval loads all of its own tasks first. Two of them ask the network, one through a function that has changed.
    Registry._load_from_files = Registry._load_from_subdirs = staticmethod(lambda *_: {})
    (FOLDER / "problems").mkdir(parents=True)
    lines = "".join(json.dumps(problem) + "\n" for problem in PROBLEMS)
    (FOLDER / "problems" / "test.jsonl").write_text(lines, encoding="utf-8")
    expected = Expectations(FOLDER)
    # A copy: lighteval names its folders after the model as it is given, and may write into it.
    here = shutil.copytree(sys.argv[2], FOLDER / "distilled")
    os.chdir(FOLDER)
    config = TransformersModelConfig(
        model_name=here.name, device="cpu", dtype="float32", batch_size=1, cache_dir=CACHE,
        generation_parameters={"temperature": 0.7},
    )  # fmt: skip
    model = TransformersModel(config)
    run("bundled", model, expected)
    run("given", Given(model), expected)
    shutil.rmtree(CACHE)
    shutil.rmtree(here)
    expected.write()


if __name__ == "__main__":
    main()
