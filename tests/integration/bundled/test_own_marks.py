"""`--marks own` over the bundled models, two of them with templates of other families than the responses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

import rdpt_core as rdpt
from rdpt_core import bundled
from rdpt_core.cli import main
from rdpt_core.records import ROLES, Message, Role, RoleResult, RunKey, SentenceColumns, TemplatePolicy, Trace
from rdpt_core.scoring.models.prompts.templates import Rendering, render_prompts
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.traces.thinking import Spelling
from tests.integration.conftest import export, write_lines
from tests.support.oracle import Oracle
from tests.support.tiny_models import byte_level_tokenizer

TEMPLATE = (bundled.DATA / "teacher" / "chat_template.jinja").read_text(encoding="utf-8")
HARMONY = ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>")
MISTRAL = ("[THINK]", "[/THINK]")
MARKS = {Role.TEACHER: HARMONY, Role.STUDENT: MISTRAL, Role.DISTILLED: ("<think>\n", "\n</think>\n\n")}


def thinking_lines(n: int) -> list[dict[str, str]]:
    """Bundled traces of several paragraphs, of which all but the last are a thinking block."""
    lines: list[dict[str, str]] = []
    with (bundled.DATA / "traces.jsonl").open(encoding="utf-8") as file:
        for trace in map(json.loads, file):
            working, gap, answer = trace["response"].rpartition("\n\n")
            if gap and len(lines) < n:
                kept = {name: trace[name] for name in ("trace_id", "question_id", "question", "benchmark")}
                lines.append({**kept, "response": f"<think>\n{working}\n</think>\n\n{answer}"})
    return lines


LINES = thinking_lines(5)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a triple, and the traces."""
    folder = tmp_path_factory.mktemp("own_marks")
    write_lines(folder / "traces.jsonl", LINES)
    for role in ROLES:
        shutil.copytree(bundled.DATA / role, folder / role)
        if role is not Role.DISTILLED:
            # A template writes the thinking of earlier turns, which these conversations do not have.
            opening, closing = MARKS[role]
            earlier = f"{{% if message.thinking %}}{opening}{{{{ message.thinking }}}}{closing}{{% endif %}}"
            (folder / role / "chat_template.jinja").write_text(TEMPLATE.replace("{% endfor", f"{earlier}{{% endfor"))
    return folder


def score(files: Path, database: Path, *options: str) -> int:
    defaults = {"--traces": files / "traces.jsonl", **{f"--{role}": files / role for role in ROLES}}
    given = [part for flag, value in defaults.items() if flag not in options for part in (flag, str(value))]
    return main(["score", *given, "--db", str(database), "--device", "cpu", "--quiet", *options])


@pytest.fixture(scope="module")
def database(files: Path) -> Path:
    """Both ways of one set of traces; tests only read it."""
    path = files / "both.duckdb"
    assert score(files, path, "--name", "writer's marks") == 0
    assert score(files, path, "--name", "own marks", "--marks", "own") == 0
    return path


def test_every_token_is_that_of_the_text_with_the_roles_own_marks(files: Path, database: Path, tmp_path: Path) -> None:
    tokens = export(database, "tokens", tmp_path / "tokens.jsonl", "--run", "own marks")
    for role in ROLES:
        oracle = Oracle(files / role)
        opening, closing = MARKS[role]
        for line in LINES:
            response = line["response"]
            seen = response.replace("<think>\n", opening).replace("\n</think>\n\n", closing)
            ids, logprobs = oracle.logprobs(line["question"], seen)
            mine = [row for row in tokens if (row["trace_id"], row["role"]) == (line["trace_id"], role)]
            assert [row["token_id"] for row in mine] == ids
            assert np.abs(np.array([row["logprob"] for row in mine]) - logprobs).max() <= 1e-4
            if role is not Role.DISTILLED:
                in_marks = {(row["char_start"], row["char_end"]) for row in mine if "think>" in text_of(row, response)}
                assert {response[start:end] for start, end in in_marks} == {"<think>\n", "\n</think>\n\n"}


