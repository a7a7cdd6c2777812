"""The page Benchmarks.

page     the whole page
figures  its figures
"""
