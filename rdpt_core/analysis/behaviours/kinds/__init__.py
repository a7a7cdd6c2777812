"""Every family of kinds of a run.

data        all families of a run, kept
texts       the sentences of a run, some traces at a time
hashing     short numbers for templates and their first words
frequent    which of very many templates are frequent, without holding all
reading     one pass over all sentences: templates, first words, lenses
wordings    whole templates, near-duplicates merged
merging     which templates are near-duplicates
openings    first words of templates
speech      parts of speech of frequent templates
lenses      eight ready kinds, by expressions
grouping    sentences of each kind from numbers of sentences
tags        sentences by the tags of notes and of imported traces
"""
