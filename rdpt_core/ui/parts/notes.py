"""A researcher's notes: the panel beside a trace, and all notes of the file in a list."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from rdpt_core.analysis.export.rows import to_bytes
from rdpt_core.analysis.export.spreadsheet import csv_safe
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.analysis.trace.notes import NotePlace, Placed, locate, markdown, matching, rows
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.errors import RdptError, SidecarError
from rdpt_core.store.beside.notes import Anchor, Note, add_note, change_note, delete_note, notes, tags_of
from rdpt_core.store.beside.sidecar import sidecar_path
from rdpt_core.store.reader import Run, open_reader
from rdpt_core.ui.components.card import Item, card
from rdpt_core.ui.components.results import results
from rdpt_core.ui.data.cache import PATIENCE_S
from rdpt_core.ui.frame import links, trace_picker
from rdpt_core.ui.frame.context import PageContext
from rdpt_core.ui.parts import export_panel
from rdpt_core.ui.style import words

_PROBLEM = "notes_problem"
_TEXT, _TAGS, _ABOUT = "note_text", "note_tags", "note_about"
_WHOLE, _SENTENCE = "the whole trace", "the pinned sentence"
_EDITED = "note_edited"
_MOST_SHOWN = 50
_MOST_KNOWN_TAGS = 12
_MOST_LISTED = 200
_MOST_QUOTED = 400


def panel(page: PageContext, view: TraceView, selected: int | None) -> None:
    """Notes on this trace and its sentences, and a form for another one; about the pinned sentence, if there is one."""
    path = page.database.path
    all_notes = _load_notes(path)
    if all_notes is None:
        return
    trace_notes = [note for note in all_notes if note.anchor.trace_id == view.trace.trace_id]
    hash_now = text_hash(view.trace.response)
    current = sorted(
        (n for n in trace_notes if n.anchor.trace_hash == hash_now), key=lambda n: (n.anchor.char_start or -1, n.id)
    )
    older = [note for note in trace_notes if note.anchor.trace_hash != hash_now]
    title = f"Notes ({len(trace_notes)})" if trace_notes else "Notes"
    with st.expander(title, icon=":material/edit_note:", key="notes", expanded=bool(trace_notes)):
        if _PROBLEM in st.session_state:
            st.error(st.session_state.pop(_PROBLEM), icon=":material/error:")
        for note in current[:_MOST_SHOWN]:
            _entry(path, note, _where(view, note), all_notes)
        if older:
            st.warning(
                f"**{words.count(len(older), 'note is', 'notes are')} about an older text of this trace**, which has "
                "changed since. They are kept as they were.",
                icon=":material/history:",
            )
            for note in older[:_MOST_SHOWN]:
                _entry(path, note, "an older text", all_notes)
        if len(current) > _MOST_SHOWN or len(older) > _MOST_SHOWN:
            st.caption(f"The first {_MOST_SHOWN} of each are shown. The page Find has all of them.")
        _form(page, view, selected, all_notes)


def _load_notes(path: Path) -> tuple[Note, ...] | None:
    """All notes of the file; None if it cannot be read, which the page then says and otherwise stays as it is."""
    try:
        return notes(path)
    except SidecarError as error:
        st.warning(in_words(error), icon=":material/edit_off:")
        return None


def in_words(error: RdptError) -> str:
    """Why something beside the database could not be read or written, as Markdown."""
    where = f" ({words.no_markdown(Path(error.where).name, 300)})" if error.where else ""
    expected = f" Expected: {error.expected}." if error.expected and not error.hint else ""
    return f"**{words.capitalised(error.what)}**{where}.{expected} {error.hint or ''}"


def _where(view: TraceView, note: Note) -> str:
    """The sentence that holds the note's first character now: another run may cut the same text in other ways."""
    start = note.anchor.char_start
    if start is None:
        return "the whole trace"
    if not view.is_scored:
        return "a sentence"
    return f"sentence {bisect_right(view.column('char_start'), start)}"


