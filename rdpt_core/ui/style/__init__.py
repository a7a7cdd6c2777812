"""How the interface looks and speaks.

theme  the one palette
words  labels of controls, numbers and foreign texts as text
"""
