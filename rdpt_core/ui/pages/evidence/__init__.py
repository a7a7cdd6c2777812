"""Pages that ask how much a label proves.

controls    what labels say without a teacher, and how sure each is
importance  how much the answer depends on each sentence
transfer    how far the teacher reaches where it did not teach
"""
