"""Import as a whole: sources, ids, rejects, hashes, hostile files, and lines that can be read again."""

from __future__ import annotations

import gzip
import io
import json
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import Trace
from rdpt_core.traces import RejectLog, iter_traces, trace_to_json
from rdpt_core.traces.files import json_lines, json_stream, limits
from rdpt_core.traces.importing.pipeline import ImportReport, import_traces, parse_column_map

PAIR = {"question": "2+2?", "response": "4"}


def write(path: Path, *lines: Any) -> Path:
    path.write_bytes(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return path


def run(*paths: Path, **options: Any) -> tuple[list[Trace], RejectLog, ImportReport]:
    log, report = RejectLog(), ImportReport()
    return list(import_traces(list(paths), rejects=log, report=report, **options)), log, report


# ── Sources ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(json.dumps(PAIR).encode())

    monkeypatch.setattr("sys.stdin", Stdin)
    log = RejectLog()
    (trace,) = import_traces(["-"], rejects=log)
    assert trace.meta["import"]["file"] == "standard input"


def test_a_map_that_takes_one_element_of_longer_lists_says_so(tmp_path: Path) -> None:
    rows = [{"q": {"text": "2+2?"}, "a": {"texts": texts}} for texts in (["4"], ["4", "5"], ["6", "7", "8"])]
    columns = parse_column_map("question=q.text,response=a.texts.0")
    traces, _, report = run(write(tmp_path / "a.jsonl", *rows), column_map=columns)
    assert [trace.response for trace in traces] == ["4", "4", "6"]
    assert report.files[0].lists_cut == {"a.texts.0": [2, 3]}


def test_a_folder_is_read_whole_and_says_what_it_left_out(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    write(tmp_path / "b" / "one.jsonl", {**PAIR, "response": "5"})
    write(tmp_path / "a.json", PAIR)
    write(tmp_path / ".hidden.jsonl", PAIR)
    (tmp_path / "notes.md").write_text("# no traces", encoding="utf-8")
    traces, _, report = run(tmp_path)
    assert [trace.meta["import"]["file"] for trace in traces] == ["a.json", "b/one.jsonl"]
    assert [file.name for file in report.refused] == ["notes.md"]
    assert "not a file of traces" in str(report.refused[0].refused)


def test_a_named_file_that_cannot_be_used_is_an_error_before_the_first_trace(tmp_path: Path) -> None:
    good, bad = write(tmp_path / "a.jsonl", PAIR), write(tmp_path / "b.jsonl", {"x": 1})
    with pytest.raises(InputError, match=r"b\.jsonl"):
        import_traces([good, bad], rejects=RejectLog())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "nothing"}, "no such format"),
        ({"column_map": {"reply": "x"}}, "do not have"),
        ({"column_map": {"response": "x"}, "format": "openai"}, "pairs"),
        ({"defaults": {"colour": "red"}}, "no such default"),
    ],
)
def test_wrong_arguments_are_usage_errors(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        import_traces([write(tmp_path / "a.jsonl", PAIR)], rejects=RejectLog(), **options)


def test_columns_can_be_mapped_also_into_nested_objects(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"ask": {"text": "2+2?"}, "said": ["4", "5"], "who": "m"})
    mapping = {"question": "ask.text", "response": "said", "model": "who"}
    traces, _, _ = run(path, column_map=mapping)
    assert [(t.messages[0].content, t.response, t.sample, t.model) for t in traces] == [
        ("2+2?", "4", 0, "m"),
        ("2+2?", "5", 1, "m"),
    ]


def test_a_column_map_is_parsed_from_its_option() -> None:
    assert parse_column_map("question=prompt, response=a.b") == {"question": "prompt", "response": "a.b"}
    for wrong in ("", "question", "=x", "question=", "question=a,question=b"):
        with pytest.raises(UsageError, match="--map"):
            parse_column_map(wrong)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: write(tmp_path / "pipe", PAIR))
    writer.start()
    traces, _, _ = run(tmp_path / "pipe")
    writer.join()
    assert len(traces) == 1


