"""The commands of `rdpt`, one file each.

A command module offers `add_parser(subparsers)` and sets `run` on its parser, a function from the parsed arguments to
an exit status. What is heavy is imported inside `run`. The commands are those of `COMMANDS`; beside them stand

arguments  types and groups of arguments that several commands share
libraries  the set-up of the libraries of models
"""

from rdpt_core.commands import bench, demo, export, import_, info, local, resplit, score, select, validate, view

COMMANDS = (score, validate, import_, resplit, local, info, export, select, bench, view, demo)
