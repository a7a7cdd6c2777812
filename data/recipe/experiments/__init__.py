"""What the bundled data show when the product is tried on them.

selection        does the choice of training data matter? Chosen by every strategy, learned from, graded
selection_table  its table: accuracies with paired intervals
attributed       whose each sentence is by attribution, against whose it was planted
gained           how often a Gained sentence, labelled without a teacher, is the teacher's
exchangeable     sums under models of which none taught anything, simulated
null_calibration p-values of sentences where no sentence is the teacher's
by_itself        labels that a sentence has also without what precedes it, against whose it was planted
marks            labels with and without marks of thinking
"""
