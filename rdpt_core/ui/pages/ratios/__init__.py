"""The page Ratios.

page          the whole page
plane_figure  every sentence as a point
strip_figure  traces as rows of squares
"""
