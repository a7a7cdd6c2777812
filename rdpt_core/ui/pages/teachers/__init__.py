"""The page Teachers.

page        the whole page
invitation  instead of it, where a run has no further model
verdict     what all sentences together say, in words
controls    thresholds, and what the rows of the matrix are
figures     the matrix, shares of groups, weights
tables      scales, controls, and everything to take away
"""
