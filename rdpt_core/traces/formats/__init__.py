"""The formats that `import` reads: one small file each, with a detector and a reader, listed in one registry.

Adding a format takes ten minutes:

1. Write `your_format.py` here. It needs a detector, which looks at one record and says yes only if it is sure, and a
   reader, which turns a record into `Draft`s and raises `RecordError` with a reason if it cannot:

       def _detect(value: Any) -> bool:
           return isinstance(value, dict) and {"ask", "reply"} <= value.keys()

       def _read(record: Record, context: Context) -> Iterator[Draft]:
           reply = text_of(record.value.get("reply"), "reply")
           yield Draft(Response.verbatim(reply), messages=messages_for(text_of(record.value.get("ask"), "ask")))

       FORMAT = Format("yours", "one line for people", "ask and reply", _detect, read=_read)

   The response goes in verbatim. Reasoning that is given apart goes through `reasoning.put_back`, the fields that are
   left through `fields.rest_of`. A document with many traces yields them with `base.each`, so that one bad part stops
   no other. If one response is spread over several records, write `gather` in place of `read`.
2. Import it below and put it into `FORMATS`, before every format that would claim its records as well.
3. Add a record to `tests/support/one_of_each.py`, `tests/unit/traces/formats/test_your_format.py` with your cases, and
   a row to `docs/formats.md`.

Bytes, compression, encodings, ids, grading and rejects are none of a format's business.

Beside the formats stand

base          the record that a format is given, the draft that it gives back, and how it says no
fields        which names real files give to the same idea
verdicts      what a source says of correctness, and where it says nothing on purpose
asked         what a column holds that was asked: a question, turns, turns as JSON text, or a rendered prompt
conversation  lists of turns under the names that chat files use
tool_calls    their tool calls and results, in the shapes that exist
turn          one assistant turn, in the shape that chat APIs share
inspect_output  what the model of an Inspect log wrote before solvers changed it
requests      what a request asks, from its body or from a log
answered      what a model answered, as tools that record calls copy it
reasoning     reasoning put back as the model wrote it, and responses that were cut off
not_traces    files that lie beside traces and are none
unrecognised  what is said of a file that no format claims
column_guess  which columns of such a file may hold question and response
"""

from __future__ import annotations

from collections.abc import Iterable

from rdpt_core.errors import InputError, UsageError
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats import (
    anthropic,
    argilla,
    bedrock,
    candidates,
    canonical,
    chat_sft,
    cohere,
    datasets,
    evalchemy,
    fastchat,
    gemini,
    inspect_ai,
    langfuse,
    langsmith,
    lighteval,
    livecodebench,
    llama_cpp,
    llama_factory,
    lm_eval,
    math_eval,
    nemo_skills,
    ollama,
    openai_chat,
    openai_evals,
    openai_responses,
    openai_stream,
    openinference,
    pairs,
    promptfoo,
    reasoning_gym,
    result_object,
    sglang,
    simple_evals,
    skythought,
    tgi,
    thinkarm,
    thought_anchors,
    verl,
    vllm,
)
from rdpt_core.traces.formats.base import Format
from rdpt_core.traces.formats.unrecognised import unrecognised

FORMATS: tuple[Format, ...] = (
    canonical.FORMAT,
    lm_eval.FORMAT,
    inspect_ai.FORMAT,
    lighteval.FORMAT,
    livecodebench.FORMAT,
    evalchemy.FORMAT,
    simple_evals.FORMAT,
    openai_evals.FORMAT,
    promptfoo.FORMAT,
    langfuse.FORMAT,
    langsmith.FORMAT,
    openinference.FORMAT,
    argilla.FORMAT,
    fastchat.FORMAT,
    bedrock.FORMAT,
    ollama.FORMAT,
    llama_cpp.FORMAT,
    sglang.FORMAT,
    tgi.FORMAT,
    cohere.FORMAT,
    openai_stream.FORMAT,
    openai_responses.FORMAT,
    anthropic.FORMAT,
    openai_chat.FORMAT,
    gemini.FORMAT,
    vllm.FORMAT,
    math_eval.FORMAT,
    skythought.FORMAT,
    reasoning_gym.FORMAT,
    thought_anchors.FORMAT,
    thinkarm.FORMAT,
    result_object.FORMAT,
    datasets.FORMAT,
    nemo_skills.FORMAT,
    verl.FORMAT,
    llama_factory.FORMAT,
    candidates.FORMAT,
    chat_sft.FORMAT,
    pairs.FORMAT,
)
"""The first format whose detector says yes reads the file, so the more special ones come first."""

SAMPLE_RECORDS = 20
"""So many records are looked at to recognise a file."""


def format_named(name: str) -> Format:
    """The format that `--format` names.

    Raises:
        UsageError: there is none of that name.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise UsageError("there is no such format", where=name, expected=", ".join(known.name for known in FORMATS))


def detect(sample: Iterable[Record | Bad], name: str, kind: str) -> Format:
    """The format of a file, by its first records.

    Args:
        sample: the first records of the file.
        name: the file, for the message.
        kind: its container, for the message.

    Raises:
        InputError: no format claims any of the records. The message says what was found, and what may read it.
    """
    records = [record for record in sample if isinstance(record, Record)]
    broken = [bad for bad in sample if isinstance(bad, Bad)]
    for record in records:
        for known in FORMATS:
            if known.detect(record.value):
                return known
    if not records:
        raise InputError(
            "a file holds nothing that can be read",
            where=name,
            expected="traces",
            got=f"{kind}: {broken[0].reason} (record {broken[0].line})" if broken else f"{kind} without a record",
        )
    raise unrecognised(records, name, kind, FORMATS)
