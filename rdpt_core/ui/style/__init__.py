"""How the interface looks and speaks.

theme         the one palette
figure_style  what all figures share
words         labels of controls, numbers and foreign texts as text
"""