def _entry(path: Path, note: Note, where: str, all_notes: Sequence[Note]) -> None:
    if st.session_state.get(_EDITED) == note.id:
        _editor(path, note, all_notes)
        return
    about = [Item("on", where), *(Item("#", tag) for tag in note.tags), Item("", _when(note), "note")]
    quote = [Item("which reads", words.plain(note.anchor.quote, 200))] if note.anchor.quote else []
    text = [Item("", note.text, "long")] if note.text else []
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        card(f"Note {note.id}", about, quote, text, key=f"note_{note.id}")
        st.button(
            "Edit", icon=":material/edit:", type="tertiary", key=f"note_edit_{note.id}", on_click=_edit, args=(note.id,)
        )


def _editor(path: Path, note: Note, all_notes: Sequence[Note]) -> None:
    # Keys of this version of the note: what somebody else wrote meanwhile replaces what stands here.
    text_key, tags_key = (f"note_{field}_{note.id}_{note.updated_at}" for field in ("text", "tags"))
    with st.form(f"note_form_{note.id}"):
        st.text_area(f"Text of note {note.id}", note.text, key=text_key, height=100)
        _tags_input(f"Tags of note {note.id}", tags_key, all_notes, ", ".join(note.tags))
        with st.container(horizontal=True):
            st.form_submit_button("Save", on_click=_change, args=(path, note, text_key, tags_key))
            st.form_submit_button("Cancel", on_click=_edit, args=(None,))
            st.form_submit_button("Delete", icon=":material/delete:", on_click=_delete, args=(path, note))


def _edit(note_id: int | None) -> None:
    st.session_state[_EDITED] = note_id


def _when(note: Note) -> str:
    changed = ", changed" if note.updated_at != note.created_at else ""
    return f"{note.updated_at[:16].replace('T', ' ')} UTC{changed}"


def _tags_input(title: str, key: str, all_notes: Sequence[Note], value: str = "") -> None:
    known = list(dict.fromkeys(tag for note in reversed(all_notes) for tag in note.tags))[:_MOST_KNOWN_TAGS]
    st.text_input(
        title,
        value,
        key=key,
        placeholder="wrong turn, to do",
        help="Lately used: " + ", ".join(words.no_markdown(tag, 30) for tag in known) if known else None,
    )


def _form(page: PageContext, view: TraceView, selected: int | None, all_notes: Sequence[Note]) -> None:
    with st.form("note_form", border=False):
        if selected is None:
            st.caption("A new note is on the whole trace. Pin a sentence above to write about it.")
        else:
            st.radio(
                "About",
                [_SENTENCE, _WHOLE],
                key=_ABOUT,
                horizontal=True,
                format_func=lambda about: f"sentence {selected + 1}" if about == _SENTENCE else about,
            )
        # One below the other: columns would be sent again with every click on a sentence.
        st.text_area("New note", key=_TEXT, height=82)
        _tags_input("Tags, with commas between", _TAGS, all_notes)
        st.form_submit_button("Save note", on_click=_add, args=(page.database.path, page.run, view, selected))


def anchor_of(run: Run, view: TraceView, index: int | None) -> Anchor:
    """Where a note on a sentence, or on the whole trace, is to be found again."""
    hash_now = text_hash(view.trace.response)
    if index is None or not view.is_scored:
        return Anchor(run.run_id, view.trace.trace_id, hash_now)
    row = view.sentences.slice(index, 1).select(["char_start", "char_end"]).to_pylist()[0]
    start, end = row["char_start"], row["char_end"]
    return Anchor(run.run_id, view.trace.trace_id, hash_now, index, start, end, view.trace.response[start:end])


def _add(path: Path, run: Run, view: TraceView, selected: int | None) -> None:
    index = selected if st.session_state.get(_ABOUT) == _SENTENCE else None
    anchor = anchor_of(run, view, index)
    if _succeeds(lambda: add_note(path, anchor, st.session_state[_TEXT], tags_of(st.session_state[_TAGS]))):
        # Only what was saved is cleared: a note that could not be written stays to be copied.
        st.session_state[_TEXT] = st.session_state[_TAGS] = ""


