#!/bin/sh
# lm_eval with a model whose generation_config.json names max_new_tokens: the task's max_gen_toks has no effect.
#
# Versions: lm_eval 0.4.13, transformers 5.24.0, torch 2.13.0.
# Guess: the task's `max_gen_toks` is how many tokens are generated at most, whatever the model's defaults are; the log
#   of samples says so with each request.
# Behaviour: the harness passes its limit to `generate` as `max_length`. Where the model's own generation_config.json
#   has `max_new_tokens`, transformers lets that take precedence, with a warning among many. A model that names a small
#   number has its reasoning cut short of the budget that was asked for, one that names a large number exceeds it, and
#   two models in one table get different budgets. The log names the task's number all the same.
# Seen: with max_gen_toks 8: 8 tokens without max_new_tokens in the model's folder, 3 with 3, 20 with 20.
# Fails if the task's number holds.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "lm_eval[hf]==0.4.13" "transformers==5.24.0" "torch==2.13.0"
cat >"$folder/limits.py" <<'PYTHON'
import json
import sys
from pathlib import Path

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

folder = Path(sys.argv[1]) / "model"
words = Tokenizer(models.WordLevel({"so": 0, "q": 1, "<unk>": 2, "<pad>": 3, "<end>": 4}, unk_token="<unk>"))
words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
marks = {"unk_token": "<unk>", "pad_token": "<pad>", "eos_token": "<end>"}
PreTrainedTokenizerFast(tokenizer_object=words, **marks).save_pretrained(folder)
small = {"vocab_size": 5, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
endless = LlamaForCausalLM(LlamaConfig(**small, max_position_embeddings=64))
endless.lm_head.weight.data.zero_()  # always the first word
endless.save_pretrained(folder)


def tokens_with(own_limit):
    own = {} if own_limit is None else {"max_new_tokens": own_limit}
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 4, **own}))
    model = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1)
    arguments = ("q q", {"until": ["never"], "max_gen_toks": 8, "do_sample": False})
    (text,) = model.generate_until([Instance("generate_until", {}, arguments, 0)], disable_tqdm=True)
    return len(text.split())


seen = {own_limit: tokens_with(own_limit) for own_limit in (None, 3, 20)}
print(seen)
raise SystemExit(0 if seen == {None: 8, 3: 3, 20: 20} else "this behaviour has changed")
PYTHON
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" "$folder/limits.py" "$folder" 2>/dev/null
