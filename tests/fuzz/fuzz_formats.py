"""Coverage-guided fuzzing of the import's readers. Needs atheris (`pip install atheris`), which is for Linux and macOS.

    python tests/fuzz/fuzz_formats.py -max_total_time=300 -max_len=8192 /tmp/corpus

A finding is a crash (any exception that is not ours), a hang (-timeout), or memory beyond the limit (-rss_limit_mb).
The first run starts from one small file of each container and format, made below.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["rdpt_core.traces"]):
    from rdpt_core.errors import RdptError
    from rdpt_core.records import Reject
    from rdpt_core.traces import trace_to_json
    from rdpt_core.traces.files.source import Source
    from rdpt_core.traces.formats import FORMATS
    from rdpt_core.traces.importing.pipeline import import_source

from tests.support.one_of_each import one_of_each


class Log:
    def add(self, reject: Reject) -> None:
        if not reject.reason:
            raise AssertionError("a reject without a reason")


def one_input(data: bytes) -> None:
    """The first byte picks a forced format, or none; the rest is the file."""
    if not data:
        return
    forced = [None, *(known.name for known in FORMATS)][data[0] % (len(FORMATS) + 1)] if data[0] < 128 else None
    try:
        for trace in import_source(Source.of_bytes("file", data[1:]), Log(), format=forced):
            if json.loads(trace_to_json(trace))["response"] != trace.response:
                raise AssertionError("a response was altered")
    except RdptError:
        return


def seeds() -> list[bytes]:
    """Small files of every container and every format."""
    turn = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "4"}]}
    sample = {"id": 1, "epoch": 1, "input": "q", "messages": [{"role": "user", "content": "q"}, turn], "target": "4",
              "output": {"choices": [{"message": turn}]}, "scores": {"m": {"value": "C"}}}  # fmt: skip
    records = [
        {"question": "q", "response": "a", "reasoning": "r", "gold": "4"},
        {"problem": "q", "generations": ["a", "b"], "correctness": [True, False]},
        {"messages": [{"role": "user", "content": "q"}, turn]},
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
        {"choices": [{"message": turn, "index": 0}], "model": "qwen"},
        {"choices": [{"delta": {"content": "a", "reasoning_content": "r"}, "index": 0}]},
        {"custom_id": "x", "error": None, "response": {"body": {"choices": [{"text": "a"}]}}},
        {"object": "response", "output": [{"type": "reasoning", "summary": []}, {"type": "message", "content": "a"}]},
        {"type": "message", "content": turn["content"]},
        {"candidates": [{"content": {"parts": [{"text": "a"}]}}], "modelVersion": "g"},
        {
            "doc_id": 0,
            "doc": {},
            "arguments": [["q", {}]],
            "resps": [["a"]],
            "filter": "f",
            "metrics": ["acc"],
            "acc": 1,
        },
        {"idx": 0, "question": "q", "gt": "4", "code": ["a"], "score": [True]},
        {"q": {"responses": {"0": {"content": "a"}}}},
        {"results": [{"question": "q", "completions": [{"full_model_response": "a", "score": 1}]}]},
        {"eval": {}, "samples": [sample]},
        {"prompt": "q", "outputs": [{"text": "a"}]},
        {"trace_id": "t", "question_id": "q", "question": "q", "response": "a"},
    ]
    lines = [json.dumps(record).encode() for record in records]
    lines += [json.dumps(record).encode() for variants in one_of_each("a").values() for record in variants]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("samples/1_epoch_1.json", json.dumps(sample))
        file.writestr("samples/2_epoch_1/sample.json", json.dumps({**sample, "message_refs": [[0, 1]]}))
        file.writestr("samples/2_epoch_1/messages/0.json", json.dumps(sample["messages"]))
    files = [*lines, b"[" + lines[0] + b"," + lines[0] + b"]", lines[0] + b"\n" + lines[0], b"data: " + lines[5]]
    files += [b"question,response\nq,a\n", gzip.compress(lines[0]), archive.getvalue()]
    files += [lines[0] + b",\n" + lines[0] + b",", b'{"model": "m", "results": [' + lines[0] + b"]}"]
    files += [bz2.compress(lines[0]), lzma.compress(lines[0]), b'{"question": ["q"], "response": ["a"]}']
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
        import zstandard
    except ImportError:
        return files
    table = io.BytesIO()
    rows = pa.table({"question": ["q"], "generations": [["a", "b"]]})
    pq.write_table(rows, table)
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(rows)
    return [*files, table.getvalue(), stream.getvalue(), zstandard.ZstdCompressor().compress(lines[0])]


def main() -> None:
    """Runs until the time is over or something is found."""
    arguments = sys.argv
    if not any(not argument.startswith("-") for argument in arguments[1:]):
        arguments = [*arguments, tempfile.mkdtemp(prefix="corpus-")]
    corpus = Path(next(argument for argument in arguments[1:] if not argument.startswith("-")))
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(b"\xff" + data)
    defaults = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", f"-artifact_prefix={corpus.parent}{os.sep}"]
    atheris.Setup([arguments[0], *defaults, *arguments[1:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
