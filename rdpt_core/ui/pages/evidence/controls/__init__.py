"""The page Controls.

page      all of it
shares    label shares with another model in the teacher's place
dots      figures of shares as points
p_values  how many sentences are likelier under the teacher than under models that are none
p_values_figure  how their p-values spread
known     shares corrected by text whose writer is known
context   labels that sentences keep without what precedes them
context_figure  the figure of that
"""
