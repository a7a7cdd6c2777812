"""Transfer: how far the teacher reaches where it did not teach.

page  draws it
"""
