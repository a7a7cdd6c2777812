"""The page Verdicts.

page  the whole page
"""
