"""From a file of traces to an export, under an oracle that shares no code with the engine."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.cli import main
from rdpt_core.config import ModelSet, parse_reference
from rdpt_core.records import ROLES, Role, RoleResult, RunKey, SentenceColumns, TemplatePolicy
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.pipeline import score_run
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.store.reader import open_reader
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.store.writer import NO_VARIANTS
from rdpt_core.traces import RejectLog, iter_traces
from tests.integration.conftest import export, make_lines, write_lines
from tests.support.oracle import Oracle
from tests.support.tiny_models import metaspace_tokenizer, save_model


def test_every_token_agrees_with_the_oracle_and_every_sum_adds_up(
    triple: Path, scored_once: Path, tmp_path: Path
) -> None:
    tokens = export(scored_once, "tokens", tmp_path / "tokens.jsonl")
    sentences = export(scored_once, "sentences", tmp_path / "sentences.jsonl")
    for role in ROLES:
        oracle = Oracle(triple / role)
        for line in make_lines(30):
            ids, logprobs = oracle.logprobs(str(line["question"]), str(line["response"]))
            mine = [row for row in tokens if row["trace_id"] == line["trace_id"] and row["role"] == role]
            assert [row["token_id"] for row in mine] == ids
            assert np.abs(np.array([row["logprob"] for row in mine]) - logprobs).max() <= 1e-4
            own = [row for row in sentences if row["trace_id"] == line["trace_id"]]
            assert sum(row[f"n_tokens_{role}"] for row in own) == len(ids)
            total = sum(row[f"logprob_sum_{role}"] for row in own)
            assert total == pytest.approx(float(logprobs.sum()), abs=1e-3)
    for line in make_lines(30):
        own = [row for row in sentences if row["trace_id"] == line["trace_id"]]
        assert "".join(str(row["text"]) for row in own) == line["response"]
        assert [row["char_start"] for row in own][1:] == [row["char_end"] for row in own][:-1]
    for row in sentences:
        for role in ROLES:
            mean = row[f"logprob_sum_{role}"] / row[f"n_tokens_{role}"]
            assert row[f"p_{role}"] == pytest.approx(math.exp(mean), rel=1e-12)
            assert 0 < row[f"p_{role}"] <= 1


def test_a_vocabulary_of_150k_agrees_with_the_oracle(tmp_path: Path) -> None:
    """Another tokenizer and a head far wider than one chunk; the model has more rows than the tokenizer has tokens."""
    from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence

    folder = save_model(tmp_path / "wide", vocab_size=150_000, tokenizer=metaspace_tokenizer(), seed=3)
    oracle = Oracle(folder)
    kernel = CausalKernel(oracle.model)
    assert not kernel.plain
    sequences, expected = [], []
    for line in make_lines(12):
        ids, logprobs = oracle.logprobs(str(line["question"]), str(line["response"]))
        text = oracle.tokenizer.apply_chat_template(
            [{"role": "user", "content": line["question"]}], tokenize=False, add_generation_prompt=True
        )
        prompt_ids = oracle.tokenizer(text, add_special_tokens=False)["input_ids"]
        sequences.append(TokenSequence(prompt_ids, np.array(ids, dtype=np.int32)))
        expected.append(logprobs)
    for mine, theirs in zip(kernel.score(sequences), expected, strict=True):
        assert np.abs(mine - theirs).max() <= 1e-4


class FailingStore(DuckDBRunStore):
    """Breaks off after some commits, as a killed process does, and counts what was scored."""

    def __init__(self, path: Path, commits_before_failure: int | None) -> None:
        super().__init__(path)
        self.commits_left = commits_before_failure
        self.committed: list[int] = []

    def commit(
        self,
        run: RunKey,
        role: Role,
        results: Sequence[RoleResult],
        sentences: Sequence[SentenceColumns],
        variants: Mapping[str, Sequence[RoleResult]] = NO_VARIANTS,
    ) -> None:
        if self.commits_left == 0:
            raise KeyboardInterrupt
        if self.commits_left is not None:
            self.commits_left -= 1
        super().commit(run, role, results, sentences, variants)
        self.committed.append(len(results))


def test_an_interrupted_run_goes_on_and_repeats_nothing_that_was_stored(
    triple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rdpt_core.scoring.jobs.role_job._COMMIT_INTERVAL_S", -1.0)
    traces = write_lines(tmp_path / "t.jsonl", make_lines(40))
    models = ModelSet({role: parse_reference(str(triple / role)) for role in ROLES})
    request = ScoreRequest(models=models, batch_tokens=600, quiet=True)

    def read() -> object:
        return iter_traces([traces], rejects=RejectLog(None))

    whole, broken = tmp_path / "whole.duckdb", tmp_path / "broken.duckdb"
    score_run(request, read, DuckDBRunStore(whole))
    # Broken off before anything was stored, then after 1, 4 and 9 commits in all: each goes on from the one before.
    stores = [FailingStore(broken, more) for more in (0, 1, 3, 5)]
    for store in stores:
        with pytest.raises(KeyboardInterrupt):
            score_run(request, read, store)
    assert [len(store.committed) for store in stores] == [0, 1, 3, 5]
    last = FailingStore(broken, None)
    score_run(request, read, last)
    assert sum(sum(store.committed) for store in (*stores, last)) == 3 * 40
    for what in ("sentences", "tokens", "traces"):
        assert export(broken, what, tmp_path / "b.jsonl") == export(whole, what, tmp_path / "w.jsonl")
        assert (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "w.jsonl").read_bytes()
    # Once more: nothing is left to do, and no second run appears.
    score_run(request, read, FailingStore(broken, 0))
    with open_reader(broken) as reader:
        assert len(reader.runs()) == 1


def test_beyond_the_context_the_whole_sentences_that_fit_are_scored(
    model_flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = make_lines(2)
    lines[1]["response"] = "This sentence goes on for a while, with some words. " * 60
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    command = ["score", "--traces", str(traces), *model_flags, "--quiet"]
    assert main([*command, "--db", str(database)]) == 3
    rows = [row for row in export(database, "sentences", tmp_path / "s.jsonl") if row["trace_id"] == "t1"]
    reasons = [row["unscored_reason"] for row in rows]
    n_scored = reasons.index("context_length")
    assert 0 < n_scored < 60
    assert reasons == [None] * n_scored + ["context_length"] * (60 - n_scored)
    assert all(row["label"] is None and row["p_teacher"] is None for row in rows[n_scored:])
    assert all(row["label"] is not None for row in rows[:n_scored])
    tokens = export(database, "tokens", tmp_path / "t_out.jsonl")
    own = [row for row in tokens if row["trace_id"] == "t1" and row["role"] == "teacher"]
    # Every token that fits is scored; the sentence that is cut, and all that follow, are not.
    n_tokens = sum(row["logprob"] is not None for row in own)
    assert all((row["logprob"] is not None) == (row["token_index"] < n_tokens) for row in own)
    assert own[n_tokens]["sentence_index"] == n_scored
    assert main(["info", "--db", str(database), "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["runs"][0]["unscored"] == {"context_length": 60 - n_scored}

    refused = tmp_path / "refused.duckdb"
    assert main([*command, "--db", str(refused), "--too-long", "refuse"]) == 3
    rows = [row for row in export(refused, "sentences", tmp_path / "s.jsonl") if row["trace_id"] == "t1"]
    assert {row["unscored_reason"] for row in rows} == {"context_length"}


def test_what_changes_a_number_changes_the_run_and_nothing_else_does(triple: Path, traces_file: Path) -> None:
    from dataclasses import replace

    from rdpt_core.scoring.jobs.identity import make_claim, survey_traces
    from rdpt_core.traces import get_splitter

    models = ModelSet({role: parse_reference(str(triple / role)) for role in ROLES})
    base = ScoreRequest(models=models)
    survey = survey_traces(iter_traces([traces_file], rejects=RejectLog(None)), TemplatePolicy.OWN)

    def run_id(request: ScoreRequest) -> str:
        return make_claim(request, make_backends(request), survey, get_splitter()).run_id

    same = [base, replace(base, batch_tokens=7), replace(base, name="other"), replace(base, quiet=True)]
    assert len({run_id(request) for request in same}) == 1
    swapped = ModelSet({**models.references, Role.TEACHER: models.references[Role.STUDENT]})
    different = [
        base,
        replace(base, dtype="bfloat16"),
        replace(base, template_policy=TemplatePolicy.DISTILLED),
        replace(base, models=swapped),
    ]
    assert len({run_id(request) for request in different}) == len(different)


def test_teacher_and_student_alone(triple: Path, traces_file: Path, tmp_path: Path) -> None:
    database = tmp_path / "pair.duckdb"
    flags = ["--teacher", str(triple / "teacher"), "--student", str(triple / "student"), "--roles", "teacher,student"]
    assert main(["score", "--traces", str(traces_file), *flags, "--db", str(database), "--quiet"]) == 0
    rows = export(database, "sentences", tmp_path / "s.jsonl")
    assert {row["label"] for row in rows} <= {"Teacher", "Student", "Common"}
    assert all(row["p_distilled"] is None and row["unscored_reason"] is None for row in rows)


def test_student_and_distilled_alone(
    triple: Path, traces_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "pair.duckdb"
    flags = ["--student", str(triple / "student"), "--distilled", str(triple / "distilled")]
    roles = ["--roles", "student,distilled", "--template", "distilled"]
    assert main(["score", "--traces", str(traces_file), *flags, *roles, "--db", str(database), "--quiet"]) == 0
    rows = export(database, "sentences", tmp_path / "s.jsonl")
    assert {row["label"] for row in rows} <= {"Gained", "Kept", "Lost"}
    assert all(row["p_teacher"] is None and row["unscored_reason"] is None for row in rows)
    counts = export(database, "traces", tmp_path / "t.jsonl")[0]
    assert {"n_gained", "n_kept", "n_lost"} <= set(counts) and not {"n_teacher", "n_common"} & set(counts)
    assert {row["role"] for row in export(database, "tokens", tmp_path / "k.jsonl")} == {"student", "distilled"}
    capsys.readouterr()
    assert main(["info", "--db", str(database), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["roles"] == ["student", "distilled"]


def test_traces_may_hold_anything(model_flags: list[str], tmp_path: Path) -> None:
    hostile = [
        "",
        " \n\t ",
        "\u200b" * 500,
        "<script>alert(1)</script> \u202e reversed \u0000 nul \ufffd",
        "<s><|user|></s> special tokens as text.",
        "e\u0301 decomposed. 数学。👩‍👩‍👧‍👦 family!",
        "x" * 400,
    ]
    lines: list[dict[str, object]] = [
        {"question": f"q{number}", "response": response} for number, response in enumerate(hostile)
    ]
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(traces), *model_flags, "--db", str(database), "--quiet"]) in (0, 3)
    rows = export(database, "sentences", tmp_path / "s.jsonl")
    texts: dict[object, str] = {}
    for row in rows:
        texts[row["trace_id"]] = texts.get(row["trace_id"], "") + str(row["text"])
    assert sorted(texts.values()) == sorted(response for response in hostile if response)
    assert len(export(database, "traces", tmp_path / "t_out.jsonl")) == len(hostile)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_exports_have_the_documented_columns(scored_once: Path, tmp_path: Path, ending: str) -> None:
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet

    out = tmp_path / f"out.{ending}"
    readers = {
        "parquet": pyarrow.parquet.read_table,
        "csv": lambda path: pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)),
        "jsonl": pyarrow.json.read_json,
    }
    for what, columns in (("sentences", SENTENCE_COLUMNS), ("tokens", TOKEN_COLUMNS)):
        assert main(["export", "--db", str(scored_once), "--what", what, "--out", str(out)]) == 0
        table = readers[ending](out)
        assert table.column_names == columns
        assert table.num_rows > 0


SENTENCE_COLUMNS = [
    "run_id",
    "trace_id",
    "question_id",
    "benchmark",
    "domain",
    "model",
    "sample",
    "correct",
    "sentence_index",
    "char_start",
    "char_end",
    "text",
    "n_tokens_teacher",
    "n_tokens_student",
    "n_tokens_distilled",
    "logprob_sum_teacher",
    "logprob_sum_student",
    "logprob_sum_distilled",
    "p_teacher",
    "p_student",
    "p_distilled",
    "label",
    "direction",
    "margin",
    "unscored_reason",
    "kind",
]
TOKEN_COLUMNS = [
    "run_id",
    "trace_id",
    "role",
    "token_index",
    "token_id",
    "char_start",
    "char_end",
    "logprob",
    "sentence_index",
]


def test_another_splitter_needs_no_model(
    model_flags: list[str], traces_file: Path, tmp_path: Path, scored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`resplit` gives the run that scoring with that splitter gives: the same identity and the same rows."""
    resplit, straight = scored, tmp_path / "straight.duckdb"
    command = ["score", "--traces", str(traces_file), *model_flags, "--quiet"]
    for splitter in ("line", "paragraph", "step"):
        assert main([*command, "--db", str(straight), "--splitter", splitter]) == 0
        assert main(["resplit", "--db", str(resplit), "--run", "traces", "--splitter", splitter]) == 0
        for what in ("sentences", "tokens", "traces"):
            mine = export(resplit, what, tmp_path / "mine.jsonl")
            assert mine and mine == export(straight, what, tmp_path / "theirs.jsonl")
    assert main(["resplit", "--db", str(resplit), "--run", "traces"]) == 2
    assert "has that splitter already" in capsys.readouterr().err
    with open_reader(resplit) as reader:
        assert [run.splitter for run in reader.runs()] == ["sentence", "line", "paragraph", "step"]


