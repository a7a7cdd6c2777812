"""The page Predict.

page       the whole page
sentences  its result in words
figures    its figures
tables     its tables
"""
