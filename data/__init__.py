"""The bundled data: a teacher, student and distilled model, traces, and the recipe that made them.

recipe  what made them
world   the recipe of the next ones, which are not bundled yet
"""
