"""Every family of kinds of a run.

tags       sentences by the tags of notes and of imported traces
"""
