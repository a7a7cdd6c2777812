"""Token logprobs from a causal language model, without ever holding the logits of a whole sequence.

The naive expression it equals, for prompt ids q and response ids r of one trace:

    logits = model(q + r).logits.float()
    logits[len(q) - 1 : -1].log_softmax(-1).gather(-1, r)

The row at the last prompt token predicts the first token of the response. Padding stands at the right, where causal
attention never looks back from, so no padding mask is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rdpt_core.errors import ModelError

_HEAD_BYTES = 64 << 20
_PROBE_TOKENS = 5
_PROBE_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.05}


@dataclass(frozen=True, slots=True)
class TokenSequence:
    """One trace as token ids: a prompt of at least one token, then the response."""

    prompt: Sequence[int]
    response: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.response)


class CausalKernel:
    """Scores batches of sequences with one loaded model.

    Attributes:
        plain: the model's head does something beyond a matrix product, a scale and a soft-cap, so each sequence goes
            through the model's own forward pass; slower and larger, the same numbers.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._backbone = model.base_model
        self._head = model.get_output_embeddings()
        self._device = next(model.parameters()).device
        self._finish = _head_finish(model.config.get_text_config())
        self.plain = not self._agrees_with_own_forward()

    def score(self, sequences: Sequence[TokenSequence]) -> list[npt.NDArray[np.float32]]:
        """Logprobs of every response token. Shapes: one array of (len(response),) a sequence. Units: nats, ≤ 0."""
        with torch.inference_mode():
            if self.plain:
                return [self._score_plain(sequence) for sequence in sequences]
            return self._score_batch(sequences)

    def _score_batch(self, sequences: Sequence[TokenSequence]) -> list[npt.NDArray[np.float32]]:
        width = max(len(sequence) for sequence in sequences)
        ids = torch.zeros((len(sequences), width), dtype=torch.long)
        rows, targets, counts = [], [], []
        for number, sequence in enumerate(sequences):
            whole = torch.cat([torch.tensor(sequence.prompt), torch.from_numpy(sequence.response)]).long()
            ids[number, : len(whole)] = whole
            first = number * width + len(sequence.prompt) - 1
            rows.append(torch.arange(first, first + len(sequence.response)))
            targets.append(whole[len(sequence.prompt) :])
            counts.append(len(sequence.response))
        hidden = self._backbone(input_ids=ids.to(self._device), use_cache=False).last_hidden_state
        hidden = hidden.reshape(-1, hidden.shape[-1]).index_select(0, torch.cat(rows).to(self._device))
        logprobs = self._head_logprobs(hidden, torch.cat(targets).to(self._device)).cpu().numpy()
        return np.split(logprobs, np.cumsum(counts)[:-1])

    def _head_logprobs(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Shapes: hidden (n, d), targets (n,), result (n,) float32. Memory: one chunk of rows times the vocabulary."""
        chunk = max(1, _HEAD_BYTES // (4 * self._model.config.get_text_config().vocab_size))
        parts = [
            _gather_logprobs(self._finish(self._head(hidden[i : i + chunk]).float()), targets[i : i + chunk])
            for i in range(0, len(hidden), chunk)
        ]
        return torch.cat(parts) if parts else hidden.new_zeros(0, dtype=torch.float32)

    def _score_plain(self, sequence: TokenSequence) -> npt.NDArray[np.float32]:
        ids = torch.tensor([[*sequence.prompt, *sequence.response.tolist()]], device=self._device)
        logits = self._model(input_ids=ids, use_cache=False).logits[0, len(sequence.prompt) - 1 : -1].float()
        result: npt.NDArray[np.float32] = _gather_logprobs(logits, ids[0, len(sequence.prompt) :]).cpu().numpy()
        return result

    def _agrees_with_own_forward(self) -> bool:
        """Whether backbone, head, scale and soft-cap give this model's own logits on a few tokens."""
        if self._head is None or self._backbone is self._model:
            return False
        vocabulary = self._model.config.get_text_config().vocab_size
        ids = (torch.arange(_PROBE_TOKENS, device=self._device) % vocabulary)[None]
        with torch.inference_mode():
            own = self._model(input_ids=ids, use_cache=False).logits.float()
            output = self._backbone(input_ids=ids, use_cache=False)
            if not hasattr(output, "last_hidden_state"):
                return False
            ours = self._finish(self._head(output.last_hidden_state).float())
        if own.shape != ours.shape:
            return False
        return bool((own - ours).abs().max() <= _PROBE_TOLERANCE.get(self._model.dtype, 1e-3))


def _gather_logprobs(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Shapes: logits (n, vocabulary) float32, targets (n,), result (n,).

    Rounding may lift a logprob of nearly 0 above it; a probability is at most 1.
    """
    chosen = logits.gather(-1, targets[:, None])[:, 0]
    return (chosen - logits.logsumexp(-1)).clamp(max=0.0)


def _head_finish(config: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """What some architectures do to their logits after the output matrix."""
    soft_cap = getattr(config, "final_logit_softcapping", None)
    scale = getattr(config, "logit_scale", None)
    divisor = getattr(config, "logits_scaling", None)

    def finish(logits: torch.Tensor) -> torch.Tensor:
        if scale is not None:
            logits = logits * scale
        if divisor is not None:
            logits = logits / divisor
        if soft_cap is not None:
            logits = torch.tanh(logits / soft_cap) * soft_cap
        return logits

    return finish


def check_ids(sequences: Sequence[TokenSequence], vocabulary_size: int, name: str) -> None:
    """Refuse token ids that the model has no row for: the tokenizer belongs to another model.

    Raises:
        ModelError: an id is at or above the size of the vocabulary.
    """
    highest = max((max(*sequence.prompt, int(sequence.response.max())) for sequence in sequences), default=0)
    if highest >= vocabulary_size:
        raise ModelError(
            "tokenizer and model do not belong together",
            where=name,
            expected=f"token ids below {vocabulary_size}",
            got=str(highest),
        )
