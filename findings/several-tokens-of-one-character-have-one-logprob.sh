#!/bin/sh
# llama.cpp's server: of a character that takes several tokens, one logprob is given, and the others are lost.
#
# Versions: xllamacpp 2026.10.11549 (llama.cpp's own server in a wheel), gguf 0.19.0 to make a model.
# Guess: a reply has one entry of logprobs for each token that was generated; where a token is a part of a character,
#   its entry has an empty text, or bytes of its own, as with OpenAI and vLLM.
# Behaviour: tokens are held back until their character is whole, and only the token that ends it gets an entry. That
#   entry's `token` and `bytes` are the whole character's, its `id` and `logprob` those of the last token alone. The
#   entries still spell the text, so a sum of logprobs looks complete and lacks most of what emoji and CJK cost.
# Seen: "a🌳b" is 6 tokens and 3 entries. The second is "🌳" with 4 bytes, the id of the last of its 4 tokens and one
#   logprob of -4.9; the reply itself counts 6 tokens and lists their ids.
# Fails if there is an entry for each token, or if the entry's logprob is not one token's.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "xllamacpp==2026.10.11549" "gguf==0.19.0"
cat >"$folder/characters.py" <<'PYTHON'
import json
import math
import sys
import urllib.request

import gguf
import numpy as np
import xllamacpp

WIDTH, HEADS = 64, 2
path = f"{sys.argv[1]}/random.gguf"

# Bytes as GPT-2 writes them; every byte is a token, one more ends a text, and one is there to be merged.
plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
others = iter(range(256, 512))
signs = [chr(byte if byte in plain else next(others)) for byte in range(256)]
tokens = [*signs, "<|end|>", "ab"]
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
writer.add_token_types([gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL, gguf.TokenType.NORMAL])
writer.add_token_merges(["a b"])
writer.add_eos_token_id(256)
writer.add_add_bos_token(False)
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
body = {
    "prompt": "Write: ",
    "grammar": 'root ::= "a🌳b"',
    "n_predict": 16,
    "n_probs": 1,
    "return_tokens": True,
    "temperature": 1,
}
request = urllib.request.Request(
    f"{server.listening_address}/completion", json.dumps(body).encode(), {"content-type": "application/json"}
)
reply = json.load(urllib.request.urlopen(request))
written = [one for one in reply["tokens"] if one != 256]
entries = [one for one in reply["completion_probabilities"] if one["id"] != 256]
print(f"{reply['content']!r}: {len(written)} tokens {written}, {len(entries)} entries")
for entry in entries:
    print(entry["id"], repr(entry["token"]), entry["bytes"], round(entry["logprob"], 3))
tree = entries[1]
expected = (
    reply["content"] == "a🌳b"
    and written == [*b"a\xf0\x9f\x8c\xb3b"]
    and [one["token"] for one in entries] == ["a", "🌳", "b"]
    and bytes(tree["bytes"]) == "🌳".encode()
    and tree["id"] == written[4]
    # Four tokens of a random model of 258 would weigh four times as much.
    and -2 * math.log(258) < tree["logprob"] < 0
)
raise SystemExit(0 if expected else "this behaviour has changed")
PYTHON
"$folder/venv/bin/python" "$folder/characters.py" "$folder" 2>/dev/null
