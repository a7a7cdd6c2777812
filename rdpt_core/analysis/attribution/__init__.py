"""Whose sentence it is: one of several teachers, the student, several of them, or none of these.

sources    whose a sentence may be
rule       thresholds of an answer
evidence   how likely every sentence is under every source, in memory
answers    one source, several, or none, from that
trace      the same of one trace, with posteriors
tables     shares of the answers by group of traces
relatives  teachers that cannot be told apart
weights    how much of a run each source accounts for
verdict    which teachers a run shows, and which it does not
scales     how sharp each model is, and temperatures
calibrate  thresholds from text whose source is known
data       all of it strung together
rows       every sentence with its answer, for elsewhere
behind     the sentences behind a cell
methods    how it was done, in words
"""
