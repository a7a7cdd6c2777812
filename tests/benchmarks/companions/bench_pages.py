"""Whether further models make pages slower: every page of the app, of a triple and of the same run with six models.

    python tests/benchmarks/companions/bench_pages.py FOLDER [--sentences N] [--traces N] [--only Compare]

Takes the files of `bench_companions.py` in the folder, or makes them; for the page Runs also a copy of each with a
second run. Every page is opened with nothing kept but that the file was found sound, then α is changed. The files take
turns: the triple, the run with six models, and that run with the second teacher in the teacher's place. Teachers and
Training have nothing to be compared with. Times are those of the script run that draws the page, without the browser's
part: medians in seconds of processor time, which other work on the machine changes little, with those of the clock in
brackets; ratios are medians over turns. Memory is the most that the process took while the page was opened, with what
Python and its packages take. It prints numbers and judges none.
"""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import streamlit as st
from streamlit.testing.v1 import AppTest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from rdpt_core.store.reader import reading
from tests.benchmarks import make_large
from tests.benchmarks.companions import bench_companions

APP = Path(__file__).resolve().parents[3] / "app.py"
TIMEOUT_S = 600
_RUN, _SECOND_RUN = "1a26e00000000000", "2b37f00000000000"


class View(NamedTuple):
    """A page as it is opened.

    Attributes:
        page: its file.
        query: what its address asks for.
        two_runs: of a file with a second run.
        alone: of six models only.
        unchecked: with nothing known of the file, as the first page after the server's start.
    """

    name: str
    page: str
    query: dict[str, str]
    two_runs: bool = False
    alone: bool = False
    unchecked: bool = False


_TWO = {"run": _RUN, "run2": _SECOND_RUN}
_MIDDLE = "t0000050"
VIEWS = (
    View("Overview", "overview", {}),
    View("Overview, first page of a server", "overview", {}, unchecked=True),
    View("Trace", "trace", {"trace": _MIDDLE}),
    View("Trace, numbers and figure", "trace", {"trace": _MIDDLE, "numbers": "true"}),
    View("Trace, those that hold Teacher", "trace", {"holds": "Teacher"}),
    View("Compare", "compare", {"trace": _MIDDLE}),
    View("Compare, of two runs", "compare", {"trace": _MIDDLE, "trace2": _MIDDLE, **_TWO}, two_runs=True),
    View("Find", "find", {"q": "So it"}),
    View("Find, label Teacher", "find", {"q": "So it", "label": "Teacher"}),
    View("Ratios", "ratios", {}),
    View("Benchmarks", "benchmarks", {}),
    View("Benchmarks, by correctness", "benchmarks", {"columns": "correctness"}),
    View("Benchmarks, by tokens", "benchmarks", {"count": "tokens"}),
    View("Positions", "positions", {}),
    View("Thresholds", "thresholds", {}),
    View("Predict", "predict", {}),
    View("Verdicts", "verdicts", {}),
    View("Runs", "runs", _TWO, two_runs=True),
    View("Teachers", "teachers", {}, alone=True),
    View("Training", "training", {}, alone=True),
    View("Training, against the teacher", "training", {"against": "the teacher"}, alone=True),
)
SIDES = {"triple": None, "six": None, "seen": "code"}
"""What is opened, and which model is the teacher in it; `six` and `seen` are of one file."""


def add_second_run(path: Path) -> None:
    """The run of a file once more, as if scored with another student, without its further models."""
    with duckdb.connect(str(path), config={"threads": 2, "memory_limit": "4GB"}) as connection:
        for table, changed, condition in (
            ("runs", f"'{_SECOND_RUN}' AS run_id, 'another student' AS name", "TRUE"),
            ("run_models", "", "NOT contains(role, ':')"),
            ("traces", "", "TRUE"),
        ):
            connection.execute(
                f"INSERT INTO {table} SELECT * REPLACE ({', '.join(filter(None, ['2 AS run_no', changed]))}) "
                f"FROM {table} WHERE {condition}"
            )
        (n_traces,) = connection.execute("SELECT max(trace_no) + 1 FROM traces").fetchall()[0]
        noise = make_large.normal("trace_no", "sentence_index", "'another'")
        for first in range(0, n_traces, 5_000):
            connection.execute(
                "INSERT INTO sentences BY NAME SELECT 2 AS run_no, trace_no, sentence_index, char_start, char_end, "
                "n_bytes, COLUMNS('^(n_tokens|first_logprob)_(teacher|student|distilled)$'), "
                "COLUMNS('^(logprob_sum|p)_(teacher|distilled)$'), is_mark, "
                "n_tokens_student * l AS logprob_sum_student, exp(l) AS p_student "
                f"FROM (SELECT *, ln(p_student) * exp(0.2 * {noise}) AS l FROM sentences "
                "WHERE run_no = 1 AND trace_no >= $1 AND trace_no < $2) ORDER BY trace_no, sentence_index",
                [first, first + 5_000],
            )


