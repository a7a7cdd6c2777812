#!/bin/sh
# Dynamic NTK rotary embeddings: a text's logits depend on which texts went through the model before.
#
# Versions: transformers 5.24.0, torch 2.13.0 (CPU).
# Guess: a forward pass without a cache is a function of its input and the weights.
# Behaviour: with `rope_type: dynamic` the rotary module keeps the frequencies of the longest text so far. A text that
#   is longer than the model's original context but shorter than an earlier text is rotated with the earlier text's
#   frequencies. Only a text shorter than the original context brings the first ones back. So log-likelihoods of long
#   texts change with their order, and two tools that sort differently disagree.
# Seen: largest difference of a logit 13.3 between the same 120 tokens before and after 300 others; 0 after a short text.
# Fails if the same text gets the same logits in both places, or if a short text in between no longer resets them.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "torch==2.13.0" "transformers==5.24.0"
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
config = LlamaConfig(
    hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
    vocab_size=500, max_position_embeddings=64,
    rope_parameters={"rope_type": "dynamic", "rope_theta": 10_000.0, "factor": 8.0},
)
model = LlamaForCausalLM(config).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.mul_(4.0)
middle, long, short = (torch.randint(0, 500, (1, n)) for n in (120, 300, 20))


@torch.no_grad()
def logits(ids):
    return model(input_ids=ids, use_cache=False).logits


logits(short)
fresh = logits(middle)
logits(long)
after_long = logits(middle)
logits(short)
after_short = logits(middle)
changed = float((fresh - after_long).abs().max())
reset = float((fresh - after_short).abs().max())
print(f"after a longer text {changed:.2f}, after a shorter one {reset:.2g}")
raise SystemExit(0 if changed > 0.1 and reset == 0.0 else "this behaviour has changed")
PYTHON
