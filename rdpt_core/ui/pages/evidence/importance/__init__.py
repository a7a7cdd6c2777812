"""The page Importance.

page        all of it
summary     what it comes to, in words, with what that does not say
parts       its sections
figures     distributions, groups, and labels compared
tables      numbers, and the sentences that matter most
invitation  what it would show, for a run without importance
"""
