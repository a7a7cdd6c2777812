"""From the name of a model to a loaded model and its tokenizer.

references       a name to files on disk
stored           a model that scored a run, found again
hashed_files     whether these are still what they were
adapters         what an adapter changes of its base
patterns         whether what these settings match comes to an end
settings         the JSON files of a model, and libraries that stumble over them
weights          what the headers of weight files say
configuration    its sizes, held against those headers
kinds            what is a model for text, and what loads it
loading          files to the loaded model
merging          an adapter into its base
devices          which device and dtype
generation       settings of generate
tokenizer_files  what the files of a tokenizer say themselves
tokenization     prompts as in generation, responses with offsets
prompts          what stands before a response: chat templates and their seam
"""
