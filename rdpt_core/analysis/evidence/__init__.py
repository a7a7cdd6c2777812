"""How much a label proves, and whether the sentence matters.

importance  what the answer loses without a sentence, by whose the sentence is
"""
