"""What a sentence is worded like.

templates   numbers, names and formulas masked
text_bytes  which texts hold some bytes
"""
