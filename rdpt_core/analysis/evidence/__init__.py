"""How much a label proves, and whether the sentence matters.

corrected  label shares corrected by text whose writer is known
"""
