"""Write a Llama folder as one GGUF file, run in an environment that has `gguf`.

    python make_gguf.py FOLDER OUT.gguf TYPE        TYPE: F32, F16, Q8_0, Q4_1

Norms stay float32, as in llama.cpp's own conversion.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import gguf
import numpy as np

SPECIAL = gguf.TokenType.CONTROL


def main() -> int:
    folder, out, kind = Path(sys.argv[1]), Path(sys.argv[2]), gguf.GGMLQuantizationType[sys.argv[3]]
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_name(folder.name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_vocab_size(config["vocab_size"])
    add_tokenizer(writer, folder)
    for name, tensor in tensors(folder / "model.safetensors").items():
        ours = name_of(name)
        if ".attn_q." in ours or ".attn_k." in ours:
            tensor = interleaved(tensor, config["num_attention_heads"])
        if tensor.ndim == 1:
            writer.add_tensor(ours, tensor)
        else:
            writer.add_tensor(ours, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return 0


def add_tokenizer(writer: gguf.GGUFWriter, folder: Path) -> None:
    """Byte-level BPE. llama.cpp cuts words by one of its own rules, so text may become other tokens than here."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    special = {token["content"] for token in tokenizer["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([SPECIAL if token in special else gguf.TokenType.NORMAL for token in vocabulary])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(json.loads((folder / "config.json").read_text())["eos_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text(encoding="utf-8"))


def tensors(path: Path) -> dict[str, np.ndarray]:
    """What a safetensors file of bfloat16 or float32 holds, as float32."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    found = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(data[first:last], dtype="<u2").astype("<u4") << 16).view("<f4")
        elif entry["dtype"] == "F32":
            values = np.frombuffer(data[first:last], dtype="<f4")
        else:
            raise SystemExit(f"{name} is {entry['dtype']}")
        found[name] = np.ascontiguousarray(values.reshape(entry["shape"]))
    return found


def name_of(name: str) -> str:
    """A tensor's name in GGUF."""
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    parts = {
        "input_layernorm": "attn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
    if name in whole:
        return whole[name]
    _, _, layer, *rest = name.split(".")
    return f"blk.{layer}.{parts['.'.join(rest[:-1])]}.weight"


def interleaved(tensor: np.ndarray, n_heads: int) -> np.ndarray:
    """GGUF's llama turns neighbouring pairs of dimensions, transformers the two halves of a head."""
    rows, columns = tensor.shape
    return tensor.reshape(n_heads, 2, rows // n_heads // 2, columns).swapaxes(1, 2).reshape(rows, columns).copy()


if __name__ == "__main__":
    sys.exit(main())
