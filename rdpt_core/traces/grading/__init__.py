"""Is the answer of a response the reference answer?

grader       which method decides, and its verdict
first_use    the same, loaded when a first answer is graded
answers      the part of a text that it marks as final
notation     one notation for what is written in many ways
choices      multiple choice: the options and what is chosen
quantities   numbers, units, dates, times and ratios, exactly
rules        grades by letter and by normalised text
math_worker  mathematics, in a process that can be killed
math_checks  what math-verify says, and whether it may be believed
"""
