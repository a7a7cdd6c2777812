"""Further models beside a triple: scored with it, added later, broken off, and refused."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main
from rdpt_core.records import ROLES, RoleResult, RunKey, SentenceColumns
from rdpt_core.scoring.backends.in_process import TransformersBackend
from rdpt_core.store.reader import open_reader
from rdpt_core.store.run_store import DuckDBRunStore
from tests.integration.conftest import export, make_lines, write_lines
from tests.support.oracle import Oracle
from tests.support.tiny_models import byte_level_tokenizer, save_model

WHATS = ("sentences", "tokens", "traces")
COMPANIONS = ("teacher:code", "control:decoy", "checkpoint:400")


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three more models; the one called `code` cuts text into other tokens than the triple."""
    folder = tmp_path_factory.mktemp("others")
    save_model(folder / "code", seed=11, context_length=512, tokenizer=byte_level_tokenizer(330))
    save_model(folder / "decoy", seed=12, context_length=512)
    save_model(folder / "400", seed=13, context_length=512)
    return folder


@pytest.fixture
def flags(others: Path) -> list[str]:
    code, decoy, early = (f"{name}={others / name}" for name in ("code", "decoy", "400"))
    return ["--teacher", code, "--control", decoy, "--checkpoint", early]


@pytest.fixture(scope="session")
def with_code(scored_once: Path, others: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scored run with one companion; tests only read it, or copy it."""
    database = Path(shutil.copy(scored_once, tmp_path_factory.mktemp("companions") / "run.duckdb"))
    add = ["score", "--add", "--db", str(database), "--teacher", f"code={others / 'code'}", "--quiet"]
    assert main(add) == 0
    return database


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Which models are loaded, and how many traces each scores."""
    counted: Counter[str] = Counter()
    load, score_batch = TransformersBackend.load, TransformersBackend._score_batch

    def load_and_count(self: TransformersBackend) -> None:
        counted[f"load {self.model.role}"] += 1
        load(self)

    def score_and_count(self: TransformersBackend, kernel: Any, batch: Any) -> Any:
        counted[f"score {self.model.role}"] += len(batch)
        return score_batch(self, kernel, batch)

    monkeypatch.setattr(TransformersBackend, "load", load_and_count)
    monkeypatch.setattr(TransformersBackend, "_score_batch", score_and_count)
    return counted


def exports(database: Path, folder: Path) -> list[bytes]:
    """What is exported, and every row of the tables, to the last bit."""
    for what in WHATS:
        export(database, what, folder / f"{what}.jsonl")
    with open_reader(database) as reader:
        sentences = reader.query("SELECT * FROM sentences ORDER BY trace_no, sentence_index")
        tokens = reader.query("SELECT * FROM tokens ORDER BY role, trace_no")
    tables = [
        repr({name: table[name].to_pylist() for name in sorted(table.column_names)}) for table in (sentences, tokens)
    ]
    return [*((folder / f"{what}.jsonl").read_bytes() for what in WHATS), *(text.encode() for text in tables)]


def companions_in(database: Path) -> dict[str, bool]:
    """Key → whether it is finished."""
    with open_reader(database) as reader:
        (run,) = reader.runs()
        return {companion.role: companion.is_finished for companion in run.companions}


def test_one_added_later_has_the_bytes_of_one_scored_with_the_run(
    model_flags: list[str], flags: list[str], traces_file: Path, tmp_path: Path, scored: Path, work: Counter[str]
) -> None:
    together, later = tmp_path / "together.duckdb", scored
    triple = ["score", "--traces", str(traces_file), *model_flags, "--quiet"]
    assert main([*triple, *flags, "--db", str(together)]) == 0
    assert work == {f"{what} {key}": n for what, n in (("load", 1), ("score", 30)) for key in (*ROLES, *COMPANIONS)}
    traces_file.unlink()
    work.clear()
    # In another order, and one after the other.
    for pair in (flags[4:], flags[:2], flags[2:4]):
        assert main(["score", "--add", "--db", str(later), *pair, "--quiet"]) == 0
    assert work == {f"{what} {key}": n for what, n in (("load", 1), ("score", 30)) for key in COMPANIONS}
    assert exports(later, tmp_path) == exports(together, tmp_path)
    work.clear()
    assert main(["score", "--add", "--db", str(later), *flags, "--quiet"]) == 0
    assert not work
    assert companions_in(later) == dict.fromkeys(COMPANIONS, True)


def test_more_models_on_the_same_command_score_nothing_again(
    model_flags: list[str], flags: list[str], traces_file: Path, tmp_path: Path, with_code: Path, work: Counter[str]
) -> None:
    database = Path(shutil.copy(with_code, tmp_path / "run.duckdb"))
    triple = ["score", "--traces", str(traces_file), *model_flags, "--db", str(database), "--quiet"]
    run_id = rdpt.open(database).run().info.run_id
    assert main([*triple, *flags]) == 0
    assert {name.partition(" ")[2] for name in work} == set(COMPANIONS[1:])
    assert rdpt.open(database).run().info.run_id == run_id


def test_a_companion_s_tokens_agree_with_the_oracle_and_its_sums_add_up(others: Path, with_code: Path) -> None:
    oracle = Oracle(others / "code")
    with open_reader(with_code) as reader:
        sums = reader.query(
            "SELECT trace_id, sum(n_tokens_teacher_code)::INTEGER AS n, sum(logprob_sum_teacher_code) AS total, "
            "max(abs(p_teacher_code - exp(logprob_sum_teacher_code / n_tokens_teacher_code))) AS off, "
            "bool_and(first_logprob_teacher_code <= 0) AS has_first, count(unscored_reason_teacher_code) AS n_unscored "
            "FROM sentences JOIN traces USING (run_no, trace_no) GROUP BY trace_id"
        ).to_pylist()
        tokens = reader.tokens(1, "teacher:code", range(8))
    by_trace = {row["trace_id"]: row for row in sums}
    for trace_no, line in enumerate(make_lines(30)[:8]):
        ids, logprobs = oracle.logprobs(str(line["question"]), str(line["response"]))
        mine, reason = tokens[trace_no]
        assert (mine.token_id.tolist(), reason) == (ids, None)
        assert np.abs(mine.logprob - logprobs).max() <= 1e-4
        row = by_trace[str(line["trace_id"])]
        assert row["n"] == len(ids)
        assert row["total"] == pytest.approx(float(logprobs.sum()), abs=1e-3)
        assert (row["off"] < 1e-12, row["has_first"], row["n_unscored"]) == (True, True, 0)


class BrokenOff(Exception):
    """In the place of the end of a process."""


@pytest.mark.parametrize(
    "n_commits", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(3, marks=pytest.mark.slow)]
)
def test_what_breaks_off_goes_on_and_repeats_nothing(
    flags: list[str],
    tmp_path: Path,
    scored: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Counter[str],
    n_commits: int,
) -> None:
    monkeypatch.setattr("rdpt_core.scoring.jobs.role_job._COMMIT_INTERVAL_S", -1.0)
    small = ["--batch-tokens", "600", "--quiet"]
    whole, broken = Path(shutil.copy(scored, tmp_path / "whole.duckdb")), scored
    assert main(["score", "--add", "--db", str(whole), *flags[:4], *small]) == 0
    work.clear()
    original, committed = DuckDBRunStore.commit_companion, []

    def commit_some(
        self: DuckDBRunStore, run: RunKey, role: str, results: Sequence[RoleResult], rows: Sequence[SentenceColumns]
    ) -> None:
        if len(committed) == n_commits:
            raise BrokenOff
        original(self, run, role, results, rows)
        committed.append(len(results))

    add = ["score", "--add", "--db", str(broken), *flags[:4], *small]
    with monkeypatch.context() as patched:
        patched.setattr(DuckDBRunStore, "commit_companion", commit_some)
        with pytest.raises(BrokenOff):
            main(add)
    assert companions_in(broken) == {"teacher:code": False, "control:decoy": False}
    # The run itself is whole all the while, and a companion that is not counts for nothing.
    assert rdpt.open(broken).run().sentences().num_rows > 0
    with pytest.raises(rdpt.UsageError, match="no such companion"), open_reader(broken) as reader:
        reader.run(None).seen(teacher="teacher:code")
    work.clear()
    assert main(add) == 0
    assert work["score teacher:code"] == 30 - sum(committed)
    assert work["score control:decoy"] == 30
    assert exports(broken, tmp_path) == exports(whole, tmp_path)


def refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(command) == 2
    return capsys.readouterr().err


def test_a_name_stands_for_one_model(
    model_flags: list[str], flags: list[str], others: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], work: Counter[str],
) -> None:  # fmt: skip
    traces, database = write_lines(tmp_path / "t.jsonl", make_lines(3)), tmp_path / "run.duckdb"
    named = ["--teacher", f"math={model_flags[1]}", *model_flags[2:]]
    command = ["score", "--traces", str(traces), *named, "--db", str(database), "--quiet"]
    assert main([*command, *flags[:2]]) == 0
    before = exports(database, tmp_path)
    work.clear()
    add = ["score", "--add", "--db", str(database), "--quiet"]
    for given in (
        ["--teacher", f"code={others / 'decoy'}"],
        ["--teacher", f"Code={others / 'code'}"],
        ["--control", f"math={others / 'decoy'}"],
        ["--teacher", f"code={others / 'code'}", "--dtype", "bfloat16"],
        ["--teacher", f"code={others / 'code'}", "--template-arguments", "teacher:code:thinking=true"],
    ):
        said = refused([*add, *given], capsys)
        assert said.count("\n") == 1, said
        assert "name" in said or "no such argument" in said, said
    assert "name" in refused([*command, "--teacher", f"code={others / 'decoy'}"], capsys)
    assert not work
    assert exports(database, tmp_path) == before


