"""The page Selection.

page      the whole page
controls  what is compared, under which conditions
question  one question and its candidates
basket    overruling the strategies by hand
figures   its figures
download  the picks of a strategy as a file
"""
