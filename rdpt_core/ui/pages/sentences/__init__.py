"""Pages about sentences of one kind, wherever they stand.

find        one text in all sentences
patterns    what is saved by name: its label shares, places and neighbours
behaviours  kinds of sentences that carry a label more often than their traces do
bars        label shares as bars, one below the other
say         how labels differ from those of all other sentences, in words
passages    long lists of sentences, some at a time
saving      keeping a pattern by name
"""
