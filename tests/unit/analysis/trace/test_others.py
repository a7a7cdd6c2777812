"""What a run's further models make of one trace: read under their own names, whatever the run is seen with."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.trace.others import FINAL, load_others, others_of
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import companions, synthetic

TRACES = [*synthetic.sketches(2), synthetic.unscored_sketch()]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "others.duckdb"
    companions.build(path, TRACES, models=companions.named_teacher())
    return path


def _values(reader: Reader, run: Run, trace_no: int, rule: LabelRule) -> dict[str, list[float | None]]:
    reader.see(run)
    return {
        view.model.key: view.sentences.column("value").to_pylist() for view in load_others(reader, run, trace_no, rule)
    }


def test_every_model_that_no_role_is_seen_with(path: Path) -> None:
    with open_reader(path) as reader:
        (run,) = reader.runs()
    assert [other.key for other in others_of(run)] == [
        "teacher:code",
        "control:decoy",
        "checkpoint:200",
        "checkpoint:400",
    ]
    seen = run.seen(teacher="control:decoy", distilled="checkpoint:200")
    assert [(other.group, other.name) for other in others_of(seen)] == [
        ("teachers", "math"),
        ("teachers", "code"),
        ("checkpoints", FINAL),
        ("checkpoints", "400"),
    ]


def test_values_are_those_of_each_model(path: Path) -> None:
    kinds = [kind for _, kind in TRACES[-1].sentences]
    with open_reader(path) as reader:
        (run,) = reader.runs()
        plain = _values(reader, run, len(TRACES) - 1, LabelRule.make())
        seen = _values(reader, run.seen(teacher="teacher:code"), len(TRACES) - 1, LabelRule.make())
    expected = [companions.probability("control:decoy", kind) for kind in kinds]
    assert plain["control:decoy"] == seen["control:decoy"] == [None if v != v else v for v in expected]
    # The unscored end is missing, and not zero.
    assert plain["teacher:code"][-1] is None
    own = [synthetic.PROBABILITIES[kind][0] for kind in kinds[:-1]]
    assert seen["teacher"] == [*own, None]
    assert "teacher:code" not in seen


@pytest.mark.parametrize(
    ("unit", "space"),
    [("own_token", "ratio"), ("common_token", "ratio"), ("common_token", "difference"), ("byte", "ratio")],
)
def test_values_follow_the_rule(path: Path, unit: str, space: str) -> None:
    sentences = TRACES[0].sentences
    with open_reader(path) as reader:
        (run,) = reader.runs()
        values = _values(reader, run, 0, LabelRule.make(unit=unit, space=space))["teacher:code"]
    for value, (text, kind) in zip(values, sentences, strict=True):
        logprob = math.log(companions.probability("teacher:code", kind))
        # Every model of these runs cuts a text into the same tokens.
        per_unit = logprob * synthetic.n_tokens_of(text) / len(text.encode()) if unit == "byte" else logprob
        # Sums and quotients of a few dozen doubles.
        assert value == pytest.approx(per_unit if space == "ratio" else math.exp(per_unit), rel=1e-12)


def test_a_run_of_one_triple_has_none(tmp_path: Path) -> None:
    synthetic.build(tmp_path / "plain.duckdb", TRACES)
    with open_reader(tmp_path / "plain.duckdb") as reader:
        (run,) = reader.runs()
        assert load_others(reader, run, 0, LabelRule.make()) == ()
