"""The page Trace.

page          the whole page
joint_figure  the three models over the sentences
"""
