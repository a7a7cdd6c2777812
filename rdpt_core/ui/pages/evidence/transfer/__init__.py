"""The page Transfer: how far the teacher reaches where it did not teach.

page      draws it
choice    which groups were seen, and who says so
summary   what it comes to, in words, with what that does not say
figures   its figures
reach     numbers of groups and levels, and steps between levels
copied    reach in copied, template and new sentences
accuracy  correct answers by group
scale     the spread of the models' gaps, and labels with it taken out
"""
