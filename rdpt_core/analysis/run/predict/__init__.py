"""Labels against correctness.

graded       the graded traces, and what is measured of them
aucs         how well each label tells correct from incorrect traces, beside length
odds         odds ratios of each label, with length held constant in several ways
added        what labels add to length and to mean logprobs, for questions left out
prediction   all of it
verdict      what it comes to, label by label
tables       all of it as rows
"""
