"""The bundled models, from an empty tokenizer to sentence probabilities.

tokenizer  the byte-level BPE tokenizer and its chat template
folders    model shapes; saving and loading model folders
forward    the forward pass of training
optimizer  Muon and AdamW
train      the training loop
sample     seeded sampling with a key-value cache
score      sentence probabilities and labels, with plain transformers
"""
