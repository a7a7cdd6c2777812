"""Problems with gold answers.

steps       the steps that solve a problem: sums, and places in a line
tasks       the nine benchmarks, and how problems are drawn from them
arithmetic  problems of the shop, the clock, the week and lengths
science     problems of density, speed and heat
problem     a question, its answer and its steps
order       puzzles: who is the tallest
words       the nouns and names that questions use
grade       is an answer right
"""
