"""Choosing which model is the teacher on every page; the choice lives in the address as `teacher`."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rdpt_core.analysis.which_teacher import (
    OWN,
    TeacherChoice,
    chosen_teacher,
    find_teacher,
    has_several,
    seen_with,
    teacher_choices,
    teacher_name,
)
from rdpt_core.records import Role
from rdpt_core.store.reader import Run
from rdpt_core.ui.frame import links
from rdpt_core.ui.style import words

STATE, _PICKED = "teacher_name", "teacher_pick"

_HELP = (
    "Which model is T on every page: its probabilities stand in the place of the teacher's, in labels, figures and "
    "downloads. A control taught nobody; as T it shows how much would be credited to a model that is no source."
)


def choose_teacher(run: Run, runs: Sequence[Run]) -> Run | None:
    """The run as it is seen with the teacher of the address, else with the one chosen before, else with its own.

    Args:
        run: as it was scored.
        runs: all of the file, as they were scored.

    Returns:
        None, if the address asks for a teacher that the run does not have; `explain_teacher` then says so.
    """
    wanted = links.requested("teacher")
    choice = None if wanted is None else find_teacher(run, wanted)
    unknown = wanted is not None and (choice is None or not choice.is_finished)
    if choice is not None and choice.is_finished:
        st.session_state[STATE] = _state_of(choice)
    offered = {_state_of(choice) or "": choice for choice in teacher_choices(run) if choice.is_finished}
    remembered = find_teacher(run, st.session_state.get(STATE) or "")
    chosen = remembered if remembered is not None and remembered.is_finished else next(iter(offered.values()))
    if has_several(run):
        st.session_state[_PICKED] = None if unknown else _state_of(chosen) or ""
        st.selectbox(
            "Teacher",
            list(offered),
            key=_PICKED,
            format_func=lambda name: option_name(run, offered[name]),
            on_change=_picked,
            placeholder="Choose a teacher",
            help=_HELP,
        )
    if unknown:
        return None
    links.publish("teacher", _state_of(chosen))
    links.publish_teachers(_where_chosen(runs))
    return seen_with(run, _state_of(chosen))


def _state_of(choice: TeacherChoice) -> str | None:
    """What the session and the address keep: nothing for a run's own teacher, which is that of no other run."""
    return None if choice.key is None else choice.name


def chosen_name() -> str | None:
    """The name of the chosen teacher, which holds for every run that has one of this name."""
    name: str | None = st.session_state.get(STATE)
    return name


def option_name(run: Run, choice: TeacherChoice) -> str:
    """A model as the list of teachers shows it."""
    if choice.key is None:
        if not any(model.role == Role.TEACHER for model in run.own_models):
            return "none: student and distilled model only"
        return f"{words.plain(choice.name)} · {OWN}" if choice.name else words.capitalised(OWN)
    name = words.plain(choice.name or choice.key)
    return f"{name} · control, for comparison" if choice.is_control else name


def explain_teacher(run: Run) -> None:
    """The address names a teacher that the run does not have, or not yet."""
    wanted = st.query_params.get("teacher", "")
    choice = find_teacher(run, wanted)
    if choice is None:
        st.error(
            "**The link asks for a teacher that this run does not have.** It may belong to another run or another "
            "database. " + ("Choose a teacher on the left." if has_several(run) else "This run has no other teacher."),
            icon=":material/link_off:",
        )
    else:
        st.info(
            "**The link asks for a teacher that is still being scored.** It can be chosen once all traces are done.",
            icon=":material/pending:",
        )
    st.code(words.plain(wanted, 200), language=None)
    st.button("Show the run with its own teacher", on_click=_use_own, type="primary")


def notice(run: Run) -> None:
    """Say above every page which model is the teacher, where there are several, or where the chosen one is not."""
    name = chosen_name()
    if name is not None and find_teacher(run, name) is None:
        st.caption(
            f":material/school: This run has no teacher called {words.no_markdown(name)}; it is shown "
            f"{'with its own' if Role.TEACHER in run.roles else 'without one'}."
        )
    named = teacher_name(run)
    if named is None:
        return
    if chosen_teacher(run).is_control:
        st.caption(
            f":material/science: **Teacher: {words.no_markdown(named)}, a control.** It taught nobody, so whatever is "
            "labelled Teacher here shows how much is credited to a model that is no source."
        )
    else:
        st.caption(f":material/school: **Teacher: {words.no_markdown(named)}.** {_others(run)}")


def runs_notice(runs: Sequence[Run]) -> None:
    """Say which model is the teacher in each of several runs that are looked at together, where one has a choice."""
    if not any(has_several(run) for run in runs):
        return
    told = [f"{words.no_markdown(run.name, 40)} · {run.run_id[:8]}: {_teacher_of(run)}" for run in runs]
    st.caption(f":material/school: **Teacher in each run.** {'; '.join(told)}.")


def _teacher_of(run: Run) -> str:
    if Role.TEACHER not in run.roles:
        return "none"
    choice = chosen_teacher(run)
    name = f"**{words.no_markdown(choice.name)}**" if choice.name else "its own"
    return f"{name}, a control" if choice.is_control else name


def _others(run: Run) -> str:
    choices = [choice for choice in teacher_choices(run) if choice.is_finished]
    chosen = chosen_teacher(run)
    others = [
        words.no_markdown(choice.name) if choice.name else "its own"
        for choice in choices
        if choice != chosen and not choice.is_control
    ]
    n_controls = sum(choice.is_control for choice in choices)
    has_own = any(model.role == Role.TEACHER for model in run.own_models)
    if not has_own:
        others = others[1:] if others and others[0] == "its own" else others
    listed = [*others, *([words.count(n_controls, "control")] if n_controls else [])]
    return f"The run can also be seen with {words.listed(listed)}." if listed else ""


def _where_chosen(runs: Sequence[Run]) -> dict[str, str]:
    """Run id → the chosen teacher's name in it, for the runs that have it as a companion."""
    name = chosen_name()
    found = {}
    for run in runs:
        choice = None if name is None else find_teacher(run, name)
        if choice is not None and choice.is_finished and (kept := _state_of(choice)) is not None:
            found[run.run_id] = kept
    return found


def _picked() -> None:
    chosen = st.session_state[_PICKED]
    if chosen is not None:
        st.session_state[STATE] = chosen or None
        links.publish("teacher", None)


def _use_own() -> None:
    st.session_state[STATE] = None
    links.publish("teacher", None)
