"""What a sentence is worded like.

templates        numbers, names and formulas masked
parts_of_speech  tags by a lexicon
"""
