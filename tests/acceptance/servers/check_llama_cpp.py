"""llama.cpp's own server with a bundled model: refused as a teacher, its recordings read, its arithmetic told.

    python tests/acceptance/servers/check_llama_cpp.py --env /tmp/llama_cpp        200 MB

A GGUF file that this program scores and the same file under llama.cpp differ: here its weights are dequantised and all
else is float32, there activations are quantised and the cache is float16. Printed is by how much. Exit status 1 if
anything is not as expected.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from common import (
    DATA,
    HERE,
    Report,
    Row,
    ask,
    environment,
    free_port,
    gaps,
    last_line,
    rows,
    score,
    scored,
    server,
    write_lines,
)
from recordings import Recorded, chat, compare, make_traces, questions, record, record_stream

KINDS = ("F32", "F16", "Q8_0", "Q4_1")
RAW = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
CACHE_NATS = 0.05
"""What a cache in float16 makes of a bundled model's logprobs at most, with room."""
WIDE = "We have 🌳 and 数 now."
"""Two characters of several tokens each."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", type=Path, required=True, help="folder of the server's environment; made if not there")
    arguments = parser.parse_args()
    python = environment(arguments.env, "llama_cpp", install_reader)
    # For this program, which reads GGUF files with it.
    os.environ["PYTHONPATH"] = str(arguments.env.resolve() / "reader")
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            work = Path(folder) / kind
            work.mkdir()
            model = work / f"teacher-{kind}.gguf"
            subprocess.run(
                [str(python), str(HERE / "make_gguf.py"), str(DATA / "teacher"), str(model), kind], check=True
            )
            port = free_port()
            command = [str(python), str(HERE / "serve_llama_cpp.py"), str(model), str(port), "512"]
            with server(command, {}, f"http://127.0.0.1:{port}", "/health", work / "log") as root:
                check_arithmetic(report, root, model, work, kind)
                if kind == "F32":
                    check_refusal(report, root, work)
                    check_recordings(report, root, work)
    return report.status()


def install_reader(env: Path) -> None:
    """The package that reads GGUF, alone in a folder: this program brings what it needs."""
    gguf = next(line for line in (HERE / "requirements-llama_cpp.txt").read_text().split() if line.startswith("gguf"))
    command = [str(env / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--target", str(env / "reader"), gguf], check=True)


def check_arithmetic(report: Report, root: str, model: Path, work: Path, kind: str) -> None:
    """First lines only: llama.cpp's rule for words cuts line feeds otherwise than the bundled tokenizer."""
    asked = questions(60)
    found = record(root, work, "lines", "/v1/chat/completions", chat({**RAW, "stop": ["\n"]}), asked)
    traces = make_traces(work, found)
    models = {"student": DATA / "student"}
    score(work / "dequantised.duckdb", traces, {"teacher": model, **models})
    score(work / "own.duckdb", traces, {"teacher": f"recorded:{found.replies}", **models})
    n, n_both, worst, mean = gaps(work / "own.duckdb", work / "dequantised.duckdb", "teacher")
    holds = n_both >= 0.95 * n and (worst < CACHE_NATS or kind.startswith("Q"))
    report.check(
        f"{kind}, dequantised, against llama.cpp's own arithmetic",
        holds,
        f"{n_both:,} of {n:,} tokens, |Δ logprob| max {worst:.3f}, mean {mean:.4f}",
    )


def check_refusal(report: Report, root: str, work: Path) -> None:
    """It gives no logprobs of a prompt; the way out is the file itself."""
    traces = write_lines(work / "two.jsonl", [{"question": text, "response": "13."} for _, text in questions(2)])
    teacher = f"openai:{root}/v1,tokenizer={DATA / 'teacher'}"
    done = scored(work / "refused.duckdb", traces, {"teacher": teacher, "student": DATA / "student"})
    said = last_line(done)
    # The model's name, which is its file's, stands before what the server said.
    holds = done.returncode == 2 and "gguf" in said.partition("; got ")[2].lower()
    report.check("refused as a teacher, with the file as a way out", holds, said)


def check_recordings(report: Report, root: str, work: Path) -> None:
    """Every form in which it tells logprobs."""
    asked = questions()
    path = "/v1/chat/completions"
    for found, whole in (
        (record(root, work, "chat", path, chat(RAW), asked), True),
        (record_stream(root, work, "stream", chat(RAW), asked), True),
        (record_native(root, work, asked), True),
        (record(root, work, "cut", path, chat({**RAW, "stop": ["swer is", "ake aw"]}), asked), False),
    ):
        compare(report, found, work, CACHE_NATS, whole=whole)
    check_wide(report, record(root, work, "wide", path, wide, asked), work)


def record_native(root: str, work: Path, asked: list[tuple[str, str]]) -> Recorded:
    """llama.cpp's own interface, with `completion_probabilities`."""
    requests, replies = [], []
    for number, (key, question) in enumerate(asked):
        prompt = f"<|user|>{question}<|assistant|>"
        sent = {"prompt": prompt, "n_predict": 200, "n_probs": 5, "seed": number, "return_tokens": True, **RAW}
        status, reply = ask(root + "/completion", sent)
        if status != 200:
            raise SystemExit(f"native: HTTP {status}: {reply}")
        requests.append({"custom_id": key, "body": sent})
        replies.append({"trace_id": key, **reply})
    return Recorded(
        "native",
        write_lines(work / "native-requests.jsonl", requests),
        write_lines(work / "native.jsonl", replies),
    )


def wide(question: str) -> Row:
    """A grammar that lets the model write little but what is wanted, another text for each question."""
    number = zlib.crc32(question.encode()) % 10**6
    return {**chat(RAW)(question), "grammar": f'root ::= "We start with {number}. {WIDE} The answer is " [0-9]+ "."'}


def check_wide(report: Report, found: Recorded, work: Path) -> None:
    """One entry stands for a character of several tokens: its sentence is in doubt, the others are not."""
    traces = make_traces(work, found)
    teacher = f"recorded:{found.replies},tokenizer={DATA / 'teacher'}"
    score(work / "wide.duckdb", traces, {"teacher": teacher, "student": DATA / "student"})
    sentences = [
        (WIDE in str(row["text"]), row["p_teacher"] is None) for row in rows(work / "wide.duckdb", "sentences")
    ]
    n_believed = sentences.count((True, False))
    n_lost = sentences.count((False, True))
    said = (
        f"{n_believed} of {sum(one for one, _ in sentences)} are scored all the same; {n_lost} other sentences are not"
    )
    report.check("characters of several tokens: only their sentences stay unscored", not n_believed + n_lost, said)


if __name__ == "__main__":
    sys.exit(main())