def text_of(row: dict[str, Any], response: str) -> str:
    return response[row["char_start"] : row["char_end"]]


def test_what_is_said_of_the_writers_text_stays(database: Path, tmp_path: Path) -> None:
    names = ("trace_id", "sentence_index", "char_start", "char_end", "text")
    runs = [export(database, "sentences", tmp_path / f"{n}.jsonl", "--run", n) for n in ("writer's marks", "own marks")]
    assert [[row[name] for name in names] for row in runs[0]] == [[row[name] for name in names] for row in runs[1]]
    for before, after in zip(*runs, strict=True):
        assert before["logprob_sum_distilled"] == after["logprob_sum_distilled"]
        is_mark = "think>" in str(before["text"])
        for role in (Role.TEACHER, Role.STUDENT):
            assert before[f"logprob_sum_{role}"] != after[f"logprob_sum_{role}"]
            if not is_mark:
                # No mark of either way is a token of these models, so text may share a token with a line break only.
                assert abs(before[f"n_tokens_{role}"] - after[f"n_tokens_{role}"]) <= 1
    with duckdb.connect(str(database), read_only=True) as connection:
        stored = connection.execute("SELECT count(DISTINCT n_bytes) FROM sentences GROUP BY trace_no, sentence_index")
        assert set(stored.fetchall()) == {(1,)}
        assert connection.execute("SELECT sum(n_straddling) FROM tokens").fetchall() == [(0,)]


