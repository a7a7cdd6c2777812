"""`transformers serve` with a bundled model: it gives no logprobs of a prompt, and that is said.

    python tests/acceptance/servers/check_transformers.py --env /tmp/transformers        2 GB

Exit status 1 if it is not refused. Then it may have learnt to: look at docs/served.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from common import DATA, Report, ask, environment, free_port, last_line, scored, server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", type=Path, required=True, help="folder of the server's environment; made if not there")
    arguments = parser.parse_args()
    environment(arguments.env, "transformers")
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        port = free_port()
        model = str(DATA / "teacher")
        command = [str(arguments.env / "bin" / "transformers"), "serve", model, "--device", "cpu"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        settings = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(work / "cache")}
        with server(command, settings, f"http://127.0.0.1:{port}", "/health", work / "log") as root:
            for dialect in ("auto", "vllm", "echo", "sglang"):
                teacher = f"openai:{root}/v1,model={model},tokenizer={model},dialect={dialect}"
                models = {"teacher": teacher, "student": DATA / "student"}
                done = scored(work / "out.duckdb", DATA / "traces.jsonl", models, "--limit", 2)
                report.check(f"dialect {dialect}: refused", done.returncode == 2, last_line(done))
            body = {"model": model, "prompt": "We start", "max_tokens": 2, "logprobs": 1, "echo": True}
            status, reply = ask(f"{root}/v1/completions", body)
            choice = reply["choices"][0] if status == 200 else {}
            holds = status == 200 and not choice.get("logprobs") and not choice["text"].startswith("We start")
            report.check("text with echo and logprobs: both are ignored", holds, str(choice or reply)[:300])
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
