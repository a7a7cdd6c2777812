"""What a model can do, found out by asking it once, before its first trace.

Three traces of a few tokens and one of a few hundred go through the model's own forward pass, and then through ours,
together and alone. If ours differs by more than rounding, every trace takes the model's own forward pass, with our head
after it if that at least agrees. If ours is not batch-invariant, to the last bit, every trace goes alone. Both are
slower, so both are noted.

Models change with length in ways that no list holds. The long trace therefore reaches beyond every limit of at most
`_LONGEST_LIMIT` tokens that the configuration names; and where positions are given to a model, its last one is put as
far away as the model allows, which must not change what precedes it. Cost: two passes of the long trace, of 320 to
1,088 tokens, and some of a few tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from rdpt_core.arrays import Floats
from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine.attention import NotPackable
from rdpt_core.scoring.engine.obstacles import obstacle_of, static_obstacle
from rdpt_core.scoring.engine.packing import TokenScores, TokenSequence
from rdpt_core.scoring.engine.rotation import forget_lengths

_MAX_DIFFERENCE_NATS = 1e-3
_MEAN_DIFFERENCE_NATS = 0.1
"""In 16 bits a rounding may send a token to another expert and move it by a nat; a wrong mask moves all of them."""
_FUTURE_NATS = 0.02
_EXPERT_FIELDS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_PROBE_ROWS = 16
_REFUSALS = (NotPackable, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
_LIMIT = re.compile(r"window|chunk|block|position|length|context|span|local|top_?k")
_SHORTEST_LONG, _LONGEST_LIMIT, _BEYOND = 256, 1024, 64
"""Tokens. The shortest long trace fills more than one block of rows on CPU."""

Scored = list[Floats]


@dataclass(frozen=True, slots=True)
class Findings:
    """What holds for one loaded model.

    Attributes:
        packs: packed attention and the head in tiles give the model's own logprobs.
        invariant: batch-invariant: what else is in a pack changes no bit, so traces may share one.
        tiles: the head in tiles gives the model's own logprobs, after packed attention or after its own.
        notes: what is slower than usual and why, a sentence each.
    """

    packs: bool
    invariant: bool
    tiles: bool
    notes: tuple[str, ...] = field(default=())


class Probed(Protocol):
    """What is asked: a model that can be changed and changed back, and scores in the way it is in."""

    def prepare(self) -> None:
        """Change the model: packed attention, products in blocks, the head apart."""

    def settle(self) -> None:
        """Lay its weights out for good."""

    def restore(self, attention: str) -> None:
        """Change the model back to what it was, with this attention of its own."""

    def score_pack(self, sequences: Sequence[TokenSequence], lane_rows: int | None = None) -> Scored:
        """Through packed attention; in blocks of so many rows, None for as many as usual."""

    def score_tiled(self, sequence: TokenSequence) -> Floats:
        """Through the model's own attention and the head in tiles."""


def probe(model: Any, probed: Probed) -> Findings:
    """Compare before and after `prepare`, which changes the model; it is changed back if it cannot stay so.

    Raises:
        ModelError: the model is not causal, or gives no finite numbers.
    """
    config = model.config.get_text_config()
    sequences = _sequences(int(config.vocab_size))
    own = [own_logprobs(model, sequence) for sequence in sequences]
    _check_finite(model, np.concatenate(own))
    _check_causal(model, sequences[0], own[0])
    head = _head_obstacle(model, probed, sequences[0], own[0])
    obstacle = static_obstacle(model) or head or _distant_obstacle(model, sequences[0])
    if obstacle is None:
        attention = model.config._attn_implementation
        try:
            long = _long_sequence(config)
            own_long = probed.score_tiled(long)
            probed.prepare()
            # Blocks so small that the probe fills several of them.
            obstacle = _disagreement(own, probed.score_pack(sequences, _PROBE_ROWS), model.dtype)
            if obstacle is None:
                probed.settle()
                *together, packed_long = probed.score_pack([*sequences, long])
                # Broken weights of a token that only the long trace meets are no reason.
                finite = np.isfinite(own_long)
                obstacle = _disagreement(own, together, model.dtype)
                if obstacle is None and finite.any():
                    where = f"in packs over {len(long)} tokens"
                    obstacle = _disagreement([own_long[finite]], [packed_long[finite]], model.dtype, where)
        except _REFUSALS as error:
            obstacle = obstacle_of(error)
        if obstacle is not None:
            probed.restore(attention)
    if obstacle is not None:
        cost = "slower" if head is None else "slower and takes memory for whole rows of logits"
        note = f"this model {obstacle}: it takes its own forward pass, a trace at a time, which is {cost}"
        return Findings(False, False, head is None, (note,))
    reason = "routed experts make neighbours matter" if has_experts(config) else None
    if reason is None:
        alone = [probed.score_pack([sequence])[0] for sequence in sequences]
        if not all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True)):
            reason = "neighbours change this model's numbers"
    if reason is not None:
        return Findings(True, False, True, (f"{reason}: traces are scored one at a time",))
    return Findings(True, True, True)


