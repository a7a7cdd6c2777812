"""The page Importance.

page  all of it
"""
