"""The page Compare.

page   the whole page
sides  which two traces
"""
