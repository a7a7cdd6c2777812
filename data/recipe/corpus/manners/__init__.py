"""How each writer makes a response of the pools' sentences.

page            what a response is written on: sentences and paragraphs, with rates for what may be left out
working         the common part of every response: where it starts, its steps, its answer
teacher_a       restates, plans, checks, and goes back when a check fails
teacher_b       names the unit, splits into cases, estimates, and compares
decoy           draws pictures
further_decoys  write as teacher B or as the decoy, with half of the phrasings
student         guesses, or takes the steps without a word too many
"""
