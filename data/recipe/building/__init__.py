"""From seeds to files, in stages that talk through files only, so that two can run at once and give the same bytes.

plan        what is built from what
schedule    runs stages, each as soon as what it needs is there
place       where a build keeps its files
held_out    the problems of problems.jsonl, whose arithmetic no training document shares
school      the tokenizer, and models that learn from random weights
candidates  who answers which question for training, and which answers are kept
distill     the pieces: draw candidates, choose among them, fine-tune the student
tune        the distilled model with its checkpoints, and the mixture
bundle      the traces that are bundled
triples     the models of the two runs, as triple.toml and mixture.toml
"""
