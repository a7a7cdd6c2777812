"""RDPT Explorer: where each sentence of a distilled reasoning model came from.

    import rdpt_core as rdpt

    rdpt.import_traces("log.jsonl", "traces.jsonl")
    rdpt.score("traces.jsonl", "runs.duckdb", triple="triple.toml")
    rdpt.add("runs.duckdb", teacher={"code": "org/coder"})
    rdpt.open("runs.duckdb").run().shares(by="benchmark").to_pandas()
    rdpt.select("runs.duckdb", "teacher-count", "train.jsonl")

Each of these is imported when it is first asked for, so `import rdpt_core` costs next to nothing; torch and
transformers are needed for scoring only, streamlit for the app only.

Data moves one way through the rooms of this package, and so do imports: each uses only those above it in this list.

    records       the plain values that travel between the rooms
    arrays        types of numpy arrays
    errors        every error that a user may meet
    interrupts    Ctrl-C that is heard everywhere
    atomic_write  files that appear whole or not at all
    bundled       where the app and the demo's data are
    config        which models a run has
    traces        files to traces, and traces to sentences
    scoring       traces to token logprobs under each model
    store         the database
    analysis      labels and every number on the pages
    ui            what pages are made of, in Streamlit
    api           what `import rdpt_core` offers
    commands      the same on the command line
    cli           from arguments to a command to an exit status
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdpt_core.errors import (
    InputError,
    MissingPackageError,
    ModelError,
    RdptError,
    ServerGoneError,
    SidecarError,
    StoreBusyError,
    StoreEmptyError,
    StoreError,
    StoreForbiddenError,
    StoreMissingError,
    StoreVersionError,
    UsageError,
)

__version__ = "0.7.0"

__all__ = [
    "CalibrationResult",
    "Database",
    "ImportReport",
    "ImportanceResult",
    "InputError",
    "KnownTextResult",
    "LocalScoreResult",
    "MissingPackageError",
    "ModelError",
    "OverlapResult",
    "Pattern",
    "ProvenanceCallback",
    "RdptError",
    "RunPattern",
    "RunResult",
    "ScoreResult",
    "ScoredRun",
    "ScoredTrace",
    "SelectionResult",
    "ServerGoneError",
    "SidecarError",
    "StoreBusyError",
    "StoreEmptyError",
    "StoreError",
    "StoreForbiddenError",
    "StoreMissingError",
    "StoreVersionError",
    "TraceSummary",
    "UsageError",
    "__version__",
    "add",
    "calibrate",
    "import_traces",
    "importance",
    "open",
    "overlap",
    "resplit",
    "score",
    "score_local",
    "select",
    "validate",
]

if TYPE_CHECKING:
    from rdpt_core.api.database import Database, open
    from rdpt_core.api.importing import import_traces, validate
    from rdpt_core.api.results import (
        CalibrationResult,
        ImportanceResult,
        KnownTextResult,
        LocalScoreResult,
        OverlapResult,
        RunResult,
        ScoreResult,
        SelectionResult,
    )
    from rdpt_core.api.run_patterns import RunPattern
    from rdpt_core.api.scored_run import ScoredRun
    from rdpt_core.api.scored_trace import ScoredTrace
    from rdpt_core.api.scoring import score
    from rdpt_core.api.selecting import select
    from rdpt_core.api.writing.adding import add
    from rdpt_core.api.writing.calibrating import calibrate
    from rdpt_core.api.writing.callback import ProvenanceCallback
    from rdpt_core.api.writing.importance import importance
    from rdpt_core.api.writing.overlap import overlap
    from rdpt_core.api.writing.rescoring import resplit, score_local
    from rdpt_core.store.beside.patterns import Pattern
    from rdpt_core.traces.importing.report import ImportReport
    from rdpt_core.traces.summary import TraceSummary
else:
    # Unseen by type checkers, to which a module with this function has any attribute.
    _MODULES = {
        "CalibrationResult": "api.results",
        "Database": "api.database",
        "ImportReport": "traces.importing.report",
        "ImportanceResult": "api.results",
        "KnownTextResult": "api.results",
        "LocalScoreResult": "api.results",
        "OverlapResult": "api.results",
        "Pattern": "store.beside.patterns",
        "ProvenanceCallback": "api.writing.callback",
        "RunPattern": "api.run_patterns",
        "RunResult": "api.results",
        "ScoreResult": "api.results",
        "ScoredRun": "api.scored_run",
        "ScoredTrace": "api.scored_trace",
        "SelectionResult": "api.results",
        "TraceSummary": "traces.summary",
        "add": "api.writing.adding",
        "calibrate": "api.writing.calibrating",
        "import_traces": "api.importing",
        "importance": "api.writing.importance",
        "open": "api.database",
        "overlap": "api.writing.overlap",
        "resplit": "api.writing.rescoring",
        "score": "api.scoring",
        "score_local": "api.writing.rescoring",
        "select": "api.selecting",
        "validate": "api.importing",
    }

    def __getattr__(name):
        """Import what is asked for, and keep it."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted(__all__)