def test_resplitting_an_overlong_trace_loses_nothing(model_flags: list[str], tmp_path: Path) -> None:
    """What fits a context is scored token by token, so coarse sentences hide nothing from finer ones."""
    lines = make_lines(2)
    lines[1]["response"] = "This sentence goes on for a while, with some words. " * 60
    traces = write_lines(tmp_path / "t.jsonl", lines)
    coarse, fine = tmp_path / "coarse.duckdb", tmp_path / "fine.duckdb"
    command = ["score", "--traces", str(traces), *model_flags, "--quiet", "--db"]
    assert main([*command, str(coarse), "--splitter", "paragraph"]) == 3
    assert main(["resplit", "--db", str(coarse), "--splitter", "sentence"]) == 3
    assert main([*command, str(fine)]) == 3
    for what in ("sentences", "tokens"):
        assert export(coarse, what, tmp_path / "a.jsonl") == export(fine, what, tmp_path / "b.jsonl")


def test_a_conversation_that_a_template_refuses_stops_nothing_else(
    model_flags: list[str], triple: Path, tmp_path: Path
) -> None:
    template = (
        "{% for m in messages %}{% if m.role != 'user' %}{{ raise_exception('only users') }}{% endif %}"
        "<|user|>{{ m.content }}{% endfor %}<|assistant|>"
    )
    picky = save_model(tmp_path / "picky", seed=9, chat_template=template)
    flags = [str(picky) if part == str(triple / "student") else part for part in model_flags]
    lines = make_lines(2)
    lines[1]["messages"] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    del lines[1]["question"]
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(traces), *flags, "--quiet", "--db", str(database)]) == 3
    rows = export(database, "sentences", tmp_path / "s.jsonl")
    by_trace = {trace: {row["unscored_reason"] for row in rows if row["trace_id"] == trace} for trace in ("t0", "t1")}
    assert by_trace == {"t0": {None}, "t1": {"template_refused"}}


