"""One model's responses to questions, sampled by transformers' `generate`.

Every question has random numbers of its own, from the seed and its names. A token is drawn by the Gumbel-max trick: the
largest of logit / temperature + noise is distributed as the softmax of the former. So a response depends on the seed,
on its question and on the batch that it is computed in, and on nothing that was drawn before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from rdpt_core.records import ScoredModel, TemplatePolicy, Trace
from rdpt_core.scoring.jobs.progress import RoleProgressBar
from rdpt_core.scoring.models.generation import generation_settings
from rdpt_core.scoring.models.prompts.seam import turn_of
from rdpt_core.scoring.models.prompts.templates import Unrendered, author_of, render_prompts
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.tokenization import RoleTokenizer

if TYPE_CHECKING:
    import torch

BATCH_ROWS = 16
"""Responses that are drawn together. It may change a last digit, and so a token."""

CUT = "cut"
"""The key of `meta` that is true for a response that the model did not end."""

UNASKED = "unasked"
"""The key of `meta` that says why a question could not be asked."""


@dataclass(frozen=True, slots=True)
class DrawSettings:
    """How responses are drawn.

    Attributes:
        n_questions: questions that are asked, if there are so many.
        temperature: what logits are divided by, above 0.
        top_p: only the likeliest tokens that together have this probability are drawn from; 1 for all.
        max_new_tokens: a response is cut behind so many tokens, or where the model's context ends.
        seed: of questions and responses.
    """

    n_questions: int
    temperature: float
    top_p: float
    max_new_tokens: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Everything that changes a response, and is not the model or its questions."""
        return {"source": "drawn", **asdict(self), "batch_rows": BATCH_ROWS}


def named(questions: Sequence[Trace], model: ScoredModel, settings: DrawSettings) -> list[Trace]:
    """The questions as traces of a model, each with an id of its own and without a response yet."""
    return [
        replace(
            trace,
            trace_id=f"{model.role}-{_digest(settings.seed, model.revision, trace.benchmark, trace.question_id)[:16]}",
            model=model.model,
        )
        for trace in questions
    ]


