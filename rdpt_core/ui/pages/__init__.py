"""One folder, or file, for each page: `page.draw` draws it, `figures` holds its charts.

registry    the list of all pages
overview    what is in the file
trace       one response, sentence by sentence
compare     two traces side by side
sentences   one text, saved patterns, and behaviours, in all sentences
ratios      every sentence by how far the models are apart
benchmarks  label shares of groups of traces
teachers    which of several teachers a sentence comes from
evidence    controls of the labels, how much the answer depends on each sentence, and transfer
positions   labels along the traces
thresholds  how much depends on α and β
predict     labels and correct answers
verdicts    who says what is correct, and what is disputed
training    what each checkpoint changed
runs        two runs of the file
selection   training data among candidates
"""
