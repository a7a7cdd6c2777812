"""How much a label proves, and whether the sentence matters.

p_values  how surely a sentence is likelier under the teacher than under models that are none
"""