class Writer:
    """A loaded model that writes.

    Args:
        files: of the model, whose weights are loaded here.
        policy: how the model sees a question.
        distilled: the tokenizer whose template makes all prompts, if the policy says so.
    """

    def __init__(
        self,
        model: ScoredModel,
        files: ModelFiles,
        tokenizer: RoleTokenizer,
        distilled: RoleTokenizer | None,
        policy: TemplatePolicy,
        *,
        device: str,
        trust_remote_code: bool,
    ) -> None:
        from rdpt_core.scoring.models.devices import resolve_device
        from rdpt_core.scoring.models.merging import load_merged

        self._scored, self._files, self._tokenizer = model, files, tokenizer
        self._distilled, self._policy, self._device = distilled, policy, resolve_device(device)
        self._model = load_merged(files, device=self._device, dtype=model.dtype, trust_remote_code=trust_remote_code)
        self._ends = _ends_of(self._model)
        # Whatever else the files say of generation would fill what is not set here, and sampling is set here.
        self._model.generation_config = generation_settings()

    def write(
        self, questions: Sequence[Trace], n_done: int, settings: DrawSettings, *, quiet: bool
    ) -> Iterator[list[Trace]]:
        """The questions with their responses, a batch at a time.

        A question that the model cannot be asked has an empty response, and the reason in `meta`.

        Args:
            questions: as `named` gives them.
            n_done: questions at the beginning whose responses are there, in whole batches.
        """
        bar = RoleProgressBar(f"{self._scored.role} writes", len(questions), n_done, quiet=quiet)
        for first in range(n_done, len(questions), BATCH_ROWS):
            batch = list(questions[first : first + BATCH_ROWS])
            prompts = [self._prompt(trace) for trace in batch]
            rows = [row for row, prompt in enumerate(prompts) if not isinstance(prompt, str)]
            asked = [prompt for prompt in prompts if not isinstance(prompt, str)]
            written = self._responses(asked, [batch[row] for row in rows], settings) if asked else []
            self._files.check_mapped()
            for row, prompt, token_ids in zip(rows, asked, written, strict=True):
                batch[row] = self._with_response(batch[row], prompt, token_ids)
            for row, reason in enumerate(prompts):
                if isinstance(reason, str):
                    batch[row] = replace(batch[row], meta={UNASKED: reason})
            yield batch
            bar.advance(len(batch), sum(map(len, written)))
        bar.close()

    def _prompt(self, trace: Trace) -> list[int] | str:
        """Token ids of what the model sees, or why it can see nothing."""
        author = author_of(self._policy, self._tokenizer, self._distilled)
        template = None if author is None else author.chat_template
        turn = None if template is None else turn_of(template.source)
        # A turn whose header says of which kind it is: that is for the model to say.
        asked = trace if turn is None else replace(trace, response=turn.headers[0])
        (rendering,) = render_prompts(self._policy, [asked], self._tokenizer, self._distilled)
        if isinstance(rendering, Unrendered):
            return rendering.detail[:300]
        prompt = self._tokenizer.encode_prompt(rendering.text, add_bos=rendering.add_bos)
        limit = self._scored.context_length
        if not prompt:
            return "its prompt has no token"
        if limit is not None and len(prompt) >= limit:
            return f"its prompt has {len(prompt):,} tokens, and the model's context {limit:,}"
        return prompt

    def _responses(
        self, prompts: Sequence[list[int]], traces: Sequence[Trace], settings: DrawSettings
    ) -> list[list[int]]:
        """Token ids of each response; the one that ends it, if the model did, is the last."""
        import torch
        from transformers import LogitsProcessorList

        width = max(map(len, prompts))
        limit = self._scored.context_length
        room = settings.max_new_tokens if limit is None else min(settings.max_new_tokens, limit - width)
        # Padding is never seen, so any token does.
        padded = [prompt[:1] * (width - len(prompt)) + prompt for prompt in prompts]
        seen = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        ends = self._ends
        seeds = [_digest(settings.seed, self._scored.role, t.benchmark, t.question_id) for t in traces]
        config = generation_settings(
            do_sample=False,
            num_beams=1,
            max_new_tokens=room,
            eos_token_id=ends or None,
            pad_token_id=ends[0] if ends else prompts[0][0],
        )
        with torch.inference_mode():
            whole = self._model.generate(
                input_ids=torch.tensor(padded, device=self._device),
                attention_mask=torch.tensor(seen, device=self._device),
                generation_config=config,
                logits_processor=LogitsProcessorList([sampler(settings.temperature, settings.top_p, seeds)]),
            )
        written = [_until_end(row, ends) for row in whole[:, width:].tolist()]
        for row, (prompt, trace) in enumerate(zip(prompts, traces, strict=True)):
            # The longest prompt of a batch leaves all of it the least room: whoever has more of its own writes alone.
            is_short = len(written[row]) == room < settings.max_new_tokens and written[row][-1] not in ends
            if is_short and len(prompt) < width:
                (written[row],) = self._responses([prompt], [trace], settings)
        return written

    def _with_response(self, trace: Trace, prompt: list[int], token_ids: list[int]) -> Trace:
        is_cut = not token_ids or token_ids[-1] not in self._ends
        written = token_ids if is_cut else token_ids[:-1]
        return replace(trace, response=self._tokenizer.decode_response(written, prompt[-1]), meta={CUT: is_cut})


def _ends_of(model: Any) -> list[int]:
    """The tokens that end a response, as the model's files say."""
    given = model.generation_config.eos_token_id
    given = model.config.get_text_config().eos_token_id if given is None else given
    return [] if given is None else [given] if isinstance(given, int) else list(given)


def sampler(temperature: float, top_p: float, seeds: Sequence[str]) -> Any:
    """A logits processor after which the largest score of each row is a draw from the model's distribution.

    Args:
        seeds: hexadecimal, one a row.
    """
    import torch
    from transformers import LogitsProcessor
    from transformers.generation.logits_process import TemperatureLogitsWarper, TopPLogitsWarper

    # On CPU whatever the device, so that a row's numbers do not depend on it.
    generators = [torch.Generator().manual_seed(int(seed[:15], 16)) for seed in seeds]

    class Sampler(LogitsProcessor):  # type: ignore[misc, unused-ignore]
        """Temperature, nucleus, then noise."""

        def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            scores = TemperatureLogitsWarper(float(temperature))(input_ids, scores.float())
            if top_p < 1:
                scores = TopPLogitsWarper(float(top_p))(input_ids, scores)
            waits = [torch.empty(scores.shape[1]).exponential_(generator=generator) for generator in generators]
            return scores - torch.stack(waits).clamp_min(1e-30).log().to(scores.device)

    return Sampler()


def _until_end(token_ids: list[int], ends: Sequence[int]) -> list[int]:
    """Without what pads the row behind its end."""
    place = next((index for index, token in enumerate(token_ids) if token in ends), len(token_ids))
    return token_ids[: place + 1]


def _digest(*parts: object) -> str:
    text = "\x1f".join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
