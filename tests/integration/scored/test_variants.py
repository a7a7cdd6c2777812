"""Controls that need no further model: other temperatures and other questions, scored with a run, later, and again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

import rdpt_core as rdpt
from rdpt_core.analysis.attribution.sources import can_attribute, sources_of
from rdpt_core.analysis.trace.others import others_of
from rdpt_core.analysis.which_teacher import chosen_teacher, has_several, teacher_choices
from rdpt_core.cli import main
from rdpt_core.records import ROLES, RoleResult
from rdpt_core.records.companions import Variant
from rdpt_core.scoring.backends.in_process import TransformersBackend
from rdpt_core.store.companions import column
from rdpt_core.store.reader import open_reader
from rdpt_core.store.run_store import DuckDBRunStore
from tests.integration.conftest import export, make_lines, write_lines
from tests.support.oracle import Oracle
from tests.support.tiny_models import save_model

TEMPERATURES = (2 / 3, 3 / 2)
AT_TEMPERATURES = tuple(Variant(role, one).key for role in ("student", "teacher") for one in TEMPERATURES)
OTHER_QUESTION = "variant:teacher-other-question"
VARIANTS = tuple(sorted((*AT_TEMPERATURES, OTHER_QUESTION)))


def command(model_flags: list[str], traces: Path, database: Path, *options: str) -> list[str]:
    return ["score", "--traces", str(traces), *model_flags, "--db", str(database), "--quiet", *options]


def rows(database: Path, table: str, where: str = "TRUE") -> pa.Table:
    """A table in an order of its own, whatever was stored first, without the times of a process."""
    with open_reader(database) as reader:
        found = reader.query(f"SELECT * FROM {table} WHERE {where} ORDER BY ALL")
    return found.select(sorted(found.column_names))


def same(one: Path, other: Path) -> bool:
    return all(rows(one, table).equals(rows(other, table)) for table in ("tokens", "sentences"))


def companions_in(database: Path) -> dict[str, bool]:
    """Key → whether it is finished."""
    with open_reader(database) as reader:
        (run,) = reader.runs()
        reader.check(run)
        return {companion.role: companion.is_finished for companion in run.companions}


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Which models are loaded, and how often."""
    counted: Counter[str] = Counter()
    load = TransformersBackend.load

    def load_and_count(self: TransformersBackend) -> None:
        counted[self.model.role] += 1
        load(self)

    monkeypatch.setattr(TransformersBackend, "load", load_and_count)
    return counted


