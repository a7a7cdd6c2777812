"""Whether a role's recorded numbers may be used: as they are, at temperature 1 again, on the user's word, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rdpt_core.errors import InputError
from rdpt_core.records.stated import words_of
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.soundness import Doubt, Evidence, find_evidence
from rdpt_core.scoring.backends.recorded.stated import is_own, is_unclear, stated_evidence, stated_of
from rdpt_core.scoring.backends.recorded.temperature import MOST_ERROR_NATS, undo_temperature

_TO_RECORD = {
    Doubt.LOGITS: "Are these logits? A server with `--logprobs-mode raw_logits` writes such; record with raw_logprobs.",
    Doubt.CUT: "What top_p, top_k, min_p or a grammar cut off cannot be put back; record the model's own logprobs "
    "(vLLM: `--logprobs-mode raw_logprobs`).",
    Doubt.SCALED: "If logits were divided by a temperature T, and the logprobs of all alternatives were recorded, the "
    "key `temperature=T` of this role undoes it.",
}
_TRUST = "`--trust-recorded` takes the numbers as they are."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a role's numbers are.

    Attributes:
        stated: what the records say; see `stated_of`.
        temperature: the user's word on what logits were divided by.
        n_undone: tokens at temperature 1 again, where that was another one.
        n_left: tokens that lost their logprob, since it cannot be undone there.
        trusted: what speaks against the numbers, which are used all the same.
        notes: what a reader of the run must know.
    """

    n_recordings: int
    stated: dict[str, Any]
    temperature: float | None = None
    n_undone: int = 0
    n_left: int = 0
    trusted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_undone(self) -> bool:
        """Whether the numbers are others than those that were recorded."""
        return self.temperature not in (None, 1)

    @property
    def words(self) -> str:
        """What the numbers are, as part of what names the run; the word alone where they are plainly the model's."""
        told = [f"temperature {self.temperature:g} undone"] if self.is_undone else []
        return ", ".join(["recorded", *told, *(["trusted"] if self.trusted else [])])

    def why_missing(self, n_tokens: int) -> str | None:
        """Why so many tokens of one trace have no logprob, where that may be for the temperature."""
        if not n_tokens or not self.n_left:
            return None
        reason = f"temperature {self.temperature:g} cannot be undone where too few alternatives were recorded"
        return f"{n_tokens:,} tokens have no logprob: {reason}"

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the run."""
        known: dict[str, Any] = {"n_recordings": self.n_recordings, "stated": self.stated}
        if self.temperature is not None:
            known["temperature"] = self.temperature
        if self.is_undone:
            known |= {"n_undone": self.n_undone, "n_left": self.n_left}
        return known | ({"trusted": list(self.trusted)} if self.trusted else {})


def judge(
    role: str, recordings: Sequence[Recording], *, temperature: float | None, n_vocabulary: int | None, trust: bool
) -> tuple[Verdict, list[Recording]]:
    """See whether recorded numbers are a model's own at temperature 1, or can be made so.

    Args:
        temperature: what logits were divided by before the logprobs were taken, as the user says; None if nothing is
            said, 1 for logprobs that are the model's own.
        n_vocabulary: tokens of the model's vocabulary; None if unknown.
        trust: take the numbers as they are, whatever speaks against them.

    Returns:
        What they are, and the recordings to use: without alternatives, which nothing after this needs.

    Raises:
        InputError: something proves that they are not the model's own, or the temperature cannot be undone.
    """
    is_undone = temperature not in (None, 1)
    evidence = [
        item for item in find_evidence(recordings, n_vocabulary) if not (is_undone and item.doubt is Doubt.SCALED)
    ] + stated_evidence(recordings, temperature)
    # What is undone is no longer as it was recorded: trust cannot stand for what the calculation needs.
    if evidence and (not trust or (is_undone and any(item.doubt is not Doubt.SCALED for item in evidence))):
        raise _refusal(role, evidence, words_of(stated_of(recordings)), is_undone)
    against = "; ".join(item.text for item in evidence)
    notes = (
        [f"The {role}'s recorded logprobs are taken as they are (--trust-recorded), though {against}."]
        if evidence
        else []
    )
    verdict = Verdict(
        len(recordings), stated_of(recordings), temperature, trusted=tuple(item.text for item in evidence)
    )
    used = list(recordings)
    if temperature is not None and is_undone:
        scaled = [recording for recording in recordings if not is_own(recording)]
        undone = undo_temperature(scaled, temperature, n_vocabulary)
        if not undone.n_undone:
            raise _irreversible(role, scaled, temperature, n_vocabulary)
        if undone.n_left:
            notes.append(_partly(role, temperature, undone.n_undone, undone.n_left))
        results = iter(undone.recordings)
        used = [recording if is_own(recording) else next(results) for recording in recordings]
        verdict = replace(verdict, n_undone=undone.n_undone, n_left=undone.n_left)
        notes += _other_temperatures(role, scaled, temperature)
    elif temperature is None and not evidence:
        notes += _unclear(role, recordings)
    return replace(verdict, notes=tuple(notes)), [replace(recording, alternatives=None) for recording in used]


def _refusal(role: str, evidence: Sequence[Evidence], stated: str, is_undone: bool) -> InputError:
    doubts = {item.doubt for item in evidence}
    ways = [_TO_RECORD[doubt] for doubt in Doubt if doubt in doubts and not (is_undone and doubt is Doubt.SCALED)]
    if is_undone and doubts == {Doubt.SCALED}:
        ways.append("The key `temperature` must be what these records state.")
    trust = f"Without the key `temperature`, {_TRUST}" if is_undone else _TRUST
    return InputError(
        "recorded logprobs are not what the model gives at temperature 1",
        where=str(role),
        expected="logprobs of the whole vocabulary, before temperature, top_p, top_k and min_p",
        got="; ".join([*(item.text for item in evidence), *([f"the records state {stated}"] if stated else [])]),
        hint=" ".join([*ways, trust]),
    )


def _irreversible(
    role: str, recordings: Sequence[Recording], temperature: float, n_vocabulary: int | None
) -> InputError:
    n_without = sum(recording.alternatives is None for recording in recordings)
    return InputError(
        "the temperature of recorded logprobs cannot be undone",
        where=f"{role} temperature = {temperature:g}",
        expected="at some token, the logprobs of all tokens of the vocabulary, or so many that the others together "
        f"change it by at most {MOST_ERROR_NATS:g} nats",
        got=f"no alternatives in {n_without:,} of {len(recordings):,} recordings"
        if n_without
        else "too few alternatives at every token"
        if recordings
        else "only recordings whose logprobs are known to be the model's own",
        hint=("" if n_vocabulary else "With the key `tokenizer` it is known how many tokens are missing. ")
        + "Record again with more alternatives, or the model's own logprobs.",
    )


def _partly(role: str, temperature: float, n_undone: int, n_left: int) -> str:
    return (
        f"The temperature {temperature:g} of the {role}'s recorded logprobs is undone at {n_undone:,} tokens. At "
        f"{n_left:,} others too few alternatives were recorded: their sentences stay unscored."
    )


def _other_temperatures(role: str, recordings: Sequence[Recording], temperature: float) -> list[str]:
    stated = [recording.sampling.temperature for recording in recordings if recording.sampling is not None]
    others = [value for value in stated if value not in (None, temperature)]
    if not others:
        return []
    what = f"temperature {others[0]:g}"
    return [f"{len(others):,} of the {role}'s recordings state {what}, and temperature {temperature:g} is undone."]


def _unclear(role: str, recordings: Sequence[Recording]) -> list[str]:
    unclear = [recording for recording in recordings if is_unclear(recording)]
    if not unclear:
        return []
    return [
        f"Records of the {role} state {words_of(stated_of(unclear))} ({len(unclear):,} of {len(recordings):,} "
        "recordings). Servers differ in whether logprobs are taken before or after that, and these numbers do not show "
        "it. `temperature=1` says that they are the model's own, `temperature=T` undoes T, and --check-recorded N "
        "compares with the model."
    ]
