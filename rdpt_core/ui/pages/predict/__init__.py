"""The page Predict.

page     the whole page
figures  its figures
"""
