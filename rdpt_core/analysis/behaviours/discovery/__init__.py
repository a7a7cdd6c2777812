"""Which kinds carry a label more often than their traces do, with error control.

data      every number about behaviours in a run, from its kinds on
results   what is said of a kind, and of all of them
"""
