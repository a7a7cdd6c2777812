"""Every command that reads a database, and what each gives of an undisturbed one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.torture.lab import Lab
from tests.torture.verdicts import DONE, PARTIAL, REFUSED, Broken, Outcome

EXPORTS = tuple(
    f"{what}.{ending}"
    for what, endings in (
        ("sentences", ("jsonl", "csv", "parquet")),
        ("traces", ("jsonl", "csv", "parquet")),
        ("tokens", ("jsonl", "csv", "parquet")),
        ("notes", ("jsonl", "csv", "parquet", "md")),
        ("html", ("html",)),
    )
    for ending in endings
)
READINGS = (*EXPORTS, "info", "info --json", "select", "api")
N_NOTES = 20


def command(name: str, database: Path, out: Path) -> list[object]:
    """The arguments of a reading command; `out` is what it writes, if it writes a file."""
    if name.startswith("info"):
        return [*name.split(), "--db", database]
    if name == "select":
        return ["select", "--db", database, "--strategy", "teacher-count", "--out", out]
    what = name.partition(".")[0]
    trace = ["--trace", "t1"] if what == "html" else []
    return ["export", "--db", database, "--what", what, *trace, "--out", out]


def out_path(name: str, folder: Path) -> Path:
    return folder / (name if name in EXPORTS else f"{name.split()[0]}.jsonl")


def read(lab: Lab, name: str, database: Path, folder: Path) -> Outcome:
    """Run a reading command."""
    out = out_path(name, folder)
    if name == "api":
        return lab.run(["api", database], instead=["api", str(database), str(out)])
    return lab.run(command(name, database, out))


def result(name: str, outcome: Outcome, folder: Path) -> bytes:
    """What a reading command gave; empty if it gave nothing."""
    if name.startswith("info"):
        return outcome.output.encode()
    out = out_path(name, folder)
    files = [out, out.with_suffix(".manifest.json")] if name == "select" else [out]
    return b"\n".join(path.read_bytes() for path in files if path.exists())


def with_notes(lab: Lab) -> Path:
    """The undisturbed database, with notes beside it."""

    def make() -> Path:
        lab.run(["notes"], instead=["notes", str(lab.clean), str(N_NOTES)]).check()
        return lab.clean

    path: Path = lab.materials.once("notes", make)
    return path


def copied(lab: Lab, scratch: Path) -> Path:
    """A copy of the undisturbed database and its notes, under the same name."""
    source = with_notes(lab)
    shutil.copy(source.with_name(f"{source.name}.notes.sqlite"), scratch)
    return Path(shutil.copy(source, scratch))


def undisturbed(lab: Lab, name: str) -> bytes:
    """What a reading command gives of the undisturbed database."""

    def make() -> bytes:
        folder = lab.materials.folder / "undisturbed"
        folder.mkdir(exist_ok=True)
        return result(name, read(lab, name, with_notes(lab), folder).check(), folder)

    found: bytes = lab.materials.once(f"reading {name}", make)
    return found


def check_readings(lab: Lab, names: Sequence[str], database: Path, folder: Path, *, described: bool = False) -> None:
    """Each command refuses with one clear line, or says that its output is partial, or gives what it gave before.

    Args:
        described: `info`, and notes with the place of each, may say what has become of the database.

    Raises:
        Broken: one does something else.
    """
    broken = []
    for name in names:
        try:
            _check_reading(lab, name, database, folder, described and name.startswith(("info", "notes")))
        except Broken as one:
            broken.append(one)
    if broken:
        raise Broken("; ".join(one.expected for one in broken), "; ".join(one.seen[-250:] for one in broken))


def _check_reading(lab: Lab, name: str, database: Path, folder: Path, described: bool) -> None:
    right = undisturbed(lab, name)
    outcome = read(lab, name, database, folder).check((DONE, REFUSED, PARTIAL))
    given = result(name, outcome, folder)
    if outcome.status == DONE and given != right and not described:
        raise Broken(f"a refusal by `{outcome.command}`, or the undisturbed output", _difference(given, right))
    if outcome.status == REFUSED and not name.startswith("info") and given:
        raise Broken(f"no file of a refused `{outcome.command}`", f"{len(given)} bytes")


def _difference(given: bytes, right: bytes) -> str:
    """The first place where they differ, and how each goes on there."""
    place = next((n for n, (a, b) in enumerate(zip(given, right, strict=False)) if a != b), min(len(given), len(right)))
    start = max(place - 30, 0)
    return f"{given[start : place + 40]!r} for {right[start : place + 40]!r} at byte {place}"
