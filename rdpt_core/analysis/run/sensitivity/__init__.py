"""How far results depend on what nobody measured: thresholds, and where a sentence begins and ends.

thresholds      what α and β decide
suggested_beta  a β that the data suggest
unit_effects    labels without first tokens, and of joined sentences
"""
