"""What the functions that write return: where the result is, and what came of every input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run in a database.

    Attributes:
        run_id: opens the run: `rdpt.open(result.db).run(result.run_id)`.
        db: the database file.
        n_traces: traces of the run.
        n_sentences: sentences of these traces.
        n_unscored: sentences that at least one model could not score; the database holds the reason of each.
    """

    run_id: str
    db: Path
    n_traces: int
    n_sentences: int
    n_unscored: int


@dataclass(frozen=True, slots=True)
class ScoreResult(RunResult):
    """A run that `score` finished, or to which `add` added further models.

    Attributes:
        n_rejects: lines that could not become traces.
        rejects_path: the file that holds each of these lines with its reason; None if there are none.
        n_failed: traces of which more is known than the reason why a role could not score them: a server or a recording
            told, or the trace lacks what the role's template needs.
        unscored_path: the file that holds what is known of each of them, by role; None if there are none.
        unscored_by_companion: for each further model that was named, such as `teacher:code`, how many sentences it
            could not score; `n_unscored` counts those of the triple only.
    """

    n_rejects: int
    rejects_path: Path | None
    n_failed: int
    unscored_path: Path | None
    unscored_by_companion: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LocalScoreResult:
    """A pass of local scores over a run.

    Attributes:
        run_id: the run, which is otherwise as it was.
        db: the database file.
        n_context: sentences in view of each sentence.
        n_traces: traces of the run.
        n_scored: traces that this call scored, summed over the roles; an earlier call had scored the rest.
        with_prompt: whether the prompt was in view of every sentence, and not of the first ones only.
        n_scored_by_role: the same for each role that was asked.
    """

    run_id: str
    db: Path
    n_context: int
    n_traces: int
    n_scored: int
    with_prompt: bool = False
    n_scored_by_role: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownTextResult(RunResult):
    """A run of text that one model wrote.

    Attributes:
        role: who wrote it: `student` or `teacher`.
        n_cut: drawn responses that the model did not end.
        n_unasked: questions that the model could not be asked.
        n_rejects: lines of a given file that could not become traces.
        rejects_path: the file that holds each of these lines with its reason; None if there are none.
    """

    role: str
    n_cut: int
    n_unasked: int
    n_rejects: int
    rejects_path: Path | None


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """A run with text of known writers beside it.

    Attributes:
        run_id: the run, which is otherwise as it was.
        db: the database file.
        known: the text of each writer, as a run of its own.
    """

    run_id: str
    db: Path
    known: tuple[KnownTextResult, ...]


@dataclass(frozen=True, slots=True)
class ImportanceResult:
    """A pass over the sentences before the answers of a run.

    Attributes:
        run_id: the run, which is otherwise as it was.
        db: the database file.
        method: `deletion` or `replacement`.
        n_traces: traces that were asked for.
        n_measured: traces that this call measured; an earlier call had measured the rest.
        n_without: of all that are stored by this method, traces without numbers; the database holds the reason of each.
        n_sentences: sentences with a number.
        n_same: sentences with a drop of exactly 0, as those have that were drawn as they stand.
    """

    run_id: str
    db: Path
    method: str
    n_traces: int
    n_measured: int
    n_without: int
    n_sentences: int
    n_same: int


@dataclass(frozen=True, slots=True)
class OverlapResult:
    """The sentences of a run, looked up in training texts.

    Attributes:
        run_id: the run, which is otherwise as it was.
        db: the database file.
        n_traces: traces of the run.
        n_looked_up: traces that this call had to look up; an earlier call had done the rest.
        n_copied: sentences that stand in the training texts word for word.
        n_template: others of which only the template stands there.
        n_new: all other sentences with words.
        n_records: records of the training texts.
        n_rejects: records that could not be read.
        n_training_sentences: sentences of the training texts; `n_distinct_training_sentences` of these differ.
    """

    run_id: str
    db: Path
    n_traces: int
    n_looked_up: int
    n_copied: int
    n_template: int
    n_new: int
    n_records: int
    n_rejects: int
    n_training_sentences: int
    n_distinct_training_sentences: int


@dataclass(frozen=True, slots=True)
class SelectionResult:
    """A training file.

    Attributes:
        run_id: the run whose traces were the candidates.
        strategy: the name of the strategy.
        out: the training file.
        manifest_path: the file beside it that says how it came to be.
        manifest: the same as plain values.
        n_questions: questions of the run.
        n_candidates: traces of the run.
        n_picked: rows of the training file.
        n_picked_questions: questions that these rows answer.
        n_tokens: the student's tokens in these rows.
        n_unscored_questions: questions none of whose candidates is scored.
        n_unfit_questions: further questions none of whose candidates is within the guards.
        n_tied_questions: questions whose picks depend on a tie between scores; the manifest says what decided.
        n_tied_by_hash: those of them on which only a hash of the response could decide.
    """

    run_id: str
    strategy: str
    out: Path
    manifest_path: Path
    manifest: dict[str, Any]
    n_questions: int
    n_candidates: int
    n_picked: int
    n_picked_questions: int
    n_tokens: int
    n_unscored_questions: int
    n_unfit_questions: int
    n_tied_questions: int
    n_tied_by_hash: int
