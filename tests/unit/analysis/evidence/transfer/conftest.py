"""A run with a domain for every level, a decoy, and text that the student wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.api.scored_run import ScoredRun
from rdpt_core.records import Role
from rdpt_core.store.evidence.known_writers import register_writer
from tests.support import companions, synthetic

SAME = {"run": "same"}
LEVELS = {"clock": "seen", "shop": "half-seen", "week": "unseen"}
N_QUESTIONS = 10

KINDS = ("Teacher", "Boosted", "Shared", "Student", "Boosted-down", "Uncertain", "unscored")


def sketches(reach: dict[str, int], n_questions: int = N_QUESTIONS, graded: bool = True) -> list[synthetic.Sketch]:
    """Ten sentences a trace, of which so many and one every other trace are Teacher, then one of every other kind."""
    found = []
    for benchmark, domain in LEVELS.items():
        for q in range(n_questions):
            n = reach[benchmark] + q % 2
            kinds = ["Teacher"] * n + [KINDS[1 + (i + q) % 6] for i in range(10 - n)]
            found.append(
                synthetic.Sketch(
                    f"{benchmark}-{q}",
                    f"{benchmark}-{q}",
                    [(f"Sentence {i}. ", kind) for i, kind in enumerate(kinds)],
                    benchmark=benchmark,
                    domain=domain,
                    correct=(q % 3 > 0) if graded else None,
                )
            )
    return found


TRACES = sketches({"clock": 6, "shop": 4, "week": 1})


@pytest.fixture(scope="session")
def transfer_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "transfer.duckdb"
    run = companions.build(path, TRACES, ["control:decoy"], identity=SAME)
    text = sketches(dict.fromkeys(LEVELS, 0), n_questions=8, graded=False)
    written = synthetic.build(path, text, run_id="b" * 16, name="written by the student", identity=SAME)
    register_writer(path, written, run, Role.STUDENT, {"source": "drawn", "temperature": 0.7})
    return path


@pytest.fixture(scope="session")
def scored(transfer_database: Path) -> ScoredRun:
    return rdpt.open(transfer_database).run()