def test_tool_calls_that_a_template_does_not_show_are_noted_and_shown_by_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}<|assistant|>"
    shown = turns.replace("{{ m.content }}", "{{ m.content }}{{ m.tool_calls | tojson if m.tool_calls }}")
    for seed, (role, template) in enumerate({"teacher": shown, "student": turns}.items()):
        save_model(tmp_path / role, seed=seed, chat_template=template)
    lines = make_lines(3)
    for line, city in zip(lines[1:], ("Oslo", "Rome"), strict=True):
        call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"city": city}}}
        line["messages"] = [
            {"role": "user", "content": "How warm?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "x", "tool_call_id": "c1"},
        ]
        line["response"] = "It is warm."
        del line["question"]
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    models = [f"--{role}={tmp_path / role}" for role in ("teacher", "student")]
    command = ["score", "--traces", str(traces), *models, "--roles", "teacher,student", "--db", str(database)]
    assert main([*command, "--quiet"]) == 0
    said = capsys.readouterr().err
    assert "note: student: the chat template shows no tool calls, so 2 of the first 2 traces" in said
    assert "teacher: the chat template shows" not in said
    with open_reader(database) as reader:
        (run,) = reader.runs()
        read = reader.traces(run.run_no, 0, 3)
        teacher, student = (
            [tokens.logprob for tokens, _ in reader.tokens(run.run_no, role, [1, 2]).values()]
            for role in (Role.TEACHER, Role.STUDENT)
        )
    assert read[1].messages[1].tool_calls[0].arguments == '{"city": "Oslo"}'
    assert len(run.notes) == 1
    assert np.abs(teacher[0] - teacher[1]).max() > 1e-4
    assert np.abs(student[0] - student[1]).max() < 1e-5


def test_a_template_without_end_stops_before_anything_is_stored(
    model_flags: list[str],
    triple: Path,
    traces_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rdpt_core.scoring.models.prompts.chat_template.LIMIT_S", 0.5)
    template = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    endless = save_model(tmp_path / "endless", seed=9, chat_template=template)
    flags = [str(endless) if part == str(triple / "distilled") else part for part in model_flags]
    database = tmp_path / "run.duckdb"
    assert main(["score", "--traces", str(traces_file), *flags, "--quiet", "--db", str(database)]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert said[-1].endswith("`--template raw` renders none.") and str(endless) in said[-1]
    assert "does not come to an end" in said[-1] and not database.exists()


def test_one_trace_without_a_question_stops_nothing_else(
    model_flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = make_lines(3)
    lines[1]["prompt"] = lines[1].pop("question")
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    assert main(["validate", "--traces", str(traces)]) == 3
    assert "unscored:             1 without a question" in capsys.readouterr().out
    command = ["score", "--traces", str(traces), *model_flags, "--quiet", "--db", str(database)]
    assert main(command) == 3
    rows = export(database, "sentences", tmp_path / "s.jsonl")
    assert {(row["trace_id"], row["unscored_reason"]) for row in rows} == {
        ("t0", None),
        ("t1", "no_question"),
        ("t2", None),
    }
    (log,) = tmp_path.glob("run.duckdb.*.unscored.jsonl")
    told = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(line["role"], line["trace_id"]) for line in told] == [(role, "t1") for role in ROLES]
    assert all("--template raw" in line["detail"] for line in told)
    # With ranks, what has none is asked for once more, and told once.
    assert main([*command, "--ranks"]) == 3
    assert log.read_text(encoding="utf-8").splitlines() == [json.dumps(line, ensure_ascii=False) for line in told]
    # A policy that can render no trace at all is a wrong choice, and said to be one.
    assert main([*command, "--template", "raw", "--limit", "1"]) == 2
    assert f"`raw` can render no trace: {traces}; expected traces with a field `prompt`" in capsys.readouterr().err


def test_ranks_complete_a_run_that_has_none_and_change_no_number(
    triple: Path, model_flags: list[str], traces_file: Path, tmp_path: Path, scored: Path
) -> None:
    database = scored
    command = ["score", "--traces", str(traces_file), *model_flags, "--db", str(database), "--quiet"]
    before = export(database, "tokens", tmp_path / "before.jsonl")
    assert main([*command, "--ranks"]) == 0
    assert export(database, "tokens", tmp_path / "after.jsonl") == before
    oracle = Oracle(triple / "student")
    line = make_lines(1)[0]
    with open_reader(database) as reader:
        (run,) = reader.runs()
        stored = reader.tokens(run.run_no, Role.STUDENT, [0])[0][0]
        n_missing = reader.query("SELECT count(*) AS n FROM sentences WHERE rank_sum_student IS NULL").to_pylist()
    assert n_missing == [{"n": 0}]
    logits = oracle.logits(str(line["question"]), str(line["response"]))
    chosen = logits[np.arange(len(stored)), stored.token_id]
    assert stored.rank is not None
    assert stored.rank.tolist() == ((logits > chosen[:, None]).sum(axis=1) + 1).tolist()
    # Without the option the ranks stay, and nothing is scored again.
    assert main(command) == 0
    with open_reader(database) as reader:
        assert reader.scored_trace_nos(run.run_no, Role.STUDENT, ranked=True) == set(range(run.n_traces))


SWITCHED = (
    "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}<|assistant|>"
    "{% if thinking %}<think>{% else %}<think></think>{% endif %}"
)


def test_a_thinking_block_that_a_template_closes_is_told_of_and_opened_by_its_argument(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, role in enumerate(("teacher", "student")):
        save_model(tmp_path / role, seed=seed, chat_template=SWITCHED)
    lines = [{**line, "response": f"<think>\n{line['response']}</think>\nIt is so."} for line in make_lines(3)]
    traces, database = write_lines(tmp_path / "t.jsonl", lines), tmp_path / "run.duckdb"
    models = [f"--{role}={tmp_path / role}" for role in ("teacher", "student")]
    command = [
        "score",
        "--traces",
        str(traces),
        *models,
        "--roles",
        "teacher,student",
        "--db",
        str(database),
        "--quiet",
    ]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "note: teacher: the chat template ends its prompt with a closed thinking block (<think></think>)" in said
    assert "3 of the first 3 responses think" in said
    assert "`--template-arguments student:thinking=true` opens the block" in said

    assert main([*command, "--template-arguments", "teacher:thinking=true", "student:thinking=true"]) == 0
    assert "note:" not in capsys.readouterr().err
    # The role's own prompt is made again later.
    assert main(["local", "--db", str(database), "--context", "2", "--quiet"]) == 0
    with open_reader(database) as reader:
        closed, opened = reader.runs()
        tokens = [reader.tokens(run.run_no, Role.TEACHER, [0])[0][0] for run in (closed, opened)]
        first = reader.query("SELECT logprob_sum[1] AS s, run_no FROM local_scores WHERE trace_no = 0").to_pylist()
        (own,) = reader.query(
            "SELECT logprob_sum_student AS s FROM sentences WHERE run_no = ? AND trace_no = 0 AND sentence_index = 0",
            [opened.run_no],
        ).to_pylist()
    assert len(closed.notes) == 2 and closed.notes[0].startswith("teacher: ")
    assert opened.notes == ()
    assert str(opened.template_settings(Role.TEACHER)) == "thinking = true"
    assert "template_arguments" not in json.dumps(closed.identity)
    assert tokens[0].token_id.tolist() == tokens[1].token_id.tolist()
    assert np.abs(tokens[0].logprob - tokens[1].logprob).max() > 1e-3
    assert first == [{"s": pytest.approx(own["s"], abs=1e-4), "run_no": opened.run_no}]
    capsys.readouterr()
    assert main(["info", "--db", str(database)]) == 0
    shown = capsys.readouterr().out
    assert "template own, thinking = true" in shown
    assert "  note: student: the chat template ends its prompt with a closed thinking block" in shown
