"""Files of any known format in, canonical traces out.

pipeline       the whole of `import`
repeats        files that are met twice
recognition    which container and which format a file is
unwrapping     records that hold the records proper
normalisation  drafts to traces: ids, truncation, grade, origin
prefill        responses that continue a turn which the model was given
conversations  what conversations held beside text
ids            ids of imported traces and questions
copies         traces that an import meets again
checksums      the proof that responses were not altered
report         what became of every file
thinking_seen  models that always think, and traces without any thinking
preview        how the first records would come out
"""
