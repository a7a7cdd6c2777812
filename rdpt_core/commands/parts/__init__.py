"""What several commands share.

documents  what `--json` prints
previews   what a dry run of `import` prints
libraries  the set-up of the libraries of models
"""