def test_the_run_says_whose_marks_were_seen(
    files: Path, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer, own = (run.info for run in rdpt.open(database).runs())
    assert writer.run_id != own.run_id
    assert "own_marks" not in writer.identity
    assert {role: seen_marks(own.identity).family(role) for role in ROLES} == {
        Role.TEACHER: "harmony",
        Role.STUDENT: "mistral",
        Role.DISTILLED: None,
    }
    assert own.identity["own_marks"]["teacher"]["open"] == HARMONY[0]
    capsys.readouterr()
    assert main(["info", "--db", str(database)]) == 0
    text = capsys.readouterr().out
    assert text.count("marks own") == 1
    assert "marks of harmony" in text and "marks of the writer" in text
    # The same command goes on with the run, and what no model tells leaves the writer's marks.
    assert score(files, database, "--marks", "own") == 0
    assert len(rdpt.open(database).runs()) == 2
    said = capsys.readouterr().err
    assert "the teacher sees the marks of the family `harmony`, which its chat template tells" in said
    assert "the distilled model wrote the responses" in said
    plain = ["--student", str(bundled.DATA / "student"), "--traces", str(bundled.DATA / "traces.jsonl"), "--limit", "2"]
    assert score(files, tmp_path / "a.duckdb", "--marks", "own", *plain) == 0
    said = capsys.readouterr().err
    assert "nothing tells the marks of the student, so it sees those of the writer" in said
    assert "no response has a mark of thinking that is known" in said
    assert seen_marks(rdpt.open(tmp_path / "a.duckdb").run().info.identity).family("student") is None


def test_resplit_is_what_scoring_with_that_splitter_gives(files: Path, database: Path, tmp_path: Path) -> None:
    copied = shutil.copy(database, tmp_path / "copied.duckdb")
    assert main(["resplit", "--db", str(copied), "--run", "own marks", "--splitter", "line"]) == 0
    assert score(files, tmp_path / "scored.duckdb", "--marks", "own", "--splitter", "line") == 0
    cut, scored = rdpt.open(copied).runs()[-1], rdpt.open(tmp_path / "scored.duckdb").run()
    assert (cut.id, cut.info.identity) == (scored.id, scored.info.identity)
    assert cut.sentences().drop_columns("run_id").equals(scored.sentences().drop_columns("run_id"))


class Broken(Exception):
    pass


class FailingStore(DuckDBRunStore):
    """Breaks off in the second role, as a killed process does."""

    def commit(
        self, run: RunKey, role: Role, results: Sequence[RoleResult], sentences: Sequence[SentenceColumns], *_: object
    ) -> None:
        if role is Role.STUDENT:
            super().commit(run, role, results[:3], [])
            raise Broken
        super().commit(run, role, results, sentences)


def test_a_run_goes_on_in_the_same_marks(
    files: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.duckdb"
    with monkeypatch.context() as patched, pytest.raises(Broken):
        patched.setattr("rdpt_core.api.scoring.DuckDBRunStore", FailingStore)
        rdpt.score(files / "traces.jsonl", path, marks="own", **{role: files / role for role in ROLES}, device="cpu")
    assert score(files, path, "--marks", "own") == 0
    own = rdpt.open(database).run("own marks")
    assert rdpt.open(path).run(own.id).sentences().equals(own.sentences())


HEADED = """{% for message in messages %}<|start|>{{ message.role }}<|message|>{{ message.content }}<|end|>{% endfor %}
{%- if add_generation_prompt %}<|start|>assistant{% endif %}
{%- if false %}<|start|>assistant<|channel|>analysis<|message|>{% endif %}"""


@pytest.mark.parametrize(
    ("response", "ends_with"),
    [
        ("<think>\nA\n</think>\n\nB", "<|start|>assistant"),
        ("A\n</think>\n\nB", "<|start|>assistant<|channel|>analysis<|message|>"),
        ("B", "<|start|>assistant<|channel|>final<|message|>"),
    ],
)
def test_the_prompt_ends_where_the_role_sees_the_response_begin(response: str, ends_with: str) -> None:
    """A turn of harmony begins with a header, which the respelled response brings or lacks."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_level_tokenizer(), bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = HEADED
    trace = Trace("t", "q", response, messages=(Message("user", "Q"),))
    marks = Spelling("harmony", *HARMONY)
    (rendering,) = render_prompts(TemplatePolicy.OWN, [trace], RoleTokenizer("m", tokenizer), None, marks)
    assert isinstance(rendering, Rendering)
    assert rendering.text == f"<|start|>user<|message|>Q<|end|>{ends_with}"


def test_local_scores_begin_in_the_same_marks(files: Path, database: Path, tmp_path: Path) -> None:
    """A response that begins inside the thinking: the prompt opens it, in the student's own marks."""
    lines = [{**line, "response": line["response"].removeprefix("<think>\n")} for line in LINES[:2]]
    folder = tmp_path / "files"
    shutil.copytree(files, folder, ignore=shutil.ignore_patterns("*.duckdb", "traces.jsonl"))
    write_lines(folder / "traces.jsonl", lines)
    path = tmp_path / "run.duckdb"
    assert score(folder, path, "--marks", "own") == 0
    assert main(["local", "--db", str(path), "--device", "cpu", "--quiet", "--context", "1000"]) == 0
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT logprob_sum_student, l.logprob_sum[sentence_index + 1] FROM sentences JOIN local_scores AS l "
            "USING (run_no, trace_no)"
        ).fetchall()
    assert len(rows) > 4
    # With everything in view, local scores are the scores.
    assert np.allclose(*np.array(rows).T, atol=1e-3)
    oracle = Oracle(folder / "student")
    tokens = export(path, "tokens", tmp_path / "tokens.jsonl")
    for line in lines:
        mine = [row for row in tokens if (row["trace_id"], row["role"]) == (line["trace_id"], Role.STUDENT)]
        seen = MISTRAL[0] + line["response"].replace("\n</think>\n\n", MISTRAL[1])
        ids, logprobs = oracle.logprobs(line["question"], seen)
        assert [row["token_id"] for row in mine] == ids[-len(mine) :]
        assert np.abs(np.array([row["logprob"] for row in mine]) - logprobs[-len(mine) :]).max() <= 1e-4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--marks", "own", "--template", "raw"], "--marks own with --template raw"),
        (["--marks", "own", "--teacher", "recorded:{files}/traces.jsonl"], "teacher: recorded"),
        (["--marks", "theirs"], "invalid choice: 'theirs'"),
    ],
)
def test_what_cannot_be_seen_in_other_marks_is_refused(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    options = [option.format(files=files) for option in options]
    try:
        status = score(files, tmp_path / "run.duckdb", *options)
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run.duckdb").exists()
