"""Runs in lm-evaluation-harness' environment: lets a bundled model answer, and keeps what the harness says of it.

Usage: python write_lm_eval.py FOLDER MODEL
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from expectations import Expectations
from lm_eval import simple_evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.models.huggingface import HFLM

PROBLEMS = [
    {"question": "Ben has 13 apples. He gives away 2. He gets 9 more. How many does Ben have now?", "gold": "20"},
    {"question": "Mia has 11 pens. She gets 9 more. She finds 4 more. How many pens does Mia have now?", "gold": "24"},
    {"question": "Zoë's “test” with ünïcode, a tab\tand a quote \". How many pens?", "gold": "4"},
]  # fmt: skip
GENERATION = {"max_gen_toks": 120, "do_sample": False, "until": ["Question:"]}
STRICT = {
    "name": "strict",
    "filter": [{"function": "regex", "regex_pattern": "answer is (\\w+)"}, {"function": "take_first"}],
}
LOOSE = {
    "name": "loose",
    "filter": [{"function": "regex", "regex_pattern": "(\\d+)", "group_select": -1}, {"function": "take_first"}],
}
FIRST = {"name": "first", "filter": [{"function": "take_first"}]}
VOTE = {
    "name": "vote",
    "filter": [
        {"function": "regex", "regex_pattern": "answer is (\\w+)"},
        {"function": "majority_vote"},
        {"function": "take_first"},
    ],
}


class Logs:
    def __init__(self, folder: Path, model: str) -> None:
        self.folder = folder
        # The bundled models' generation_config.json names max_new_tokens, which would overrule the task's max_gen_toks.
        copied = shutil.copytree(model, folder / "model", ignore=shutil.ignore_patterns("generation_config.json"))
        self.model = HFLM(pretrained=str(copied), device="cpu", batch_size=2, dtype="float32")
        self.problems = folder / "problems.jsonl"
        self.problems.write_text("".join(json.dumps(problem) + "\n" for problem in PROBLEMS), encoding="utf-8")
        self.expected = Expectations(folder)

    def run(self, name: str, *, chat: bool = False, rejects: int = 0, **changed: Any) -> None:
        """Run a task of our own, and expect what the harness holds in memory of each document."""
        shots = changed.pop("shots", 0)
        task = {
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(self.problems), "train": str(self.problems)}},
            "test_split": "test",
            "fewshot_split": "train",
            "output_type": "generate_until",
            "doc_to_text": "{{question}}" if chat else "Question: {{question}}\nAnswer:",
            "doc_to_target": "{{gold}}",
            "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
            "generation_kwargs": GENERATION,
            "filter_list": [STRICT],
            **changed,
        }
        tracker = EvaluationTracker(output_path=str(self.folder))
        results = simple_evaluate(
            self.model, tasks=[task], num_fewshot=shots, apply_chat_template=chat, fewshot_as_multiturn=chat,
            evaluation_tracker=tracker, log_samples=True, bootstrap_iters=0,
        )  # fmt: skip
        samples = results.pop("samples")[name]
        tracker.general_config_tracker.model_name_sanitized = "distilled"
        tracker.save_results_aggregated(results=results, samples={name: samples})
        tracker.save_results_samples(task_name=name, samples=samples)
        (path,) = self.folder.glob(f"**/samples_{name}_*.jsonl")
        source = path.relative_to(self.folder).as_posix()
        if rejects:
            self.expected.add(source, [], rejects=rejects)
        else:
            self.expect(source, name, samples)

    def expect(self, source: str, name: str, samples: list[dict[str, Any]]) -> None:
        documents: dict[int, list[dict[str, Any]]] = {}
        for sample in samples:
            documents.setdefault(sample["doc_id"], []).append(sample)
        traces = []
        for filtered in documents.values():
            first = filtered[0]
            texts = first["resps"][0]
            for index, text in enumerate(texts):
                trace = {
                    "response": text,
                    # Rendered, with the beginning of the answer where there is one.
                    "prompt": first["arguments"]["gen_args_0"]["arg_0"],
                    "question": first["doc"]["question"],
                    "gold": first["target"],
                    "benchmark": name,
                }
                if len(texts) == 1:
                    trace["correct"] = any(sample["exact_match"] == 1 for sample in filtered)
                else:
                    trace["sample"] = index
                traces.append(trace)
        self.expected.add(source, traces)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    logs = Logs(folder, sys.argv[2])
    logs.run("completion")
    logs.run("few_shots", shots=2)
    logs.run("chat", chat=True)
    logs.run("chat_few_shots", chat=True, shots=2)
    sampled = {**GENERATION, "do_sample": True, "temperature": 1.0}
    logs.run("two_filters", chat=True, filter_list=[STRICT, LOOSE])
    logs.run("repeats", chat=True, repeats=3, generation_kwargs=sampled, filter_list=[FIRST, VOTE])
    logs.run("prefix", gen_prefix="We start with")
    logs.run("chat_prefix", chat=True, gen_prefix="We start with")
    logs.run("cut_short", chat=True, generation_kwargs={**GENERATION, "max_gen_toks": 6})
    logs.run(
        "choices", output_type="multiple_choice", doc_to_choice=["20", "24", "4"],
        doc_to_target="{{['20', '24', '4'].index(gold)}}",
        metric_list=[{"metric": "acc"}], generation_kwargs=None, filter_list=None, rejects=len(PROBLEMS),
    )  # fmt: skip
    shutil.rmtree(folder / "model")
    logs.expected.write()


if __name__ == "__main__":
    main()
