#!/bin/sh
# A LoRA adapter of a mixture of experts, saved under transformers 4: part of it is left out under transformers 5.
#
# Versions: saved with transformers 4.57.6 and peft 0.17.1, loaded with transformers 5.24.0 and peft 0.21.2; torch 2.13.0.
# Guess: transformers 5 keeps all experts of a layer in one tensor, peft has a conversion for that; so an old adapter
#   either gives the logits that it gave when it was saved, or is refused.
# Behaviour: neither, where `gate_proj`, `up_proj` and `down_proj` are targets, as every recipe has it.
#   DeepSeek-V3: the conversion turns these three targets into targets for the fused experts and takes the plain names
#   away. The dense layers and the shared experts, which have modules of the same names, get no adapter any more.
#   Qwen2-MoE: there is no conversion; the shared expert keeps its adapter, and that of every routed expert is dropped.
#   Tensors of the adapter's file that found no place are not mentioned: no error, and no warning about keys. Merged
#   weights are wrong as well. Qwen3-MoE, which has neither dense layers nor shared experts, is converted rightly.
# Seen: tiny random models; the largest difference of a logit from the one at the time of saving, and without adapter:
#   qwen3_moe 1e-6 of 0.90, qwen2_moe 0.68 of 1.4, deepseek_v3 1.5 of 1.7.
# Fails if qwen2_moe or deepseek_v3 gives the logits of the time of saving, is refused, or is warned about; or if
#   qwen3_moe no longer is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in then now; do python3 -m venv "$folder/$name"; done
"$folder/then/bin/pip" install --quiet "torch==2.13.0" "transformers==4.57.6" "peft==0.17.1"
"$folder/now/bin/pip" install --quiet "torch==2.13.0" "transformers==5.24.0" "peft==0.21.2"
cat >"$folder/save.py" <<'PYTHON'
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, DeepseekV3Config, Qwen2MoeConfig, Qwen3MoeConfig

size = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100,
    "num_key_value_heads": 4, "moe_intermediate_size": 16, "num_experts_per_tok": 2,
}
configs = [
    Qwen3MoeConfig(**size, head_dim=8, num_experts=4),
    Qwen2MoeConfig(**size, num_experts=4, shared_expert_intermediate_size=16),
    DeepseekV3Config(
        **size, n_routed_experts=4, n_group=1, topk_group=1, first_k_dense_replace=1, q_lora_rank=None,
        kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=8,
    ),
]
ids = torch.arange(1, 20)[None]
for config in configs:
    generator = torch.Generator().manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval()
    for weight in model.parameters():
        if weight.dim() > 1:
            weight.data = 0.15 * torch.randn(weight.shape, generator=generator)
    folder = f"{sys.argv[1]}/{config.model_type}"
    model.save_pretrained(f"{folder}/base")
    targets = ["gate_proj", "up_proj", "down_proj"]
    adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=targets, task_type="CAUSAL_LM")).eval()
    for name, weight in adapted.named_parameters():
        if "lora_" in name:
            weight.data = 0.1 * torch.randn(weight.shape, generator=generator)
    adapted.save_pretrained(f"{folder}/adapter")
    with torch.no_grad(), adapted.disable_adapter():
        without = adapted(input_ids=ids).logits
    with torch.no_grad():
        torch.save((adapted(input_ids=ids).logits, without), f"{folder}/logits.pt")
PYTHON
cat >"$folder/load.py" <<'PYTHON'
import sys
import warnings

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

ids = torch.arange(1, 20)[None]
lost, kept = {}, {}
for kind in ("qwen3_moe", "qwen2_moe", "deepseek_v3"):
    folder = f"{sys.argv[1]}/{kind}"
    saved, without = torch.load(f"{folder}/logits.pt")
    model = AutoModelForCausalLM.from_pretrained(f"{folder}/base", dtype=torch.float32).eval()
    with torch.no_grad():
        base = float((model(input_ids=ids).logits - without).abs().max())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            adapted = PeftModel.from_pretrained(model, f"{folder}/adapter").eval()
        difference = float((adapted(input_ids=ids).logits - saved).abs().max())
    about_keys = [str(warning.message) for warning in caught if "adapter keys" in str(warning.message)]
    effect = float((saved - without).abs().max())
    print(f"{kind}: base {base:.0e}; adapter off by {difference:.2g} of {effect:.2g}; warnings about keys {len(about_keys)}")
    assert base < 1e-4 and not about_keys, "this behaviour has changed"
    (lost if difference > 0.1 else kept)[kind] = difference
raise SystemExit(0 if list(kept) == ["qwen3_moe"] and len(lost) == 2 else "this behaviour has changed")
PYTHON
"$folder/then/bin/python" "$folder/save.py" "$folder" 2>/dev/null
"$folder/now/bin/python" "$folder/load.py" "$folder" 2>"$folder/log" || { tail -3 "$folder/log"; exit 1; }
