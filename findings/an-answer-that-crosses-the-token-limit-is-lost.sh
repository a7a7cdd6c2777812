#!/bin/sh
# Inspect AI: an answer that crosses the sample's token limit is generated, paid for, and scored as if there was none.
#
# Versions: inspect_ai 0.3.285.
# Guess: `token_limit` ends a sample that goes on; the answer that was generated when the limit was crossed is the
#   sample's output and is scored. (`message_limit` works like that.)
# Behaviour: the limit is checked when the usage of a call is counted, before its response is handed to the solver. The
#   response is in no message and the output has no choices, although the model event holds it whole, with the stop
#   reason "stop". The scorers see an empty completion, so a right answer counts as wrong. Thinking models, whose usage
#   is long and whose answer comes last, lose exactly their answers.
# Seen: below the limit: output "ANSWER: 4", score C. One token above: output without choices, score I, and the event
#   holds "ANSWER: 4".
# Fails if the answer is the output, or is scored as correct.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "inspect_ai==0.3.285"
cat >"$folder/limited.py" <<'PYTHON'
import sys

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate

LIMIT = 100


def sample_of(n_tokens):
    output = ModelOutput.from_content("mockllm/model", "ANSWER: 4")
    output.usage = ModelUsage(input_tokens=10, output_tokens=n_tokens - 10, total_tokens=n_tokens)
    task = Task(dataset=[Sample(id=1, input="2 + 2?", target="4")], solver=generate(), scorer=match())
    model = get_model("mockllm/model", custom_outputs=[output])
    return eval(task, model=model, token_limit=LIMIT, log_dir=sys.argv[1], display="none")[0].samples[0]


below, above = sample_of(LIMIT - 1), sample_of(LIMIT + 1)
for name, sample in (("below", below), ("above", above)):
    print(f"{name}: {len(sample.output.choices)} choices, {sample.output.completion!r}, {sample.scores['match'].value}")
event = next(event for event in above.events if event.event == "model")
print(f"above: event {event.output.completion!r}, {event.output.stop_reason}; limit {above.limit.type}")
assert (below.output.completion, below.scores["match"].value) == ("ANSWER: 4", "C")
assert event.output.completion == "ANSWER: 4"
assert (above.output.choices, above.scores["match"].value) == ([], "I")
PYTHON
"$folder/venv/bin/python" "$folder/limited.py" "$folder/logs"
