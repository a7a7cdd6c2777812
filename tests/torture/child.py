"""What happens in the process of a command before the command: limits, closed outputs, or other work in its place.

`Lab.start` asks for it in the environment, as JSON under `TORTURE`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

MODULES = (
    "tests.torture.child",
    "pandas",
    "transformers.models.llama.modeling_llama",
    "rdpt_core.cli",
    "rdpt_core.analysis.export.info",
    "rdpt_core.analysis.trace.notes",
    "rdpt_core.analysis.trace.view",
    "rdpt_core.api.database",
    "rdpt_core.api.importing",
    "rdpt_core.api.writing.overlap",
    "rdpt_core.api.writing.rescoring",
    "rdpt_core.api.scoring",
    "rdpt_core.api.selecting",
    "rdpt_core.scoring.backends.in_process",
    "rdpt_core.scoring.backends.recorded.backend",
    "rdpt_core.scoring.backends.served.backend",
    "rdpt_core.scoring.engine.kernel",
    "rdpt_core.scoring.engine.probe",
    "rdpt_core.scoring.importance.job",
    "rdpt_core.scoring.local_context",
    "rdpt_core.scoring.models.loading",
    "rdpt_core.store.beside.notes",
    "rdpt_core.store.beside.patterns",
    "rdpt_core.ui.components.standalone",
)
"""What a command loads, so that the process from which commands are forked has it already."""

PRELUDE = "from tests.torture.child import prepare; prepare()"


def prepare() -> None:
    """Do what the environment asks for; returns when the command is to begin."""
    import rdpt_core.scoring.backends.served.client as client
    from rdpt_core.scoring.jobs import role_job

    asked: dict[str, Any] = json.loads(os.environ["TORTURE"])
    # Commits after every batch, and short pauses between questions to a server: more of the work is at risk.
    role_job._COMMIT_INTERVAL_S = 0.0
    client.FIRST_PAUSE_S, client.LONGEST_PAUSE_S = 0.005, 0.1
    _set_output(asked.get("stdout"))
    ready, limits = Path(asked["ready"]), asked.get("limits", {})
    if "instead" in asked:
        _limit(limits)
        name, *arguments = asked["instead"]
        _be({"notes": write_notes, "patterns": save_patterns, "api": read_through_api}[name], arguments, ready)
    ready.touch()
    _limit(limits)


def _limit(limits: dict[str, int]) -> None:
    """`memory`: bytes that it may take beside what it has; `file`: bytes of a file; `descriptors`: their number."""
    if "memory" in limits:
        n_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + limits["memory"]
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
    if "file" in limits:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file"], limits["file"]))
    if "descriptors" in limits:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits["descriptors"], limits["descriptors"]))


def _set_output(kind: str | None) -> None:
    if kind == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    elif kind == "closed":
        os.close(1)
        # This is what Python itself does when it starts so.
        sys.stdout = None  # type: ignore[assignment]
    elif kind == "gone":
        read, write = os.pipe()
        os.close(read)
        os.dup2(write, 1)


def _be(work: Any, arguments: list[str], ready: Path) -> None:
    """Do other work than a command, and end as a command would."""
    from rdpt_core.errors import RdptError

    status = 0
    try:
        ready.touch()
        work(*arguments)
    except RdptError as error:
        print(f"error: {error}", file=sys.stderr)
        status = error.exit_status
    except KeyboardInterrupt:
        status = 130
    sys.stdout.flush()
    os._exit(status)


def write_notes(database: str, n_notes: str) -> None:
    """Bring the notes of a database to their full number, and print the text of each once it is written."""
    from rdpt_core.store.beside.notes import Anchor, add_note, notes

    for number in range(len(notes(Path(database))), int(n_notes)):
        add_note(Path(database), Anchor("0" * 16, f"t{number % 4}", "0" * 12), f"note {number}", (f"tag{number % 3}",))
        print(f"note {number}", flush=True)


def save_patterns(database: str, who: str, n_patterns: str) -> None:
    """Keep patterns by names of one's own, and try for each to have a name that others want, too; print the names."""
    from rdpt_core.errors import UsageError
    from rdpt_core.store.beside.patterns import Pattern, save_pattern

    for number in range(int(n_patterns)):
        for name in (f"{who} {number}", f"wanted {number}"):
            try:
                save_pattern(Path(database), Pattern(name, "text", f"of {who}"))
                print(name, flush=True)
            except UsageError as error:
                if name.startswith(who):
                    raise error


def read_through_api(database: str, out: str) -> None:
    """Open the file as a notebook would, and write down what its newest finished run says."""
    import rdpt_core as rdpt

    run = rdpt.open(database).run()
    lines = [json.dumps(run.id)]
    for table in (run.sentences(), run.traces(), run.tokens()):
        lines += [json.dumps(row, default=str) for row in table.to_pylist()]
    Path(out).write_text("\n".join(lines))
