"""How much a label proves, and whether the sentence matters.

context  which labels a sentence has also by itself, without what precedes it
"""
