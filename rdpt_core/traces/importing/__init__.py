"""Files of any known format in, canonical traces out.

pipeline       the whole of `import`
repeats        files that are met twice
recognition    which container and which format a file is
normalisation  drafts to traces: ids, truncation, grade, origin
ids            ids of imported traces and questions
copies         traces that an import meets again
checksums      the proof that responses were not altered
report         what became of every file
preview        how the first records would come out
"""