def _change(path: Path, note: Note, text_key: str, tags_key: str) -> None:
    if _succeeds(lambda: change_note(path, note, st.session_state[text_key], tags_of(st.session_state[tags_key]))):
        _edit(None)


def _delete(path: Path, note: Note) -> None:
    if _succeeds(lambda: delete_note(path, note)):
        _edit(None)


def _succeeds(write: Callable[[], object]) -> bool:
    """Whether it worked; if not, the panel says why when it is drawn next."""
    try:
        write()
    except RdptError as error:
        st.session_state[_PROBLEM] = in_words(error)
        return False
    return True


def section(page: PageContext, text: str, key: str, on_open: Callable[[], None]) -> None:
    """All notes of the file that hold `text`, with a filter for tags and the means to take them away.

    Args:
        key: of the list, for `chosen_address`.
        on_open: called when a note is chosen.
    """
    path = page.database.path
    all_notes = _load_notes(path)
    if all_notes is None:
        return
    if not all_notes:
        st.info(
            "There are no notes yet. Write one beside a trace, on the page Trace; it is kept in a file beside the "
            "database, which itself stays as it is.",
            icon=":material/edit_note:",
        )
        st.code(sidecar_path(path).name, language=None, wrap_lines=True)
        return
    with open_reader(path, patience_s=PATIENCE_S) as reader:
        placed = locate(reader, all_notes)
    tag = trace_picker.choose_value("Tag", "tag", sorted({tag for note in all_notes for tag in note.tags}))
    chosen = matching(placed, text, tag)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        shown = f", of which {_MOST_LISTED} are shown" if len(chosen) > _MOST_LISTED else ""
        st.markdown(f"**{len(chosen):,} of {words.count(len(all_notes), 'note')}**{shown}", width="content")
        _downloads(chosen)
    if chosen:
        several = len(page.database.runs()) > 1
        items = [_item(item, with_run=several) for item in chosen[:_MOST_LISTED]]
        results("Notes found", items, 1, key, on_open)


def _downloads(chosen: Sequence[Placed]) -> None:
    with st.popover("Take these notes away", icon=":material/download:"):
        table = rows(chosen)
        buttons = st.container()
        for_csv = csv_safe(table) if export_panel.safe_for_spreadsheets("notes_safe") else table
        for name, ending, mime, data in (
            ("CSV", "csv", "text/csv", to_bytes(for_csv, ".csv")),
            ("JSON Lines", "jsonl", "application/jsonl", to_bytes(table, ".jsonl")),
            ("Markdown", "md", "text/markdown", markdown(chosen).encode("utf-8", "backslashreplace")),
        ):
            buttons.download_button(name, data, f"notes.{ending}", mime, on_click="ignore", width="stretch")
        st.caption("The same from a shell:")
        st.code("rdpt export --db FILE --what notes --out notes.csv", language=None, wrap_lines=True)


def _item(item: Placed, *, with_run: bool) -> dict[str, Any]:
    note, anchor = item.note, item.note.anchor
    if anchor.sentence_index is None:
        location = "the whole trace"
    elif item.sentence_index is not None:
        location = f"sentence {item.sentence_index + 1}"
    else:
        location = "a sentence"
    about = [str(item.trace["benchmark"])] if item.trace else []
    if item.state is not NotePlace.CURRENT:
        about.append(f"about an {item.state}" if item.state is NotePlace.OLDER_TEXT else str(item.state))
    if with_run and item.run is not None:
        about.append(f"run {item.run.name} · {item.run.run_id[:8]}")
    address = links.within_database({"run": item.run.run_id, "trace": anchor.trace_id}) if item.run is not None else {}
    if item.sentence_index is not None:
        address["sentence"] = str(item.sentence_index + 1)
    return {
        "mark": {"key": "none", "letter": "✎", "name": "Note"},
        "place": location,
        "trace": anchor.trace_id,
        "address": address,
        "about": about,
        "note": {"text": note.text, "tags": list(note.tags), "about": _when(note)},
        "pieces": [[anchor.quote[:_MOST_QUOTED], True, False]] if anchor.quote else [],
    }
