"""The models of the two runs, as files for `rdpt score --triple`.

Paths in them are relative to the file, so that a built folder can be moved.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from data.recipe.building.place import Place
from data.recipe.models.folders import DECOYS, checkpoint_folder, checkpoints, folder_of
from data.recipe.traces import TEACHER_NAMES

TRIPLE_FILE, MIXTURE_FILE = "triple.toml", "mixture.toml"
"""For traces.jsonl, and for mixture_traces.jsonl."""


def write_triples(place: Place) -> None:
    """Writes both files; the distilled model's checkpoints must be there.

    The mixture learned from teacher B, of whose sentences the further decoys know half: there they are no controls.
    """
    steps = {f"checkpoints.{step}": checkpoint_folder(place.out, step) for step in checkpoints(place.out)}
    _write(place.out, TRIPLE_FILE, "distilled", DECOYS, steps)
    _write(place.out, MIXTURE_FILE, "mixture", DECOYS[:1], {})


def _write(
    out: Path, file_name: str, distilled: str, controls: Iterable[str], checkpoint_tables: Mapping[str, Path]
) -> None:
    """Writes one file.

    Args:
        out: The built folder.
        file_name: Of the file in it.
        distilled: The model that wrote the traces of this run.
        controls: Models that taught it nothing.
        checkpoint_tables: By name of the table, folders of checkpoints.
    """
    tables = {
        "teacher": folder_of(out, "teacher"),
        "student": folder_of(out, "student"),
        "distilled": folder_of(out, distilled),
        f"teachers.{TEACHER_NAMES['teacher_b']}": folder_of(out, "teacher_b"),
        "teachers.sibling": folder_of(out, "sibling"),
        **{f"controls.{control}": folder_of(out, control) for control in controls},
        **checkpoint_tables,
    }
    lines = []
    for table, folder in tables.items():
        lines += ["", f"[{table}]"]
        if table == "teacher":
            lines.append(f'name = "{TEACHER_NAMES["teacher"]}"')
        lines.append(f'model = "{folder.relative_to(out).as_posix()}"')
    (out / file_name).write_text("\n".join(lines[1:]) + "\n", encoding="utf-8", newline="\n")
