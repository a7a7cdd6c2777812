"""The page Thresholds.

page     the whole page
figures  its figures
"""
