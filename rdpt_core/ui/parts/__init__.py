"""Figures, tables and panels that several pages use.

chart            a figure on a page
share_figure     label shares of each benchmark
export_panel     a page as files
drilldown        what stands behind a clicked number
sentence_table   sentences that lead to their traces
glossary         every term, explained once
terms            what an entry of it is, and those on evidence, importance, kinds of sentences and training texts
notes            a researcher's notes
trace_card       question and answer of a trace
companion_table  the further models of a run
control_words    what a label's share is worth beside its controls
trace_download   a trace as a file
"""
