"""How sure it is that a sentence is likelier under the teacher than it would be under a model that is none.

references   which models stand for "no teacher"
sums         logprob sums of teacher and references, in memory
calibration  p-values from them, calibrated by the references themselves
data         all of it for a run, with rates of false discoveries
tables       how much is found, by label and with a control in the teacher's place
trace        the sentences of one trace, for the reader
rows         every sentence with its p-value, for elsewhere
methods      how it was done, in words
"""
