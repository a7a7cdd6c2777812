"""The page Thresholds.

page        the whole page
suggestion  the suggested β
units       first tokens, longer units, and other units and spaces
figures     its figures
"""
