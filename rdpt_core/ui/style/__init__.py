"""How the interface looks and speaks.

theme         the one palette
sources       how teachers, the student, several and none are drawn
evidence      how steps of evidence are drawn
training      how classes of sentences by the training texts are drawn
figure_style  what all figures share
words         labels of controls, numbers and foreign texts as text
"""