def test_what_add_does_not_take(
    model_flags: list[str],
    flags: list[str],
    traces_file: Path,
    tmp_path: Path,
    scored: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nowhere = refused(["score", "--add", "--db", str(tmp_path / "none.duckdb"), *flags[:2], "--quiet"], capsys)
    assert "no database" in nowhere or "there is no" in nowhere
    database = scored
    add = ["score", "--add", "--db", str(database), *flags[:2], "--quiet"]
    assert "--add with --traces" in refused([*add, "--traces", str(traces_file)], capsys)
    assert "--add with --template" in refused([*add, "--template", "own"], capsys)
    assert "--add with --name" in refused([*add, "--name", "x"], capsys)
    assert "--distilled with --add" in refused([*add, "--distilled", "x"], capsys)
    assert "no model is named" in refused(["score", "--add", "--db", str(database)], capsys)
    assert "needs a name" in refused(["score", "--add", "--db", str(database), "--teacher", "org/name"], capsys)
    assert "--run" in refused(["score", "--run", "x", "--db", str(database)], capsys)
    assert "--traces FILE, or --add" in refused(["score", "--db", str(database), *model_flags], capsys)
    assert companions_in(database) == {}


@pytest.mark.slow
def test_prompts_by_the_distilled_model_s_template_are_made_alike(
    triple: Path, model_flags: list[str], flags: list[str], traces_file: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    together, later = tmp_path / "together.duckdb", tmp_path / "later.duckdb"
    command = ["score", "--traces", str(traces_file), *model_flags, "--template", "distilled", "--quiet"]
    assert main([*command, *flags[:2], "--db", str(together)]) == 0
    assert main([*command, "--db", str(later)]) == 0
    add = ["score", "--add", "--db", str(later), *flags[:2], "--quiet"]
    assert "not the distilled model of the run" in refused([*add, "--distilled", str(triple / "teacher")], capsys)
    assert main([*add, "--distilled", str(triple / "distilled")]) == 0
    assert main(add) == 0
    assert exports(later, tmp_path) == exports(together, tmp_path)
    with open_reader(later) as reader:
        (companion,) = reader.runs()[0].companions
    assert companion.model.template == "distilled"


@pytest.mark.slow
def test_ranks_of_a_companion_come_with_it_or_later(
    model_flags: list[str], flags: list[str], traces_file: Path, tmp_path: Path
) -> None:
    at_once, later = tmp_path / "once.duckdb", tmp_path / "later.duckdb"
    triple = ["score", "--traces", str(traces_file), *model_flags, "--limit", "6", "--quiet"]
    ranks = "SELECT trace_no, sentence_index, rank_sum_teacher_code AS n FROM sentences ORDER BY ALL"
    found = []
    for database, rounds in ((at_once, (["--ranks"],)), (later, ([], ["--ranks"]))):
        assert main([*triple, "--db", str(database)]) == 0
        for more in rounds:
            assert main(["score", "--add", "--db", str(database), *flags[:2], *more, "--quiet"]) == 0
        with open_reader(database) as reader:
            found.append(reader.query(ranks).to_pylist())
    assert found[0] == found[1]
    assert all(row["n"] > 0 for row in found[0])


def test_what_a_companion_could_not_score_is_counted_and_told(
    model_flags: list[str], traces_file: Path, tmp_path: Path, scored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = save_model(tmp_path / "short", seed=4, context_length=64)
    database = scored
    triple = ["score", "--traces", str(traces_file), *model_flags, "--db", str(database), "--quiet"]
    assert main(["score", "--add", "--db", str(database), "--control", f"short={short}", "--quiet"]) == 3
    said = capsys.readouterr().err
    with open_reader(database) as reader:
        (row,) = reader.query(
            "SELECT count(*) FILTER (p_control_short IS NULL) AS n, count(unscored_reason) AS own, "
            "list_distinct(list(unscored_reason_control_short)) AS reasons "
            "FROM sentences WHERE NOT is_mark"
        ).to_pylist()
    assert row["n"] > 0 and row["own"] == 0 and row["reasons"] == ["context_length"]
    assert "control:short: 30 traces, " in said and f"{row['n']:,} unscored" in said
    result = rdpt.add(database, control={"short": short}, quiet=True)
    assert result.unscored_by_companion == {"control:short": row["n"]}
    assert main([*triple, "--control", f"short={short}"]) == 3


@pytest.mark.slow
def test_one_model_under_two_names_is_told(triple: Path, scored: Path, caplog: pytest.LogCaptureFixture) -> None:
    rdpt.add(scored, teacher={"twin": triple / "teacher"}, quiet=True)
    assert "teacher and teacher:twin are the same model" in caplog.text


def test_a_routed_teacher_is_kept(model_flags: list[str], tmp_path: Path) -> None:
    lines = make_lines(3)
    lines[0]["teacher_id"], lines[1]["teacher_id"] = "code", 7
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(traces), *model_flags, "--db", str(database), "--quiet"]) == 0
    with open_reader(database) as reader:
        assert [trace.teacher_id for trace in reader.traces(1, 0, 3)] == ["code", "7", None]
        assert all("teacher_id" not in json.dumps(dict(trace.meta)) for trace in reader.traces(1, 0, 3))


def test_a_file_names_them_all(triple: Path, others: Path, traces_file: Path, tmp_path: Path) -> None:
    toml, database = tmp_path / "models.toml", tmp_path / "run.duckdb"
    tables = [f'[{role}]\nmodel = "{triple / role}"\n' for role in ROLES]
    tables[0] += 'name = "math"\n'
    toml.write_text("".join(tables), encoding="utf-8")
    rdpt.score(traces_file, database, triple=toml, limit=4, quiet=True)
    toml.write_text("".join([*tables, f'[teachers.code]\nmodel = "{others / "code"}"\n']), encoding="utf-8")
    rdpt.add(database, triple=toml, quiet=True)
    with open_reader(database) as reader:
        (run,) = reader.runs()
    assert [model.name for model in run.models] == ["math", None, None]
    assert [companion.role for companion in run.companions] == ["teacher:code"]
