#!/bin/sh
# Inspect AI: a log of shuffled multiple choice holds no word of what the model wrote, except in its events.
#
# Versions: inspect_ai 0.3.285.
# Guess: shuffling changes the order in which options are shown; the log keeps the model's response, and the letter in
#   it is translated where the answer is scored.
# Behaviour: `multiple_choice(shuffle=…)` replaces the model's last message, and the output of the sample, by a text
#   of its own: "ANSWER: A" with the letter of the unshuffled order. The question in the messages is replaced, too, by
#   the unshuffled one, which no model was shown. A chain of thought is gone from `messages` and `output`; only the model
#   event still has it. Without `shuffle` both hold the whole response. Who reads reasoning from such logs finds none.
# Seen: without shuffle: message and output hold the reasoning. With it: "ANSWER: …" alone, and the event holds it.
# Fails if the messages or the output of a shuffled sample hold the response.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "inspect_ai==0.3.285"
cat >"$folder/shuffled.py" <<'PYTHON'
import random
import sys

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import choice
from inspect_ai.solver import multiple_choice

WRITTEN = "Two and two make four, and four is the second option shown.\nANSWER: B"
OPTIONS = ["five", "four", "six", "seven"]


def sample_of(shuffle):
    output = ModelOutput.from_content("mockllm/model", WRITTEN)
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    task = Task(
        dataset=[Sample(id=1, input="2 + 2?", choices=OPTIONS, target="B")],
        solver=multiple_choice(shuffle=random.Random(1) if shuffle else False),
        scorer=choice(),
    )
    model = get_model("mockllm/model", custom_outputs=[output])
    return eval(task, model=model, log_dir=sys.argv[1], display="none")[0].samples[0]


plain, shuffled = sample_of(False), sample_of(True)
event = next(event for event in shuffled.events if event.event == "model")
for name, sample in (("plain", plain), ("shuffled", shuffled)):
    print(f"{name}: message {sample.messages[-1].text!r}, output {sample.output.completion!r}")
print(f"shuffled: event {event.output.completion!r}")
assert plain.messages[-1].text == plain.output.completion == WRITTEN
assert event.output.completion == WRITTEN
for text in (shuffled.messages[-1].text, shuffled.output.completion):
    assert text.startswith("ANSWER: ") and "Two and two" not in text
PYTHON
"$folder/venv/bin/python" "$folder/shuffled.py" "$folder/logs"
