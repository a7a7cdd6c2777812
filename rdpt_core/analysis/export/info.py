"""Everything that is stored of the runs of a file, as one JSON-ready document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rdpt_core.analysis.catalog import first_tokens, recorded_as, unfinished
from rdpt_core.errors import SidecarError
from rdpt_core.records import CompanionRole, TemplateSettings
from rdpt_core.store.beside.patterns import read_patterns
from rdpt_core.store.companions import column
from rdpt_core.store.evidence.importance import importance_counts
from rdpt_core.store.evidence.overlap import overlap_counts
from rdpt_core.store.own_marks import OWN_MARKS, seen_marks
from rdpt_core.store.reader import Companion, Reader, RoleProgress, Run
from rdpt_core.store.schema import SCHEMA_VERSION
from rdpt_core.store.soundness import parsed
from rdpt_core.traces.canonical.sentence_tags import SENTENCE_TAGS, tag_names


def describe_store(reader: Reader) -> dict[str, Any]:
    """Schema version, all runs, oldest first, and the patterns that are kept beside the file; None if those cannot be
    read, which is no fault of the database."""
    runs = reader.runs()
    ids = {run.run_no: run.run_id for run in runs}
    return {
        "schema_version": SCHEMA_VERSION,
        "runs": [{**describe_run(reader, run), "known_writer": describe_writer(run, ids)} for run in runs],
        "patterns": describe_patterns(reader),
    }


def describe_patterns(reader: Reader) -> list[dict[str, Any]] | None:
    """The patterns that are kept beside the file, by name; None if they cannot be read."""
    try:
        return [asdict(saved.pattern) for saved in read_patterns(reader.path)]
    except SidecarError:
        return None


def describe_writer(run: Run, ids: Mapping[int, str]) -> dict[str, Any] | None:
    """Who wrote all responses of a run, for which run that is of use, and how they came about; None if not known.

    Args:
        ids: of all runs, by their numbers.
    """
    known = run.known_writer
    if known is None:
        return None
    return {"role": str(known.role), "calibrates": ids.get(known.of_run_no), "settings": known.settings}


def describe_run(reader: Reader, run: Run) -> dict[str, Any]:
    """Identity, models, counts, unscored sentences by reason, progress, times and versions of one run, and what is
    known of its companions.

    The texts are not read, so that a run under way can be asked as often as anybody likes.

    `unfinished` says how far a run has come that is not finished, and how it goes on; None for a finished one.

    Raises:
        StoreError: the database is damaged.
    """
    reader.check(run)
    missing, begins, recorded = unfinished(reader, run), first_tokens(run), recorded_as(run)
    marks = seen_marks(run.identity)
    progress = reader.progress(run, companions=True)
    return {
        "run_id": run.run_id,
        "name": run.name,
        "state": "complete" if run.is_finished else "scoring",
        "unfinished": None if missing is None else f"{missing}. {missing.hint}",
        "roles": list(run.roles),
        "template_policy": run.template_policy,
        "marks_policy": marks.policy,
        "mark_families": {role: marks.family(role) for role in run.roles},
        "splitter": run.splitter,
        "splitter_version": run.splitter_version,
        "traces_hash": run.traces_hash,
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "updated_at": run.updated_at.isoformat(timespec="seconds"),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(timespec="seconds"),
        "counts": run_counts(reader, run),
        "unscored": unscored_reasons(reader, run),
        "models": [
            {
                **asdict(model),
                "precision": model.precision,
                **run.template_settings(model.role).to_json(),
                "prompts_begin_with": begins.get(model.role),
                "recorded_as": recorded.get(model.role),
            }
            for model in run.models
        ],
        "companions": [
            describe_companion(reader, run, companion, scored)
            for companion, scored in zip(run.companions, progress, strict=True)
        ],
        "notes": list(run.notes),
        "progress": [asdict(progress) for progress in reader.progress(run)],
        "importance": importance_counts(reader, run.run_no),
        "overlap": overlap_counts(reader, run.run_no),
        "imported_tags": imported_tags(reader, run),
        "identity": run.identity,
        "environment": list(run.environment),
    }


def describe_companion(reader: Reader, run: Run, companion: Companion, progress: RoleProgress) -> dict[str, Any]:
    """The model of a companion, its state, how far it has come, and its unscored sentences by reason."""
    role, state = companion.role, companion.state
    settings = TemplateSettings.of({"models": {role: state.identity.get("model")}}, role)
    return {
        **asdict(companion.model),
        "kind": CompanionRole.parse(role).kind,
        "state": "complete" if companion.is_finished else "scoring",
        "finished_at": None if state.finished_at is None else state.finished_at.isoformat(timespec="seconds"),
        "precision": companion.model.precision,
        **settings.to_json(),
        "marks_family": (state.identity.get(OWN_MARKS) or {}).get("family"),
        "prompts_begin_with": first_tokens(companion).get(role),
        "recorded_as": recorded_as(companion).get(role),
        "progress": asdict(progress),
        "unscored": unscored_reasons(reader, run, column("unscored_reason", role)),
        "notes": list(companion.notes),
        "identity": state.identity,
        "environment": list(state.environment),
    }


def run_counts(reader: Reader, run: Run) -> dict[str, int]:
    """Questions and traces of the run, and the traces, sentences and marks of format that are scored so far."""
    row = reader.query(
        "SELECT count(DISTINCT question_id) AS questions, count(*) AS traces FROM traces WHERE run_no = ?",
        [run.run_no],
    ).to_pylist()[0]
    n_sentences, n_unscored = reader.count_sentences(run)
    n_scored = reader.count_scored_traces(run)
    counts = {"sentences": n_sentences, "marks": reader.count_marks(run), "unscored_sentences": n_unscored}
    return {**row, "traces_scored": n_scored, **counts}


def imported_tags(reader: Reader, run: Run) -> dict[str, int]:
    """Tags that came with the traces, by name, and how many traces name each; whether they can be placed is not told.

    Only the descriptions of traces with tags are read, not their texts.
    """
    rows = reader.query(
        f"SELECT meta FROM traces WHERE run_no = ? AND contains(meta, '\"{SENTENCE_TAGS}\"')", [run.run_no]
    )
    parts = (parsed(meta, dict, f"traces of run {run.run_id}") for meta in rows.column("meta").to_pylist())
    n = Counter(tag for meta in parts for tag in tag_names(meta))
    return dict(sorted(n.items()))


def unscored_reasons(reader: Reader, run: Run, reason: str = "unscored_reason") -> dict[str, int]:
    """Number of unscored sentences for each reason, most frequent first.

    Args:
        reason: the column, as SQL reads it: by default that of the triple.
    """
    rows = reader.query(
        f"SELECT {reason} AS reason, count(*) AS n FROM sentences WHERE run_no = ? AND {reason} IS NOT NULL "
        "AND NOT is_mark GROUP BY ALL ORDER BY n DESC, reason",
        [run.run_no],
    ).to_pylist()
    return {row["reason"]: row["n"] for row in rows}
