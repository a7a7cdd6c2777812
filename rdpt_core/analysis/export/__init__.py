"""Results for other programs and for papers.

rows         sentences, traces and tokens as rows
patterns     the sentences of a pattern as rows
spreadsheet  text cells that no spreadsheet takes for formulas
methods      how a table was made, as a paragraph
info         what is stored of the runs of a file
"""