def test_damage_half_way_through_a_file_spares_the_rest_of_its_folder(tmp_path: Path) -> None:
    data = b"".join(json.dumps({**PAIR, "response": os.urandom(500).hex()}).encode() + b"\n" for _ in range(2_000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data)[:-100_000])
    write(tmp_path / "b.jsonl", PAIR)
    traces, log, _ = run(tmp_path)
    assert traces[-1].meta["import"]["file"] == "b.jsonl"
    assert len(traces) > 500
    assert "damaged" in log.first[0].reason
    with pytest.raises(InputError, match="damaged"):
        run(tmp_path / "a.jsonl.gz")


def test_defaults_fill_what_the_source_does_not_say(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", PAIR, {**PAIR, "model": "given"})
    traces, _, _ = run(path, defaults={"model": "default", "benchmark": "sums"})
    assert [(trace.model, trace.benchmark) for trace in traces] == [("default", "sums"), ("given", "sums")]


def test_questions_of_a_batch_come_from_its_request_file(tmp_path: Path) -> None:
    message = {"role": "assistant", "content": "4"}
    answer = {"custom_id": "x", "error": None, "response": {"body": {"choices": [{"message": message}]}}}
    request = {"custom_id": "x", "body": {"messages": [{"role": "user", "content": "2+2?"}]}}
    output, asked = write(tmp_path / "output.jsonl", answer), write(tmp_path / "requests.jsonl", request)
    traces, _, report = run(output, asked)
    assert traces[0].messages[0].content == "2+2?"
    assert report.files[1].n_requests == 1
    traces, _, report = run(output)
    assert traces[0].messages[0].content == ""
    assert traces[0].meta["import"]["question"] == "missing"
    assert report.files[0].n_without_question == 1


def test_prompts_of_a_batch_come_from_its_request_file(tmp_path: Path) -> None:
    answer = {"custom_id": "x", "error": None, "response": {"body": {"choices": [{"text": "4"}]}}}
    request = {"custom_id": "x", "method": "POST", "url": "/v1/completions", "body": {"prompt": "<|user|>2+2?"}}
    output, asked = write(tmp_path / "output.jsonl", answer), write(tmp_path / "requests.jsonl", request)
    for files in ((output, asked), (asked, output)):
        [trace], _, report = run(*files)
        assert (trace.prompt, trace.response) == ("<|user|>2+2?", "4") and not trace.messages
        assert sum(entry.n_requests for entry in report.files) == 1


# ── Ids ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ids_are_readable_stable_and_unique(tmp_path: Path) -> None:
    lines = [{"id": 7, "question": "2+2?", "response": str(n), "benchmark": "sums"} for n in (4, 5)]
    one, two = write(tmp_path / "one.jsonl", *lines), write(tmp_path / "two.jsonl", *lines[::-1])
    traces, _, _ = run(one, two, keep_copies=True)
    assert [trace.trace_id for trace in traces[:2]] == ["sums-7-s0", "sums-7-s1"]
    assert len({trace.trace_id for trace in traces}) == 4
    assert {trace.question_id for trace in traces} == {"sums-7"}
    assert [trace.trace_id for trace in run(one, two, keep_copies=True)[0]] == [trace.trace_id for trace in traces]


def test_a_text_that_one_file_holds_many_times_is_told_apart(tmp_path: Path) -> None:
    line = {"id": 7, "sample": 0, "benchmark": "sums", **PAIR}
    traces, _, _ = run(write(tmp_path / "a.jsonl", *[line] * 300))
    assert len({trace.trace_id for trace in traces}) == 300


def test_one_id_for_two_questions_does_not_make_them_one(tmp_path: Path) -> None:
    lines = [{"id": 1, "question": text, "response": "4", "benchmark": "sums"} for text in ("2+2?", "1+3?")]
    traces, _, _ = run(write(tmp_path / "a.jsonl", *lines))
    assert len({trace.question_id for trace in traces}) == 2


def test_the_same_question_has_one_id_across_files_without_ids(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.jsonl", {**PAIR, "model": name}) for name in "ab"]
    traces, _, _ = run(*paths)
    assert traces[0].question_id == traces[1].question_id
    assert [trace.sample for trace in traces] == [0, 0]


# ── Nothing lost, nothing altered ────────────────────────────────────────────────────────────────────────────────


def test_bad_records_are_rejected_with_place_reason_and_text(tmp_path: Path) -> None:
    bad = [b'{"question": "q", "respo\n', b'{"question":"q","response":"\xe9"}\n', {"question": "q", "response": 3}]
    path = write(tmp_path / "a.jsonl", PAIR, *bad, PAIR)
    rejects = tmp_path / "rejects.jsonl"
    with RejectLog(rejects) as log:
        traces = list(import_traces([path], rejects=log))
    assert len(traces) == 2
    kept = [json.loads(line) for line in rejects.read_text(encoding="utf-8").splitlines()]
    assert [reject["line"] for reject in kept] == [2, 3, 4]
    assert kept[0]["text"] == '{"question": "q", "respo'
    assert "0xe9" in kept[1]["reason"]
    assert "response must be a string" in kept[2]["reason"]


def test_characters_in_are_characters_out_by_hash(tmp_path: Path) -> None:
    texts = ["a\r\nb\x00c", "  edge \u00a0\u200b", "é\u0301 日本 😀 \ufffd\u2028", "", "<b>&amp;</b>", "\\n\t"]
    lines = [{"question": "q", "response": text, "reasoning": "R\n"} for text in texts]
    traces, _, report = run(write(tmp_path / "a.jsonl", *lines))
    (file,) = report.files
    assert report.is_unaltered
    assert file.characters_in == sum(map(len, texts)) + 2 * len(texts)
    assert file.characters_in + file.characters_added == file.characters_out == sum(len(t.response) for t in traces)
    assert all(text in trace.response for text, trace in zip(texts, traces, strict=True))


def test_lone_surrogates_are_refused_and_pairs_are_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", b'{"question":"q","response":"a\\ud800"}\n{"question":"q","response":"\\ud83d\\ude00"}\n'
    )
    traces, log, _ = run(path)
    assert [trace.response for trace in traces] == ["😀"]
    assert "U+D800" in log.first[0].reason


def test_bytes_that_are_not_utf8_cost_their_record_only(tmp_path: Path) -> None:
    for name, data in (
        ("a.json", b'[{"question":"q","response":"\xe9"},{"question":"q","response":"b"}]'),
        ("a.csv", b"question,response\nq,\xe9\nq,b\n"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        traces, log, _ = run(path)
        assert [trace.response for trace in traces] == ["b"]
        assert "0xe9" in log.first[0].reason


def test_big_integers_and_nan_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", b'{"question":"q","response":"a","gold":123456789012345678901234,"x":NaN}\n')
    (trace,), _, _ = run(path, grade=False)
    assert trace.gold == "123456789012345678901234"
    assert trace.meta["source"] == {"left_out": ["x"]}


def test_canonical_lines_pass_through_unchanged(tmp_path: Path) -> None:
    first, _, _ = run(write(tmp_path / "a.jsonl", {**PAIR, "gold": "four", "model": "m"}), grade=False)
    line = trace_to_json(first[0])
    path = tmp_path / "canonical.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    again, _, report = run(path)
    assert report.files[0].format == "canonical"
    assert [trace_to_json(trace) for trace in again] == [line]
    assert report.is_unaltered


def test_what_is_imported_can_be_read_as_canonical_lines(tmp_path: Path) -> None:
    lines = [PAIR, {**PAIR, "deep": [[[[[1]]]]], "response": "x" * 99}, {"prompt": "p", "response": ""}]
    traces, _, _ = run(write(tmp_path / "a.jsonl", *lines), defaults={"domain": "d"})
    path = tmp_path / "out.jsonl"
    path.write_text("".join(trace_to_json(trace) + "\n" for trace in traces), encoding="utf-8")
    with RejectLog() as log:
        assert list(iter_traces([path], rejects=log)) == traces
    assert log.n == 0


def test_grading_sets_correct_and_says_how(tmp_path: Path) -> None:
    lines = [{**PAIR, "gold": gold} for gold in ("4", "5")] + [{**PAIR, "gold": "5", "correct": True}]
    traces, _, report = run(write(tmp_path / "a.jsonl", *lines))
    assert [trace.correct for trace in traces] == [True, False, True]
    assert [trace.meta["grading"]["method"] for trace in traces[:2]] == ["text", "number"]
    assert "grading" not in traces[2].meta
    assert report.files[0].n_graded == 2


def test_checked_verdicts_stay_and_our_grade_stands_beside_them(tmp_path: Path) -> None:
    lines = [{**PAIR, "gold": gold, "correct": correct} for gold, correct in (("4", True), ("5", True), ("4", None))]
    # Free text without a mark: no grade of ours.
    lines.append({**PAIR, "response": "It was Carla who ran.", "gold": "Evelyn", "correct": False})
    path = write(tmp_path / "a.jsonl", *lines)
    traces, _, report = run(path, check_verdicts=True)
    assert [trace.correct for trace in traces] == [True, True, True, False]
    assert [trace.meta["grading"].get("correct", "absent") for trace in traces] == [True, False, "absent", None]
    entry = report.files[0]
    assert (entry.n_checked, entry.n_agreed, entry.n_disputed, entry.n_graded) == (3, 1, 1, 1)
    plain, _, report = run(path)
    assert ["grading" in trace.meta for trace in plain] == [False, False, True, False]
    assert report.files[0].n_checked == 0
    ungraded, _, _ = run(path, check_verdicts=True, grade=False)
    assert ungraded[2].correct is None


def test_checked_canonical_lines_keep_the_rest(tmp_path: Path) -> None:
    line = {"trace_id": "t", "question_id": "q", "question": "?", "response": "4", "gold": "5", "correct": True}
    path = write(tmp_path / "a.jsonl", line, {**line, "trace_id": "u", "meta": {"grading": {"method": "text"}}})
    traces, _, report = run(path, check_verdicts=True)
    assert [(trace.trace_id, trace.correct) for trace in traces] == [("t", True), ("u", True)]
    assert traces[0].meta["grading"] == {"method": "number", "extracted": "4", "correct": False}
    assert traces[1].meta["grading"] == {"method": "text"}
    assert (report.files[0].n_checked, report.files[0].n_disputed) == (1, 1)


# ── Hostile files ────────────────────────────────────────────────────────────────────────────────────────────────


def test_deep_nesting_is_rejected(tmp_path: Path) -> None:
    deep = b'{"question":"q","response":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    traces, log, _ = run(write(tmp_path / "a.jsonl", PAIR, deep, PAIR))
    assert len(traces) == 2
    assert "too deeply" in log.first[0].reason
    with pytest.raises(InputError, match="too deeply"):
        run(write(tmp_path / "b.json", b"[" * 1_000_000))


def test_deep_parts_are_rejected(tmp_path: Path) -> None:
    part: Any = "x"
    for _ in range(300):
        part = [{"type": "thinking", "thinking": part}]
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": part}]
    _, log, _ = run(write(tmp_path / "a.jsonl", {"messages": turns}))
    assert "too deeply" in log.first[0].reason


def test_a_line_over_the_limit_is_rejected_without_being_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "MAX_RECORD_BYTES", 1_000)
    traces, log, _ = run(write(tmp_path / "a.jsonl", PAIR, {**PAIR, "response": "x" * 5_000}, PAIR))
    assert len(traces) == 2
    assert "at most 1000" in log.first[0].reason


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"question":"q","response":"')
        for _ in range(1_000):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + json.dumps(PAIR).encode())
    traces, log, _ = run(path)
    assert len(traces) == 1
    assert "bytes; at most" in log.first[0].reason


def test_json_of_countless_small_values_is_refused_before_it_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DENSE_BYTES", 10_000)
    for name, data in (("a.json", b'{"a":[' + b"[]," * 9_000 + b"[]]}"), ("b.json", b"[[" + b"[]," * 9_000 + b"[]]]")):
        with pytest.raises(InputError, match="small values"):
            run(write(tmp_path / name, data))


def test_compressed_lines_are_read_and_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zstandard = pytest.importorskip("zstandard")
    line = json.dumps(PAIR).encode() + b"\n"
    for name, pack in (("a.gz", gzip.compress), ("a.zst", zstandard.ZstdCompressor().compress)):
        path = tmp_path / name
        path.write_bytes(pack(line))
        assert len(run(path)[0]) == 1
        path.write_bytes(pack(line)[:-9])
        with pytest.raises(InputError, match="damaged|nothing that can be read|empty"):
            run(path)
        monkeypatch.setattr(limits, "FREE_BYTES", 100_000)
        path.write_bytes(pack(b'{"question":"q","response":"' + b"x" * 5_000_000 + b'"}'))
        with pytest.raises(InputError, match="grows beyond"):
            run(path)
        monkeypatch.undo()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_archives_with_bombs_damage_or_nothing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no traces in what was named"):
        run(archive(tmp_path / "a.eval", {"readme": b"x"}))
    path = archive(tmp_path / "b.eval", {"samples/1_epoch_1.json": b"{}"})
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match="damaged"):
        run(path)
    monkeypatch.setattr(limits, "FREE_BYTES", 100_000)
    with pytest.raises(InputError, match="grows beyond"):
        run(archive(tmp_path / "c.eval", {"samples/1_epoch_1.json": b" " * 5_000_000}))


