#!/bin/sh
# A folder that holds a whole model and an adapter beside it: which model it is depends on whether peft is installed.
#
# Versions: transformers 5.24.0, peft 0.21.2, torch 2.13.0.
# Guess: `from_pretrained` of a folder with config.json and model.safetensors loads those; an adapter that training left
#   beside them is loaded by whoever asks for it.
# Behaviour: where peft is installed, AutoModelForCausalLM looks for adapter_config.json and puts the adapter on top.
#   Nothing is said; the class is the plain one. Where peft is not installed, the same line gives the bare model. So two
#   machines with the same files and the same version of transformers report other numbers, and an adapter that was
#   merged before saving, and left in the folder, counts twice.
# Seen: largest difference of a logit from the model that was saved: with peft above 0.1, without peft 0.
# Fails if the two environments agree, or if one of them warns about the adapter.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in with without; do
    python3 -m venv "$folder/$name"
    "$folder/$name/bin/pip" install --quiet "torch==2.13.0" "transformers==5.24.0"
done
"$folder/with/bin/pip" install --quiet "peft==0.21.2"
cat >"$folder/save.py" <<'PYTHON'
import shutil
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig

size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100}
torch.manual_seed(1)
model = AutoModelForCausalLM.from_config(LlamaConfig(**size)).eval()
model.save_pretrained(sys.argv[1])
with torch.no_grad():
    torch.save(model(input_ids=torch.arange(1, 20)[None]).logits, f"{sys.argv[1]}/logits.pt")
adapted = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM"))
for name, weight in adapted.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(weight)
adapted.save_pretrained(f"{sys.argv[1]}/adapter")
for name in ("adapter_config.json", "adapter_model.safetensors"):
    shutil.move(f"{sys.argv[1]}/adapter/{name}", f"{sys.argv[1]}/{name}")
PYTHON
cat >"$folder/load.py" <<'PYTHON'
import logging
import sys
import warnings

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

said = []
handler = logging.Handler(logging.WARNING)
handler.emit = lambda record: said.append(record.getMessage())
transformers_logging.get_logger().addHandler(handler)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
with torch.no_grad():
    logits = model(input_ids=torch.arange(1, 20)[None]).logits
difference = float((logits - torch.load(f"{sys.argv[1]}/logits.pt")).abs().max())
about_it = [text for text in (*said, *(str(one.message) for one in caught)) if "adapter" in text.lower()]
print(f"{sys.argv[2]} peft: {type(model).__name__}, off by {difference:.2g}, warnings about the adapter {len(about_it)}")
changed = about_it or (difference < 0.1 if sys.argv[2] == "with" else difference > 1e-6)
raise SystemExit("this behaviour has changed" if changed else 0)
PYTHON
mkdir "$folder/model"
"$folder/with/bin/python" "$folder/save.py" "$folder/model" 2>/dev/null
for name in with without; do
    "$folder/$name/bin/python" "$folder/load.py" "$folder/model" "$name" 2>"$folder/log" || { tail -3 "$folder/log"; exit 1; }
done
