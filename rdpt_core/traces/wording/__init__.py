"""What a sentence is worded like.

templates  numbers, names and formulas masked
"""
