"""The bundled data: a teacher, student and distilled model, further models, traces, and the recipe that made them.

recipe  what made them
"""
