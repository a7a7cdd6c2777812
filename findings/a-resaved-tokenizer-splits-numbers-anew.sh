#!/bin/sh
# A folder's tokenizer.json is loaded and saved again by transformers: the file on disk now cuts texts differently.
#
# Versions: transformers 5.24.0, tokenizers 0.23.3.
# Guess: AutoTokenizer takes a folder's `tokenizer.json` as it is; `tokenizer_class` and the model's type name the
#   Python class around it. Saving writes the same file back.
# Behaviour: some classes take vocabulary and merges only, and build normalizer and pre-tokenizer anew from their own
#   code. Which class that is follows from both names. For model type `qwen2` every class that was tried ends in
#   Qwen2Tokenizer, even `PreTrainedTokenizerFast`, which is what a tokenizer of one's own is saved as; for `qwen3` the
#   same folder is taken as it is. No warning. `save_pretrained` writes the rebuilt one, so a fine-tune saved by
#   transformers disagrees with its base, and whatever reads tokenizer.json itself (servers, other languages) follows
#   the one or the other.
# Seen: "12345" in a vocabulary whose file cuts numbers into at most three digits:
#   file 123 45; qwen3 123 45; qwen2 1 2 3 4 5; qwen2 saved and read by `tokenizers` 1 2 3 4 5.
# Fails if qwen2 gives what its file says, warns, or saves the file's own rules; or if qwen3 does not follow its file.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "transformers==5.24.0" "tokenizers==0.23.3"
cat >"$folder/look.py" <<'PYTHON'
import json
import logging
import sys
import warnings
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

said = []
handler = logging.Handler(logging.WARNING)
handler.emit = said.append
transformers_logging.get_logger().addHandler(handler)

alphabet = pre_tokenizers.ByteLevel.alphabet()
made = Tokenizer(models.BPE())
made.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(Regex(r"\p{N}{1,3}|[^\s\p{N}]+|\s+"), behavior="isolated"),
    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
])
made.decoder = decoders.ByteLevel()
texts = [f"{number} and {number * 37 % 1000}" for number in range(1000)]
made.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=1500, initial_alphabet=alphabet))

cut = {"file": made.encode("12345").tokens}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for model_type in ("qwen3", "qwen2"):
        model = Path(sys.argv[1]) / model_type
        model.mkdir()
        made.save(str(model / "tokenizer.json"))
        (model / "config.json").write_text(json.dumps({"model_type": model_type}))
        (model / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
        loaded = AutoTokenizer.from_pretrained(model)
        cut[model_type] = loaded.convert_ids_to_tokens(loaded("12345").input_ids)
    loaded.save_pretrained(model / "saved")
cut["qwen2 saved"] = Tokenizer.from_file(str(model / "saved" / "tokenizer.json")).encode("12345").tokens
for where, tokens in cut.items():
    print(f"{where}: {' '.join(tokens)}")
about_it = [*(str(w.message) for w in caught), *(record.getMessage() for record in said)]
about_it = [text for text in about_it if "tokeniz" in text.lower() and "PyTorch" not in text]
print(f"warnings about tokenizers: {len(about_it)}")
right, digits = ["123", "45"], list("12345")
expected = {"file": right, "qwen3": right, "qwen2": digits, "qwen2 saved": digits}
raise SystemExit(0 if cut == expected and not about_it else "this behaviour has changed")
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>"$folder/log" || { tail -3 "$folder/log"; exit 1; }
