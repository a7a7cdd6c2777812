"""Kinds of sentences, which of them carry a label more often than their traces do, and patterns kept by name.

families   what a family of kinds is: groups of sentences that may overlap
kinds      every family of a run: wordings, openings, parts of speech, lenses, tags
discovery  which kinds carry a label more often than their traces do, with error control
patterns   sentences of one kind as an object: against all others, by benchmark, place and neighbours
"""