def _head_obstacle(model: Any, probed: Probed, sequence: TokenSequence, own: Floats) -> str | None:
    """Why the head in tiles does not do after the model's own attention; None if it does: no row of logits is whole."""
    if model.get_output_embeddings() is None or backbone_of(model) is model:
        return "has no head that is a matrix of its own"
    try:
        tiled = probed.score_tiled(sequence)
    except _REFUSALS as error:
        return obstacle_of(error)
    return _disagreement([own], [tiled], model.dtype, "with its head apart")


def _distant_obstacle(model: Any, sequence: TokenSequence) -> str | None:
    """Whether the place of the last token changes what precedes it, as where positions turn by the longest of them."""
    n_positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if not n_positions or n_positions <= len(sequence):
        return None
    places = range(len(sequence) - 1)
    try:
        near, distant = (own_scores(model, sequence, [*places, last])[0] for last in (len(places), n_positions - 1))
    except _REFUSALS:
        return None  # It takes no positions; whether packs do without them is seen there.
    if _disagreement([near], [distant], model.dtype) is None:
        return None
    return "changes a token's probability by how far the trace goes on after it"


def _check_finite(model: Any, own: Floats) -> None:
    """Refuse a model whose weights are broken. They are looked at only if the probe's logprobs are not all finite.

    Raises:
        ModelError: a tensor holds what is no finite number, or no logprob at all is finite.
    """
    finite = np.isfinite(own)
    if finite.all():
        return
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        n_nan, n_infinite = int(tensor.isnan().sum()), int(tensor.isinf().sum())
        if n_nan or n_infinite:
            counts = [f"{n:,} {what}" for n, what in ((n_nan, "NaN"), (n_infinite, "infinite")) if n]
            raise ModelError(
                f"the weights of this model are broken: {name} holds {' and '.join(counts)}",
                where=_name(model),
                expected=f"{tensor.numel():,} finite numbers",
                hint="Download the weights again; if they were trained here, take an earlier checkpoint.",
            )
    if not finite.any():
        raise ModelError(
            "this model gives no finite probability",
            where=_name(model),
            expected=f"logits that {str(model.dtype).removeprefix('torch.')} can hold",
            got="none for any token of three short texts",
            hint="Try `--dtype float32`; if that is no better, config.json may not be that of these weights.",
        )


def _name(model: Any) -> str:
    return model.config._name_or_path or type(model).__name__


def _check_causal(model: Any, sequence: TokenSequence, own: Floats) -> None:
    """Refuse a model whose tokens see what comes after them: masked language models load as causal ones do.

    Raises:
        ModelError: other tokens at the end changed the logprobs of those before them.
    """
    n_kept = len(sequence.response) // 2
    changed = sequence.response.copy()
    changed[n_kept:] = changed[n_kept:][::-1]
    after = own_logprobs(model, TokenSequence(sequence.prompt, changed))
    if not (np.isfinite(own).all() and np.isfinite(after).all()):
        # Overflow is reported trace by trace.
        return
    # The median: the future moves all tokens, while a rounding in 16 bits may move one by a nat.
    bound = _MAX_DIFFERENCE_NATS if model.dtype is torch.float32 else _FUTURE_NATS
    if float(np.median(np.abs(own[:n_kept] - after[:n_kept]))) > bound:
        raise ModelError(
            "this model is not causal: a token's probability depends on what comes after it",
            where=_name(model),
            expected="a causal language model",
            got=", ".join(model.config.architectures or [type(model).__name__]),
        )