def with_second_run(path: Path) -> Path:
    """A copy of a file with a second run, made unless it is there."""
    copy = path.with_name(f"{path.stem}_twice.duckdb")

    def make(unfinished: Path) -> None:
        shutil.copy(path, unfinished)
        add_second_run(unfinished)

    bench_companions.make_once(copy, make)
    return copy


class Taken(NamedTuple):
    """Seconds of processor time and by the clock."""

    cpu: float
    wall: float


class Turn(NamedTuple):
    """What one opening of a page took; memory in MB."""

    opened: Taken
    changed: Taken
    peak_mb: float


def timed(app: AppTest, act: Callable[[], object]) -> Taken:
    """One run of a page's script; raises what went wrong in it."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    taken = Taken(time.process_time() - cpu, time.perf_counter() - wall)
    if app.exception or app.error:
        raise RuntimeError((app.exception or app.error)[0].value)
    return taken


def open_page(view: View, database: Path, teacher: str | None) -> Turn:
    """Open a page with nothing kept, then change α."""
    os.environ["RDPT_DB"] = str(database)
    st.cache_data.clear()
    st.cache_resource.clear()
    if view.unchecked:
        reading._known_sound.clear()
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    app = AppTest.from_file(str(APP), default_timeout=TIMEOUT_S)
    app.query_params.update(view.query | ({"teacher": teacher} if teacher else {}))
    if view.page != "overview":
        app.switch_page(f"pages/{view.page}.py")
    opened = timed(app, app.run)
    peak_kb = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    alpha = app.number_input(key="alpha")
    alpha.set_value(round(alpha.value + 0.004, 4))
    return Turn(opened, timed(app, app.run), int(peak_kb) / 1e3)


def measure(view: View, files: dict[str, Path], repeats: int) -> None:
    """Open a page of all sides in turn, and print a line for its opening and one for a change."""
    sides = {side: teacher for side, teacher in SIDES.items() if not view.alone or side == "six"}
    turns = [{side: open_page(view, files[side], teacher) for side, teacher in sides.items()} for _ in range(repeats)]
    for field, name in (("opened", view.name), ("changed", f"{view.name} · α")):
        seconds = {side: [getattr(turn[side], field) for turn in turns] for side in sides}
        line = f"{name:36}"
        for side in SIDES:
            line += f"{in_brackets(zip(*seconds[side], strict=True)) if side in seconds else '':>16}"
        for side in [] if view.alone else ["six", "seen"]:
            ratios = [
                [b[i] / a[i] for a, b in zip(seconds["triple"], seconds[side], strict=True)]
                for i in range(len(Taken._fields))
            ]
            line += f"{in_brackets(ratios):>14}"
        if field == "opened":
            line += "   " + ", ".join(f"{max(turn[side].peak_mb for turn in turns):,.0f}" for side in sides) + " MB"
        print(line, flush=True)


def in_brackets(values: Iterable[Sequence[float]]) -> str:
    """The median of processor times, and in brackets that of the clock."""
    cpu, wall = map(statistics.median, values)
    return f"{cpu:.2f} ({wall:.2f})"


def main() -> None:
    """Make the files, then measure every page."""
    parser = bench_companions.make_parser(__doc__)
    parser.add_argument("--only", nargs="*", default=[""], help="views whose name begins so")
    arguments = parser.parse_args()
    triple, six = bench_companions.make_files(arguments.folder, arguments.sentences, arguments.traces)
    print(", ".join(f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB" for path in (triple, six)))
    print(f"{'':36}" + "".join(f"{side:>16}" for side in SIDES) + f"{'six / triple':>14}{'seen / triple':>14}   memory")
    sys.argv = ["app.py"]
    small = bench_companions.make_files(arguments.folder / "small", 20_000, 100)
    checked: set[Path] = set()
    for view in VIEWS:
        if not view.name.startswith(tuple(arguments.only)):
            continue
        # What a page needs is imported before, and files are found sound.
        for path in small:
            open_page(view, with_second_run(path) if view.two_runs else path, None)
        files = [with_second_run(path) if view.two_runs else path for path in (triple, six)]
        for path in set(files) - checked:
            open_page(VIEWS[0], path, None)
            checked.add(path)
        measure(view, dict(zip(SIDES, [*files, files[1]], strict=True)), arguments.repeats)


if __name__ == "__main__":
    main()
