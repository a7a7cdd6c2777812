"""The page Positions.

page     the whole page
figures  its figures
"""