def backbone_of(model: Any) -> Any:
    """A model without its head; the whole of it where the two are one."""
    base = model.base_model
    return getattr(model, "model", model) if base is model else base


def has_experts(config: Any) -> bool:
    """Whether a text configuration is that of a mixture of experts."""
    return any(getattr(config, name, None) for name in _EXPERT_FIELDS)


def own_logprobs(model: Any, sequence: TokenSequence) -> Floats:
    """One sequence through the model's own forward pass. Memory: its whole logits, in float32."""
    return own_scores(model, sequence)[0]


def own_scores(
    model: Any,
    sequence: TokenSequence,
    positions: Sequence[int] | None = None,
    *,
    temperatures: Sequence[float] = (),
) -> TokenScores:
    """Logprobs, and ranks from 1 (0 where there is no logprob), through the model's own forward pass.

    Memory: its whole logits in float32, and as much again at each temperature in turn.

    Args:
        positions: of every token; None for what the model takes by itself.
        temperatures: what its logits are divided by for further logprobs.
    """
    forget_lengths(model)
    device = model.get_input_embeddings().weight.device
    ids = torch.tensor([[*sequence.prompt, *sequence.response.tolist()]], device=device)
    places = {} if positions is None else {"position_ids": torch.tensor([positions], device=device)}
    logits = model(input_ids=ids, use_cache=False, **places).logits[0, len(sequence.prompt) - 1 : -1].float()
    targets = ids[0, len(sequence.prompt) :, None].to(logits.device)
    logprobs = _chosen_logprobs(logits, targets)
    ranks = 1 + (logits > logits.gather(-1, targets)).sum(dim=-1, dtype=torch.int32)
    at = [_chosen_logprobs(logits / temperature, targets) for temperature in temperatures]
    return TokenScores(
        logprobs.cpu().numpy(),
        ranks.masked_fill_(~logprobs.isfinite(), 0).cpu().numpy(),
        (torch.stack(at) if at else logprobs.new_empty(0, len(logprobs))).cpu().numpy(),
    )


def _chosen_logprobs(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Rounding may lift a logprob of nearly 0 above it; a probability is at most 1."""
    return (logits.gather(-1, targets)[:, 0] - logits.logsumexp(-1)).clamp_(max=0.0)


def _sequences(vocabulary_size: int) -> list[TokenSequence]:
    """Two responses to one prompt, and one to another: what attention could mix up."""
    ids = (np.arange(64, dtype=np.int32) * 7919 + 11) % vocabulary_size
    prompt, other = ids[:9].tolist(), ids[40:45].tolist()
    return [TokenSequence(prompt, ids[9:26]), TokenSequence(prompt, ids[26:40]), TokenSequence(other, ids[45:64])]


def _long_sequence(config: Any) -> TokenSequence:
    """One response after a long prompt, beyond the limits of a text configuration."""
    limits = [value for value in _limits(config.to_dict()) if value <= _LONGEST_LIMIT]
    n_tokens = max([_SHORTEST_LONG, *limits]) + _BEYOND
    n_tokens = min(n_tokens, getattr(config, "max_position_embeddings", None) or n_tokens)
    ids = (np.arange(n_tokens, dtype=np.int32) * 7919 + 11) % int(config.vocab_size)
    n_prompt = n_tokens - min(_BEYOND, n_tokens // 2)
    return TokenSequence(ids[:n_prompt].tolist(), ids[n_prompt:])


def _limits(fields: Mapping[str, Any]) -> Iterator[int]:
    """Numbers by which a model may treat near tokens otherwise than far ones; no trace is longer than its context."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _limits(value)
        elif type(value) is int and name != "max_position_embeddings" and _LIMIT.search(name):
            yield value


def _disagreement(own: Scored, ours: Scored, dtype: torch.dtype, where: str = "in packs") -> str | None:
    difference = np.abs(np.concatenate(own) - np.concatenate(ours))
    exact = dtype is torch.float32
    nats = float(difference.max() if exact else difference.mean())
    # Not `>`: a difference that is not a number is no agreement either.
    agrees = nats <= (_MAX_DIFFERENCE_NATS if exact else _MEAN_DIFFERENCE_NATS)
    return None if agrees else f"would differ by {nats:.3g} nats {where}"
