"""Every number about a whole run.

data            all of it strung together: the pages and the Python API stand on this
kept            answers that are computed once
gaps            how far the models are apart at every sentence
verdicts        where verdicts come from, and which are disputed
trace_table     the traces of a run as small numbers to group by
shares          label shares of each benchmark
group_shares    label shares of any groups, and their differences
positions       labels along the traces
predict         labels against correctness, with length held constant
training        what training did, checkpoint by checkpoint
sensitivity     how far results depend on thresholds and on what a sentence is
ranking         the most extreme sentences
search          text in all sentences
drilldown       the sentences behind a number
run_agreement   two runs, sentence by sentence
"""
