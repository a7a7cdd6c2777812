"""What was found, in one sentence with its numbers, and what that does not say."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import streamlit as st

from rdpt_core.analysis.behaviours.discovery.results import Behaviour, Behaviours
from rdpt_core.analysis.behaviours.discovery.verdicts import FLOOR, MOST_UNDER_DECOYS
from rdpt_core.analysis.behaviours.families import FAMILIES, LENS, OPENING, PARTS_OF_SPEECH, TAG, WORDING
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Label
from rdpt_core.ui.frame.filters import describe
from rdpt_core.ui.pages.sentences.behaviours.naming import percent, points
from rdpt_core.ui.style import words

_N_NAMED = 3

_FAMILY_WORDS: dict[str, tuple[str, str]] = {
    WORDING: ("wording", "wordings"),
    OPENING: ("opening", "openings"),
    PARTS_OF_SPEECH: ("sequence of parts of speech", "sequences of parts of speech"),
    LENS: ("lens", "lenses"),
    TAG: ("tag", "tags"),
}

_OVERLAP = "A sentence may belong to several kinds, so kinds do not add up to sentences."


def draw(found: Behaviours, scope: Scope) -> None:
    """The sentences, in a frame."""
    with st.container(border=True, key="behaviours_summary"):
        st.markdown(f"##### {headline(found)}")
        told = (_by_family(found), _named(found), without_teacher(found))
        if any(told):
            st.markdown(" ".join(part for part in told if part))
        st.caption(" ".join(part for part in (how_found(found), verdicts_from(found), _OVERLAP) if part))
    st.caption(coverage(found, scope))


def headline(found: Behaviours) -> str:
    """`12 wordings are only the teacher's and 4 are preferred by the teacher.`, or of all kinds if no wording held."""
    held, names = _leading(found)
    label = found.label
    if not held:
        n = sum(found.n_questions)
        if found.n_found:
            return (
                f"Nothing holds: {words.count(found.n_found, 'kind')} found to carry {label} more often than "
                f"{'its' if found.n_found == 1 else 'their'} traces on one half of the questions, none again on the "
                "other."
            )
        return (
            f"Nothing found: no kind of sentence carries {label} more often than its traces do, as far as "
            f"{words.count(n, 'question')} can tell."
        )
    said = {row.verdict for row in held if row.verdict is not None}
    counted = {verdict: sum(row.verdict == verdict for row in held) for verdict in sorted(said)}
    parts = [
        f"{_counted(n, names, is_first=not place)} {'is' if n == 1 else 'are'} {verdict}"
        for place, (verdict, n) in enumerate(counted.items())
    ]
    n_other = len(held) - sum(counted.values())
    if n_other:
        does = (
            "carries {} more often than its traces do" if n_other == 1 else "carry {} more often than their traces do"
        )
        parts.append(f"{_counted(n_other, names, is_first=not parts)} {does.format(label)}")
    return f"{words.listed(parts)}."


def _leading(found: Behaviours) -> tuple[list[Behaviour], tuple[str, str]]:
    """Those that the headline counts, and what one and several are called.

    Wordings are what a reader understands, and a sentence has one; kinds of all families count it several times.
    """
    held = [row for row in found.rows if row.is_replicated]
    wordings = [row for row in held if row.family == WORDING]
    return (wordings, _FAMILY_WORDS[WORDING]) if wordings else (held, ("kind of sentences", "kinds of sentences"))


def _counted(n: int, names: tuple[str, str], *, is_first: bool) -> str:
    return words.count(n, *names) if is_first else f"{n:,}"


def _by_family(found: Behaviours) -> str:
    """How many of each family held, other than wordings where the headline counts these."""
    counted = [(family, sum(row.is_replicated and row.family == family for row in found.rows)) for family in FAMILIES]
    named = [words.count(n, *_FAMILY_WORDS[family]) for family, n in counted if n and family != WORDING]
    has_wordings = any(row.is_replicated and row.family == WORDING for row in found.rows)
    if has_wordings and named:
        return f"Replicated, too, and often of the same sentences: {words.listed(named)}."
    return f"These are {words.listed(named)}." if len(named) > 1 else ""


def how_found(found: Behaviours) -> str:
    """On how many questions, out of how many kinds."""
    first, second = (
        words.questions(n, effective) for n, effective in zip(found.n_questions, found.n_effective, strict=True)
    )
    text = f"Found: {found.n_found:,} of {words.count(found.n_tested, 'tested kind')}, on {first}"
    if not found.is_split:
        return f"{text}. Too few for two halves: kinds are reported on the questions on which they were found."
    if found.n_found:
        return f"{text}; of these, **{found.n_replicated:,} again** on the other {second}, where all shares are from."
    return f"{text}; shares are from the other {second}."


def without_teacher(found: Behaviours) -> str:
    """For how many kinds that held the share exceeds that without the teacher; empty where nothing is known of it."""
    known = [row for row in found.rows if row.is_replicated and row.excess_low is not None]
    if not known:
        return ""
    n_above = sum(row.excess_low is not None and row.excess_low > 0 for row in known)
    often = f"{found.label} more often than with no teacher"
    if n_above or found.label != Label.TEACHER:
        kinds = words.count(len(known), "kind")
        return f"Of {kinds} with an interval, **{n_above:,}** {'is' if n_above == 1 else 'are'} {often}."
    excess = median(row.excess for row in known if row.excess is not None)
    return (
        f"**Of {words.count(len(known), 'kind')} with an interval, none is surely {often}** (median excess "
        f"{points(excess)}): shares alone do not tell who taught the distilled model."
    )


def verdicts_from(found: Behaviours) -> str:
    """What decides between only and preferred; empty where nothing was decided."""
    if not any(row.is_replicated and row.verdict for row in found.rows):
        return ""
    if found.n_decoys:
        decoys = words.count(found.n_decoys, "model that taught nobody", "models that taught nobody")
        return (
            f"“Only” rests on {decoys}: in the teacher's place they are credited with at most "
            f"{MOST_UNDER_DECOYS:.0%} of the sentences of such a kind, on average."
        )
    other = "student" if found.label == Label.TEACHER else "teacher"
    return f"“Only” rests on the {other}: its median p of the sentences of such a kind is at most {FLOOR:g}."


def _named(found: Behaviours) -> str:
    """The surest, by name: wordings if there are any, which say most."""
    held = [row for row in found.rows if row.is_replicated]
    chosen: Sequence[Behaviour] = [row for row in held if row.family == WORDING][:_N_NAMED] or held[:_N_NAMED]
    if not chosen:
        return ""
    named = [f"“{words.no_markdown(row.kind, 50)}” ({percent(row.share)})" for row in chosen]
    return f"Surest: {', '.join(named)}."


def coverage(found: Behaviours, scope: Scope) -> str:
    """What is counted, and what is not."""
    untested = found.n_kinds - found.n_tested
    text = f"{words.count(found.n_sentences, 'labelled sentence')} ({describe(scope)})."
    if untested:
        kinds = words.count(untested, "kind is", "kinds are")
        text += f" {kinds} not tested: too few questions have such sentences."
    return text