def test_a_damaged_member_costs_its_sample_only(tmp_path: Path) -> None:
    message = {"role": "assistant", "content": "4"}
    sample = json.dumps({"id": 1, "epoch": 1, "input": "q", "output": {"choices": [{"message": message}]}}).encode()
    path = archive(tmp_path / "a.eval", {"samples/1_epoch_1.json": sample, "samples/2_epoch_1.json": b"{nonsense"})
    traces, log, _ = run(path)
    assert len(traces) == 1
    assert "samples/2" in log.first[0].reason


def test_parquet_that_repeats_a_long_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FREE_BYTES", 100_000)
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 500, pa.int32()), pa.array(["x" * 10_000]))
    pq.write_table(pa.table({"question": ["q"] * 500, "response": texts}), tmp_path / "rows.parquet")
    with pytest.raises(InputError, match=r"grows beyond|far more text"):
        run(tmp_path / "rows.parquet")
    candidates = pa.ListArray.from_arrays([0, 500], texts.cast(pa.string()))
    pq.write_table(pa.table({"question": ["q"], "generations": candidates}), tmp_path / "list.parquet")
    with pytest.raises(InputError, match="grows beyond"):
        run(tmp_path / "list.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "list.parquet").read_bytes()[:200])
    with pytest.raises(InputError, match="damaged"):
        run(tmp_path / "cut.parquet")


def test_an_array_that_breaks_off_keeps_what_came_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", 16)
    text = json.dumps([{**PAIR, "response": "x" * n} for n in range(50)])
    path = write(tmp_path / "a.json", text.encode())
    assert [len(trace.response) for trace in run(path)[0]] == list(range(50))
    traces, log, _ = run(write(tmp_path / "b.json", text.encode()[:-20]))
    assert len(traces) == 49
    assert log.n == 1


def test_csv_rows_of_the_wrong_length_are_rejected(tmp_path: Path) -> None:
    traces, log, _ = run(write(tmp_path / "a.csv", b"question,response\nq,a\nq,a,b\nq\n\nq,c\n"))
    assert [trace.response for trace in traces] == ["a", "c"]
    assert log.n == 2


def test_an_id_that_is_no_utf8_costs_its_record_and_nothing_else(tmp_path: Path) -> None:
    line = b'{"custom_id": "%s", "error": null, "response": {"body": {"choices": [{"text": "a"}]}}}\n'
    file = tmp_path / "batch.jsonl"
    file.write_bytes(line % b"x\xff" + line % b"y")
    traces, rejects, _ = run(file)
    assert [trace.response for trace in traces] == ["a"]
    assert "0xff" in rejects.first[0].reason


def test_a_mapped_column_that_no_record_has_is_an_error(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("prompt,output,target\nWhat?,That.,x\n")
    with pytest.raises(InputError, match="no record has.*promt"):
        list(import_traces([table], column_map={"question": "promt", "response": "output"}, rejects=RejectLog(None)))


def test_a_mapped_column_may_be_missing_in_some_records(tmp_path: Path) -> None:
    lines = tmp_path / "t.jsonl"
    lines.write_text('{"q": "1?", "r": "1."}\n{"q": "2?", "r": "2.", "answer_key": "2"}\n')
    mapped = {"question": "q", "response": "r", "gold": "answer_key"}
    traces = list(import_traces([lines], column_map=mapped, rejects=RejectLog(None), grade=False))
    assert [trace.gold for trace in traces] == [None, "2"]
