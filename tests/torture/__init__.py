"""Attempts to break the program: `python -m tests.torture --seed N --attempts N [--only GROUND]`.

lab          what attempts share: commands as processes, models, traces, results of undisturbed commands
child        what is arranged in the process of a command before it begins: limits, outputs, other work
damage       how bytes are damaged
runner       which attempt comes when, on how many workers, and what came of each
kill, swapped, damaged, content, resources, served, crowd
             one ground each: a class with a name, its share of the attempts, and `attempt(rng, scratch)`
"""
