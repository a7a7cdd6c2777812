#!/bin/sh
# llama.cpp's server: a chat with `"logprobs": true, "top_logprobs": 0` gets no logprobs at all.
#
# Versions: xllamacpp 2026.10.11549 (llama.cpp's own server in a wheel), gguf 0.19.0 to make a model.
# Guess: `top_logprobs` says how many alternatives come with each token. Zero of them leaves the logprob of the token
#   itself, as with OpenAI and vLLM, and as when the field is left out.
# Behaviour: left out, every token has its logprob and 20 alternatives. An explicit zero switches logprobs off without
#   a word: status 200, and the choice has no `logprobs`. Whoever asks for the smallest recording gets none.
# Seen: {"logprobs": true}: 3 entries with 20 alternatives. With "top_logprobs": 1: 3 entries with 1.
#   With "top_logprobs": 0: no entries.
# Fails if a zero gives entries, or if leaving the field out gives none.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "xllamacpp==2026.10.11549" "gguf==0.19.0"
cat >"$folder/alternatives.py" <<'PYTHON'
import json
import sys
import urllib.request

import gguf
import numpy as np
import xllamacpp

WIDTH, HEADS = 64, 2
path = f"{sys.argv[1]}/random.gguf"

# A random model of printable ASCII and a token that ends a text.
tokens = [*map(chr, range(33, 127)), "Ġ", "<|end|>", "ab"]
writer = gguf.GGUFWriter(path, "llama")
writer.add_context_length(128)
writer.add_embedding_length(WIDTH)
writer.add_block_count(1)
writer.add_feed_forward_length(WIDTH)
writer.add_head_count(HEADS)
writer.add_layer_norm_rms_eps(1e-6)
writer.add_rope_dimension_count(WIDTH // HEADS)
writer.add_vocab_size(len(tokens))
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("gpt-2")
writer.add_token_list(tokens)
kinds = {"<|end|>": gguf.TokenType.CONTROL}
writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
writer.add_token_merges(["a b"])
writer.add_eos_token_id(tokens.index("<|end|>"))
writer.add_add_bos_token(False)
writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
rng = np.random.default_rng(1)
for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
    writer.add_tensor(f"blk.0.{name}.weight", rng.normal(0, 0.1, (WIDTH, WIDTH)).astype(np.float32))
for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
    writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
writer.add_tensor("token_embd.weight", rng.normal(0, 0.1, (len(tokens), WIDTH)).astype(np.float32))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.warmup = path, 128, 1, False
params.verbosity = 0
server = xllamacpp.Server(params)


def alternatives(**asked):
    """How many each generated token has; None if the reply has no logprobs."""
    body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3, "ignore_eos": True, **asked}
    url = f"{server.listening_address}/v1/chat/completions"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    logprobs = json.load(urllib.request.urlopen(request))["choices"][0].get("logprobs")
    found = logprobs and [len(entry["top_logprobs"]) for entry in logprobs["content"]]
    print(json.dumps(asked), "->", found)
    return found


left_out = alternatives(logprobs=True)
one = alternatives(logprobs=True, top_logprobs=1)
zero = alternatives(logprobs=True, top_logprobs=0)
expected = left_out == [20] * 3 and one == [1] * 3 and zero is None
raise SystemExit(0 if expected else "this behaviour has changed")
PYTHON
"$folder/venv/bin/python" "$folder/alternatives.py" "$folder" 2>/dev/null
