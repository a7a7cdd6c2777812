"""The page Runs.

page     the whole page
figures  its figures
"""
