"""How much a label proves, and whether the sentence matters.

controls        which models can stand in the teacher's place
control_shares  label shares with the teacher and under a control, and what becomes of each label
context  which labels a sentence has also by itself, without what precedes it
"""
