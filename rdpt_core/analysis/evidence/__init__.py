"""How much a label proves, and whether the sentence matters.

controls        which models can stand in the teacher's place
control_shares  label shares with the teacher and under a control, and what becomes of each label
control_auc     labels against correctness, with the teacher and under a control
p_values        how surely a sentence is likelier under the teacher than under models that are none
corrected       shares corrected by text whose writer is known
context         which labels a sentence has also by itself, without what precedes it
overlap         which sentences stand in the training texts
transfer        how far the teacher reaches where it did not teach
importance      how much the answer depends on each sentence
"""
