"""Is the answer of a response the reference answer?

grader       which method decides, and its verdict
rules        choices and plain text
answers      the part of a text that it marks as final
math_worker  mathematics, in a process that can be killed
"""