@pytest.fixture(scope="session")
def controlled_once(triple: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of `scored_once` with all controls; tests only read it, or copy it."""
    folder = tmp_path_factory.mktemp("controlled")
    traces, database = write_lines(folder / "traces.jsonl", make_lines(30)), folder / "run.duckdb"
    models = [part for role in ROLES for part in (f"--{role}", str(triple / role))]
    assert main(command(models, traces, database, "--controls", "all")) == 0
    return database


def test_temperatures_agree_with_transformers_and_change_nothing_else(
    triple: Path, controlled_once: Path, scored_once: Path
) -> None:
    assert companions_in(controlled_once) == dict.fromkeys(VARIANTS, True)
    of_roles = "NOT contains(role, ':')"
    assert rows(controlled_once, "tokens", of_roles).equals(rows(scored_once, "tokens", of_roles))
    bare = rows(scored_once, "sentences")
    assert rows(controlled_once, "sentences").select(bare.column_names).equals(bare)
    for role in ("teacher", "student"):
        oracle = Oracle(triple / role)
        for temperature in TEMPERATURES:
            variant = Variant(role, temperature).key
            with open_reader(controlled_once) as reader:
                stored = reader.tokens(1, variant, range(8))
                sums = reader.query(
                    f"SELECT list({column('p', variant)}) AS p, sum({column('logprob_sum', variant)}) AS total "
                    "FROM sentences GROUP BY trace_no ORDER BY trace_no LIMIT 8"
                ).to_pylist()
            for trace_no, line in enumerate(make_lines(30)[:8]):
                logits = torch.from_numpy(oracle.logits(str(line["question"]), str(line["response"]))).double()
                tokens, reason = stored[trace_no]
                ids = torch.from_numpy(tokens.token_id.astype(np.int64))[:, None]
                expected = (logits / temperature).log_softmax(-1).gather(-1, ids)[:, 0].numpy()
                assert reason is None
                # As for a run: float32 logits by two ways, here larger by half.
                assert np.abs(tokens.logprob - expected).max() <= 1.5e-4
                assert sums[trace_no]["total"] == pytest.approx(float(expected.sum()), abs=1e-3)
                assert all(0 < p <= 1 for p in sums[trace_no]["p"])


def test_another_question_is_of_the_same_benchmark_and_never_the_own_one(triple: Path, controlled_once: Path) -> None:
    """The ring of a benchmark is found out by asking: exactly one other question gives the stored numbers."""
    oracle, lines = Oracle(triple / "teacher"), make_lines(30)
    with open_reader(controlled_once) as reader:
        stored = reader.tokens(1, OTHER_QUESTION, range(30))
    asked = {}
    for trace_no in (0, 1, 2, 5, 9):
        line, (tokens, _) = lines[trace_no], stored[trace_no]
        fitting = {
            (str(other["benchmark"]), str(other["question"]))
            for other in lines
            if np.abs(oracle.logprobs(str(other["question"]), str(line["response"]))[1] - tokens.logprob).max() <= 1e-4
        }
        assert len(fitting) == 1
        (asked[trace_no],) = fitting
        assert asked[trace_no][0] == line["benchmark"] and asked[trace_no][1] != line["question"]
    # Two traces of one question are asked the same.
    assert asked[0] == asked[1] and lines[0]["question"] == lines[1]["question"]


@pytest.mark.parametrize("way", [pytest.param("score", marks=pytest.mark.slow), "add"])
def test_controls_that_come_later_have_the_same_bytes_and_score_no_role_again(
    way: str, model_flags: list[str], tmp_path: Path, scored: Path, controlled_once: Path, loaded: Counter[str],
) -> None:  # fmt: skip
    if way == "score":
        again = command(model_flags, write_lines(tmp_path / "traces.jsonl", make_lines(30)), scored)
    else:
        again = ["score", "--add", "--db", str(scored), "--quiet"]
    assert main([*again, "--controls", "temperature"]) == 0
    assert loaded == {"teacher": 1, "student": 1}
    loaded.clear()
    assert main([*again, "--controls", "other-question", "temperature"]) == 0
    assert loaded == {OTHER_QUESTION: 1}
    assert same(scored, controlled_once)
    loaded.clear()
    assert main([*again, "--controls=all"]) == 0
    assert not loaded
    assert companions_in(scored) == dict.fromkeys(VARIANTS, True)


def test_a_temperature_changes_no_rank(model_flags: list[str], tmp_path: Path) -> None:
    traces = write_lines(tmp_path / "t.jsonl", make_lines(6))
    later, at_once = tmp_path / "later.duckdb", tmp_path / "once.duckdb"
    assert main(command(model_flags, traces, at_once, "--controls", "temperature", "--ranks")) == 0
    assert main(command(model_flags, traces, later, "--controls", "temperature")) == 0
    assert main(command(model_flags, traces, later, "--controls", "temperature", "--ranks")) == 0
    assert same(later, at_once)
    with open_reader(later) as reader:
        for key in AT_TEMPERATURES:
            role = Variant.parse(key).role
            for trace_no, (tokens, _) in reader.tokens(1, key, range(6)).items():
                own = reader.tokens(1, role, [trace_no])[trace_no][0]
                assert tokens.rank is not None and own.rank is not None
                assert tokens.rank.tolist() == own.rank.tolist()
        found = reader.query(
            f"SELECT count(*) AS n FROM sentences "
            f"WHERE {column('rank_sum', 'variant:teacher-t1.5')} IS DISTINCT FROM rank_sum_teacher"
        )
    assert found.to_pylist() == [{"n": 0}]


class BrokenOff(Exception):
    """In the place of the end of a process."""


@pytest.mark.parametrize(
    ("method", "n_calls"),
    [("commit", 4), pytest.param("finish", 0, marks=pytest.mark.slow), ("commit_companion", 2),
     pytest.param("finish_companion", 1, marks=pytest.mark.slow)],
)  # fmt: skip
def test_what_breaks_off_anywhere_is_completed_by_the_same_command(
    method: str, n_calls: int, model_flags: list[str], tmp_path: Path, controlled_once: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("rdpt_core.scoring.jobs.role_job._COMMIT_INTERVAL_S", -1.0)
    traces, broken = write_lines(tmp_path / "traces.jsonl", make_lines(30)), tmp_path / "broken.duckdb"
    both = command(model_flags, traces, broken, "--controls", "all", "--batch-tokens", "600")
    original, n_left = getattr(DuckDBRunStore, method), [n_calls]

    def some(self: DuckDBRunStore, *arguments: Any) -> Any:
        if not n_left[0]:
            raise BrokenOff
        n_left[0] -= 1
        return original(self, *arguments)

    with monkeypatch.context() as patched, pytest.raises(BrokenOff):
        patched.setattr(DuckDBRunStore, method, some)
        main(both)
    assert not all(companions_in(broken).values())
    assert main(both) == 0
    assert companions_in(broken) == dict.fromkeys(VARIANTS, True)
    assert same(broken, controlled_once)


def test_what_a_run_without_controls_had_scored_goes_on_with_them(
    model_flags: list[str], tmp_path: Path, controlled_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rdpt_core.scoring.jobs.role_job._COMMIT_INTERVAL_S", -1.0)
    traces, broken = write_lines(tmp_path / "traces.jsonl", make_lines(30)), tmp_path / "broken.duckdb"
    bare = command(model_flags, traces, broken, "--batch-tokens", "600")
    original = DuckDBRunStore.commit
    committed: list[str] = []

    def commit(self: DuckDBRunStore, run: Any, role: str, results: Sequence[RoleResult], *rest: Any) -> None:
        if role == "student" and committed.count(role) == 2:
            raise BrokenOff
        committed.append(role)
        original(self, run, role, results, *rest)

    with monkeypatch.context() as patched, pytest.raises(BrokenOff):
        patched.setattr(DuckDBRunStore, "commit", commit)
        main(bare)
    assert main([*bare, "--controls", "all"]) == 0
    assert same(broken, controlled_once)


def test_a_benchmark_of_one_question_is_unscored_for_a_reason_of_its_own(
    model_flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = make_lines(6)
    for line in lines[:2]:
        line["benchmark"] = "lonely"
    # Another id for the same text is no other question.
    lines[1] |= {"question_id": "copy", "question": f"  {lines[0]['question']} "}
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    assert main(command(model_flags, traces, database, "--controls", "other-question")) == 3
    said = capsys.readouterr().err
    assert "variant:teacher-other-question: " in said and "sentences unscored" in said
    assert companions_in(database) == {OTHER_QUESTION: True}
    with open_reader(database) as reader:
        found = reader.query(
            f"SELECT benchmark, list_distinct(list({column('unscored_reason', OTHER_QUESTION)})) AS reasons, "
            f"count({column('p', OTHER_QUESTION)}) AS n, count(p_teacher) AS n_teacher "
            "FROM sentences JOIN traces USING (run_no, trace_no) WHERE NOT is_mark GROUP BY benchmark ORDER BY 1"
        ).to_pylist()
    lonely = next(row for row in found if row["benchmark"] == "lonely")
    assert lonely["reasons"] == ["no_other_question"] and lonely["n"] == 0 < lonely["n_teacher"]
    # q1 and q2 are left, in one benchmark each: a benchmark decides, not the file.
    assert sorted(row["benchmark"] for row in found) == ["even", "lonely", "odd"]
    log = next(tmp_path.glob("*.unscored.jsonl")).read_text(encoding="utf-8")
    assert "no other question" in log and OTHER_QUESTION in log


def test_variants_are_no_sources_and_survive_resplit_and_export(
    controlled_once: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Path(shutil.copy(controlled_once, tmp_path / "run.duckdb"))
    with open_reader(database) as reader:
        run = reader.run(None)
        assert not can_attribute(run) and others_of(run) == ()
        assert [choice.key for choice in teacher_choices(run)] == [None] and not has_several(run)
        assert chosen_teacher(run.seen(teacher=OTHER_QUESTION)).name == "teacher-other-question"
        assert sources_of(run).roles == ("teacher", "student")
        seen = run.seen(teacher=OTHER_QUESTION)
        reader.see(seen)
        shown = reader.query("SELECT sum(p_teacher) AS p FROM sentences").to_pylist()
        reader.see()
        own = reader.query(f"SELECT sum({column('p', OTHER_QUESTION)}) AS p FROM sentences").to_pylist()
        assert shown == own
    assert main(["resplit", "--splitter", "line", "--db", str(database)]) == 0
    with open_reader(database) as reader:
        made = reader.run(None)
        assert [companion.role for companion in made.companions if companion.is_finished] == list(VARIANTS)
    tokens = export(database, "tokens", tmp_path / "tokens.jsonl")
    assert {str(row["role"]) for row in tokens} == {*ROLES, *VARIANTS}
    sentences = export(database, "sentences", tmp_path / "sentences.jsonl")
    for variant in VARIANTS:
        of_variant = [row["logprob"] for row in tokens if row["role"] == variant]
        name = f"logprob_sum_{variant.replace(':', '_')}"
        # Sums of floats in another order.
        assert sum(row[name] for row in sentences) == pytest.approx(sum(of_variant), rel=1e-6)  # type: ignore[misc,arg-type]
    assert main(["info", "--db", str(database)]) == 0
    told = capsys.readouterr().out
    assert "the student, its logits divided by 0.667, 30 of 30 traces" in told
    assert "the teacher, asked another question of the same benchmark, 30 of 30 traces" in told
    assert "are the same model" not in told


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_what_cannot_be_controlled_is_refused_in_one_line(
    triple: Path, model_flags: list[str], traces_file: Path, tmp_path: Path, scored: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    database = tmp_path / "none.duckdb"
    bare = command(model_flags, traces_file, database)
    assert "there is no such control" in refused([*bare, "--controls", "heat"], capsys)
    assert "--control NAME=REF" in refused([*bare, "--controls", f"decoy={triple / 'student'}"], capsys)
    named = f"teacher-t1.5={triple / 'student'}"
    assert "one name" in refused([*bare, "--control", named, "--controls", "temperature"], capsys)
    pair = [*command([], traces_file, database), *model_flags[2:], "--roles", "student,distilled"]
    assert "the run has no teacher" in refused([*pair, "--controls", "other-question"], capsys)
    toml = tmp_path / "models.toml"
    toml.write_text(
        "".join(f'[{role}]\nmodel = "{triple / role}"\n' for role in ROLES)
        + f'[variants.teacher-t2]\nmodel = "{triple / "teacher"}"\n',
        encoding="utf-8",
    )
    by_file = ["score", "--traces", str(traces_file), "--triple", str(toml), "--db", str(database)]
    assert "scored with --controls" in refused(by_file, capsys)
    assert not database.exists()
    added = ["score", "--add", "--db", str(scored), "--quiet"]
    assert "or --controls NAME" in refused(added, capsys)
    assert companions_in(scored) == {}


def test_add_finds_the_run_s_own_models_or_says_what_to_do(
    triple: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = {str(role): Path(shutil.copytree(triple / role, tmp_path / role)) for role in ROLES}
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(3)), tmp_path / "run.duckdb"
    rdpt.score(traces, database, quiet=True, **models)  # type: ignore[arg-type]
    add = ["score", "--add", "--db", str(database), "--controls", "temperature", "--quiet"]
    shutil.rmtree(models["student"])
    said = refused(add, capsys)
    assert "is not where it was" in said and "The command that scored the run adds them" in said
    save_model(models["student"], seed=99, context_length=512)
    assert "this is not the student that scored the run" in refused(add, capsys)
    assert companions_in(database) == {}
    shutil.rmtree(models["student"])
    shutil.copytree(triple / "student", models["student"])
    result = rdpt.add(database, controls=["temperature"], quiet=True)
    assert set(result.unscored_by_companion) == set(AT_TEMPERATURES)
