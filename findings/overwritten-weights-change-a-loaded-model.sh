#!/bin/sh
# A checkpoint that is saved over in place while a model loaded from it is in use, on CPU.
#
# Versions: transformers 5.24.0, safetensors 0.8.0, torch 2.13.0 (CPU), on Linux.
# Guess: `from_pretrained` has read the weights once it returns; what happens to the file afterwards changes nothing.
# Behaviour: if the file holds the dtype that is asked for, the parameters are the file, mapped into memory. Bytes that
#   are written into it, by `cp` over it or by a trainer that opens the same name for writing, appear in the model in
#   use, at whatever pages were written so far. With another dtype than the file's they are copied, so whether a model
#   is safe depends on an argument that seems to be about precision only. A file that is moved into its place is safe.
# Seen: logits of float32 weights loaded as float32 moved by 0.9 after `cp`; not at all after `mv`, nor loaded as
#   float64.
# Fails if the first ones stay, or any of the others move.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "torch==2.13.0" "transformers==5.24.0" "safetensors==0.8.0"
"$folder/venv/bin/python" - "$folder" 2>/dev/null <<'PYTHON'
import subprocess
import sys

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

folder = sys.argv[1]
config = LlamaConfig(
    hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, vocab_size=500,
)
for seed in (0, 1):
    torch.manual_seed(seed)
    LlamaForCausalLM(config).save_pretrained(f"{folder}/step-{seed}")
ids = torch.arange(1, 30)[None]


def moved(command, dtype):
    """By how much the logits of a loaded model move when the next checkpoint takes the place of its file."""
    subprocess.run(["rm", "-rf", f"{folder}/last", f"{folder}/next"], check=True)
    subprocess.run(["cp", "-r", f"{folder}/step-0", f"{folder}/last"], check=True)
    subprocess.run(["cp", "-r", f"{folder}/step-1", f"{folder}/next"], check=True)
    model = AutoModelForCausalLM.from_pretrained(f"{folder}/last", dtype=dtype).eval()
    with torch.no_grad():
        before = model(input_ids=ids, use_cache=False).logits.clone()
        subprocess.run([command, f"{folder}/next/model.safetensors", f"{folder}/last/model.safetensors"], check=True)
        by = float((model(input_ids=ids, use_cache=False).logits - before).abs().max())
    print(f"{command}, loaded as {dtype}: {by:.2g}")
    return by


copied, renamed, converted = moved("cp", torch.float32), moved("mv", torch.float32), moved("cp", torch.float64)
raise SystemExit(0 if copied > 0.1 and renamed == converted == 0 else "this behaviour has changed")
PYTHON
