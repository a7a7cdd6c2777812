#!/bin/sh
# A JSON Lines file read and written by `datasets`: answers that are dates come back as milliseconds since 1970.
#
# Versions: datasets 5.2.0, pyarrow 26.0.1.
# Guess: JSON has no dates, so a quoted string is loaded as a string, and `load_dataset("json")` followed by `to_json`
#   returns the values that went in.
# Behaviour: types are guessed per column, also inside of lists of messages. A column whose strings all look like
#   ISO 8601 becomes `timestamp[s]`, and `to_json` writes it as an integer. A gold answer "2024-01-05" is 1704412800000
#   after the round trip, and no longer equals the answer that a model wrote. One other string in the column keeps all
#   of it text, so the subset of a benchmark that asks for dates is changed where the whole benchmark is not.
# Seen: {"question": "When?", "answer": "2024-01-05"} in, {"question":"When?","answer":1704412800000} out; with a second
#   row whose answer is "12", both answers come back as they were.
# Fails if the dates stay text, or if the mixed column does not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "datasets==5.2.0" "pyarrow==26.0.1"
cat >"$folder/round_trip.py" <<'PYTHON'
import json
import sys
from pathlib import Path

from datasets import load_dataset

folder = Path(sys.argv[1])


def round_trip(name, answers):
    source, target = folder / f"{name}.jsonl", folder / f"{name}-out.jsonl"
    source.write_text("".join(json.dumps({"question": "When?", "answer": answer}) + "\n" for answer in answers))
    data = load_dataset("json", data_files=str(source), split="train", cache_dir=str(folder / "cache"))
    data.to_json(target)
    returned = [json.loads(line)["answer"] for line in target.read_text().splitlines()]
    print(name, data.features["answer"], answers, "->", returned)
    return returned


dates = round_trip("dates", ["2024-01-05", "1999-12-31"])
mixed = round_trip("mixed", ["2024-01-05", "12"])
expected = dates == [1704412800000, 946598400000] and mixed == ["2024-01-05", "12"]
raise SystemExit(0 if expected else "this behaviour has changed")
PYTHON
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" "$folder/round_trip.py" "$folder" 2>/dev/null
