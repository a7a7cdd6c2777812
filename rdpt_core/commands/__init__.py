"""The commands of `rdpt`, one file each.

score      traces under a triple of models, into a database
validate   traces, checked without a model
import_    other formats to canonical traces
added      what is added to a scored run: resplit, local, calibrate, importance, overlap
info       what a database holds
behaviours  kinds of sentences that carry a label more often than their traces do
export     sentences, traces, tokens, notes and patterns as files
select     training data among candidates
bench      speed and memory on this machine
view       the app over a database or a folder of them
demo       the bundled traces and models, then the app

A command module offers `add_parser(subparsers)` and sets `run` on its parser, a function from the parsed arguments to
an exit status. What is heavy is imported inside `run`. The commands are those of `COMMANDS`; beside them stand

arguments  types and groups of arguments that several commands share
parts      what several commands print and set up
"""

from rdpt_core.commands import (
    behaviours,
    bench,
    demo,
    export,
    import_,
    info,
    score,
    select,
    validate,
    view,
)
from rdpt_core.commands.added import calibrate, importance, local, overlap, resplit

COMMANDS = (
    score,
    validate,
    import_,
    resplit,
    local,
    calibrate,
    importance,
    overlap,
    info,
    behaviours,
    export,
    select,
    bench,
    view,
    demo,
)
