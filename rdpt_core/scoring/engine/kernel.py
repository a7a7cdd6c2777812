"""Token logprobs from a causal language model, batch-invariant: packed rows, shared prompts, a head in tiles.

The naive expression it equals, for prompt ids q and response ids r of one trace:

    logits = model(q + r).logits.float()
    logits[len(q) - 1 : -1].log_softmax(-1).gather(-1, r)

The row at the last prompt token predicts the first token of the response.

Batch invariance: a trace's logprobs are the same to the last bit whatever it is scored with. Every matrix product
sees a constant number of rows, attention and its blocks start with the segment, and prompt and response are separate
segments also when no other trace shares the prompt. Models for which that cannot hold (routed experts, attention that
cannot be replaced) are scored one trace at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch

from rdpt_core.arrays import Floats, Ints
from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine.attention import IMPLEMENTATION, Clock, Layout, Meeting, packed, register
from rdpt_core.scoring.engine.batching import plan_batches
from rdpt_core.scoring.engine.block_pool import BlockPool, pooled
from rdpt_core.scoring.engine.head import HeadFinish, TiledHead
from rdpt_core.scoring.engine.lanes import run_lanes
from rdpt_core.scoring.engine.linear import pack_weights, restore_forwards, unpack_weights, use_row_blocks
from rdpt_core.scoring.engine.memory import (
    auto_budget,
    bytes_per_block,
    is_out_of_memory,
    keep_freed_memory,
    no_room,
)
from rdpt_core.scoring.engine.packing import Pack, TokenScores, TokenSequence, build_pack
from rdpt_core.scoring.engine.probe import Findings, backbone_of, has_experts, own_scores, probe
from rdpt_core.scoring.engine.processor import Kernels, kernels_of_this_processor
from rdpt_core.scoring.engine.rotation import forget_lengths

__all__ = ["CausalKernel", "TokenScores", "TokenSequence", "check_ids"]

_LOGGER = logging.getLogger(__name__)

_BLOCK_ROWS_CUDA = 4096
"""Rows in every matrix product there; on CPU the kind of processor decides."""
_ROUTED_ROWS = 4096
"""Rows that go to the experts together: enough for each expert, few enough to bound the memory of a long trace."""


class CausalKernel:
    """Scores sequences with one loaded model, which it changes in place.

    Args:
        budget_rows: the most rows in one pack, unless a single trace is longer; None measures free memory.
        kernels: what runs; None looks the processor up.

    Attributes:
        kernels: what runs.
        findings: what the probe at load time found out about the model; `findings.notes` says what is slower, and why.
        budget_rows: the present budget; halved when memory runs out.
    """

    def __init__(self, model: Any, budget_rows: int | None = None, kernels: Kernels | None = None) -> None:
        self.kernels = kernels or kernels_of_this_processor()
        self._model = model
        self._backbone = backbone_of(model)
        self._device: torch.device = model.get_input_embeddings().weight.device
        self._block_rows = _BLOCK_ROWS_CUDA if self._device.type == "cuda" else self.kernels.block_rows
        config = model.config.get_text_config()
        self._pool = BlockPool() if self._device.type == "cpu" else None
        # Routed experts choose their own rows, so their products come in no blocks and need all threads each.
        self._routed = has_experts(config)
        self._clocks: dict[str, Clock] | None = None
        self._attention = model.config._attn_implementation
        keep_freed_memory()
        n_threads = 1 if self._pool is None else self._pool.n_threads
        blocks_bytes = n_threads * bytes_per_block(model, self._block_rows)
        self.budget_rows = budget_rows or auto_budget(model, self._device, blocks_bytes)
        with torch.inference_mode():
            self.findings: Findings = probe(model, _Probed(self))
        for note in self.findings.notes:
            _LOGGER.warning("%s", note)

    @property
    def plain(self) -> bool:
        """Whether every sequence goes through the model's own forward pass: slower and larger, the same numbers."""
        return not self.findings.packs

    @property
    def shares(self) -> bool:
        """Whether sequences may go through together, which also shares their prompts."""
        return self.findings.packs and self.findings.invariant

    @property
    def block_rows(self) -> int:
        """A pack has a multiple of so many rows."""
        return self._block_rows

    @property
    def model(self) -> Any:
        """The loaded model, as it was changed."""
        return self._model

    @property
    def device(self) -> torch.device:
        """Where its inputs go."""
        return self._device

    def release(self) -> Any:
        """The model as it was loaded, to the last bit. This kernel is of no more use."""
        _Probed(self).restore(self._attention)
        return self._model

    @contextmanager
    def watched(self) -> Iterator[dict[str, Clock]]:
        """Within this context the clocks `head` and `attention` add up their parts of the time."""
        self._clocks = {part: Clock(self._device) for part in ("head", "attention")}
        try:
            yield self._clocks
        finally:
            self._clocks = None

    def score(self, sequences: Sequence[TokenSequence]) -> list[Floats]:
        """Logprobs of every response token. Shapes: one array of (len(response),) a sequence. Units: nats, ≤ 0.

        Raises:
            ModelError: memory does not hold even one of the sequences.
        """
        return [scores.logprob for scores in self.score_tokens(sequences, with_ranks=False)]

    def score_tokens(
        self, sequences: Sequence[TokenSequence], *, with_ranks: bool, temperatures: Sequence[float] = ()
    ) -> list[TokenScores]:
        """What `score` gives, each with its tokens' ranks if they are asked for, which take a second pass of the head,
        and with their logprobs after logits were divided by each of some temperatures, which take none.

        Logprobs and ranks are the same to the last bit whatever temperatures are asked for.

        Raises:
            ModelError: memory does not hold even one of the sequences.
        """
        results: dict[int, TokenScores] = {}
        with torch.inference_mode():
            waiting = self._plan(sequences, range(len(sequences)))
            while waiting:
                positions = waiting.pop(0)
                try:
                    together = [sequences[position] for position in positions]
                    scored = self._score_together(together, with_ranks, temperatures)
                except (RuntimeError, MemoryError) as error:
                    if not is_out_of_memory(error):
                        raise
                    waiting = self._smaller(sequences, positions, error) + waiting
                    continue
                results.update(zip(positions, scored, strict=True))
        return [results[position] for position in range(len(sequences))]

    def score_at(self, sequence: TokenSequence, temperatures: Sequence[float]) -> Floats:
        """What `score` gives of one sequence, with the logits divided by each of some temperatures.

        The model runs once and its head once a temperature; at temperature 1 the numbers are those of `score`.
        Shapes: (len(temperatures), len(response)).

        Raises:
            ModelError: memory does not hold the sequence.
        """
        try:
            with torch.inference_mode():
                if self.plain and not self.findings.tiles:
                    return own_scores(self._model, sequence, temperatures=temperatures).at
                hidden, rows = self._tiled_states(sequence) if self.plain else self._pack_states(sequence)
                heads = [self._head.at(temperature) for temperature in temperatures]
                targets = sequence.response.astype(np.int64)
                return np.stack([self._head_scores(hidden, rows, targets, False, head=head).logprob for head in heads])
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise self._no_room(sequence, error) from error

    def pack_logprobs(self, pack: Pack) -> Floats:
        """Logprobs of the targets of a pack that was laid out elsewhere, where `shares`. Shapes: (len(targets),)."""
        with torch.inference_mode():
            return self._head_scores(self._hidden(pack, None), pack.head_rows, pack.targets, False)[0]

    def _plan(self, sequences: Sequence[TokenSequence], positions: Sequence[int]) -> list[list[int]]:
        items = [sequences[position].plan_item() for position in positions]
        batches = plan_batches(items, self.budget_rows, share=self.shares)
        return [[positions[index] for index in batch] for batch in batches]

    def _smaller(
        self, sequences: Sequence[TokenSequence], positions: Sequence[int], error: BaseException
    ) -> list[list[int]]:
        """The same sequences under half the budget; what is scored already stays scored."""
        if len(positions) == 1:
            raise self._no_room(sequences[positions[0]], error) from error
        rows = sum(len(sequences[position]) for position in positions)
        self.budget_rows = max(1, min(self.budget_rows, rows) // 2)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        _LOGGER.warning("out of memory; going on with %d tokens a batch", self.budget_rows)
        return self._plan(sequences, positions)

    def _no_room(self, sequence: TokenSequence, error: BaseException) -> ModelError:
        return no_room(len(sequence), self._device, error)

    def _score_together(
        self, sequences: Sequence[TokenSequence], with_ranks: bool, temperatures: Sequence[float]
    ) -> list[TokenScores]:
        if not self.plain:
            return self._score_pack(sequences, with_ranks, temperatures)
        if self.findings.tiles:
            return [self._score_tiled(sequence, with_ranks, temperatures) for sequence in sequences]
        scored = (own_scores(self._model, sequence, temperatures=temperatures) for sequence in sequences)
        return [scores if with_ranks else scores._replace(rank=None) for scores in scored]

    def _score_pack(
        self,
        sequences: Sequence[TokenSequence],
        with_ranks: bool,
        temperatures: Sequence[float] = (),
        lane_rows: int | None = None,
    ) -> list[TokenScores]:
        pack = build_pack(sequences, self._block_rows)
        hidden = self._hidden(pack, lane_rows)
        scores = self._head_scores(hidden, pack.head_rows, pack.targets, with_ranks, temperatures)
        ends = np.cumsum(pack.n_response).tolist()
        return [scores.part(slice(first, end)) for first, end in zip([0, *ends], ends, strict=False)]

    def _pack_states(self, sequence: TokenSequence) -> tuple[torch.Tensor, Ints]:
        """The states of one sequence in a pack of its own, and the rows that predict its response."""
        pack = build_pack([sequence], self._block_rows)
        return self._hidden(pack, None), pack.head_rows

    def _score_tiled(
        self, sequence: TokenSequence, with_ranks: bool, temperatures: Sequence[float] = ()
    ) -> TokenScores:
        """The model's own attention over one sequence, and the head in tiles."""
        hidden, rows = self._tiled_states(sequence)
        return self._head_scores(hidden, rows, sequence.response.astype(np.int64), with_ranks, temperatures)

    def _tiled_states(self, sequence: TokenSequence) -> tuple[torch.Tensor, Ints]:
        """The states by the model's own attention, and the rows that predict the response."""
        forget_lengths(self._model)
        ids = np.array([*sequence.prompt, *sequence.response.tolist()], dtype=np.int64)
        hidden = self._states(self._to_device(ids, self._device)[None], None)
        return hidden, np.arange(len(sequence.prompt) - 1, len(sequence) - 1)

    def _head_scores(
        self,
        hidden: torch.Tensor,
        rows: Ints,
        targets: Ints,
        with_ranks: bool,
        temperatures: Sequence[float] = (),
        *,
        head: TiledHead | None = None,
    ) -> TokenScores:
        on_device = (self._to_device(array, hidden.device) for array in (rows, targets))
        with pooled(self._pool), nullcontext() if self._clocks is None else self._clocks["head"].running():
            scores = (head or self._head).score(hidden, *on_device, with_ranks=with_ranks, temperatures=temperatures)
        rank = None if scores.rank is None else scores.rank.cpu().numpy()
        return TokenScores(scores.logprob.cpu().numpy(), rank, scores.at.cpu().numpy())

    def _hidden(self, pack: Pack, lane_rows: int | None) -> torch.Tensor:
        """Shapes: (rows, d)."""
        with pooled(None if self._routed else self._pool):
            return self._hidden_in_lanes(pack, lane_rows or (_ROUTED_ROWS if self._routed else self._block_rows))

    def _hidden_in_lanes(self, pack: Pack, lane_rows: int) -> torch.Tensor:
        ids, positions = (self._to_device(array, self._device)[None] for array in (pack.ids, pack.positions))
        clock = None if self._clocks is None else self._clocks["attention"]
        layout = Layout(pack.segments, self.kernels, self._pool, clock=clock)
        n_rows = ids.shape[1]
        if self._pool is None or n_rows <= lane_rows:
            with packed(layout):
                return self._states(ids, positions)
        meeting = layout.meeting = Meeting(n_rows)
        starts = range(0, n_rows, lane_rows)
        states: list[torch.Tensor | None] = [None] * len(starts)

        def go(lane: int) -> None:
            rows = slice(starts[lane], min(starts[lane] + lane_rows, n_rows))
            with packed(layout, rows):
                states[lane] = self._states(ids[:, rows], positions[:, rows])

        if self._routed:
            run_lanes(None, len(starts), go, partial(meeting.attend_at_once, layout))
        else:
            run_lanes(self._pool, len(starts), go, partial(meeting.plan, layout))
        return torch.cat([state for state in states if state is not None])

    def _states(self, ids: torch.Tensor, positions: torch.Tensor | None) -> torch.Tensor:
        """The backbone's last states. Shapes: ids and positions (1, rows); result (rows, d)."""
        output = self._backbone(input_ids=ids, position_ids=positions, use_cache=False)
        hidden: torch.Tensor = output.last_hidden_state[0]
        return hidden

    def _to_device(self, array: Ints, device: torch.device) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        # A pinned copy does not stop the host, which is laying out the next kernels meanwhile.
        return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor

    def _make_head(self) -> None:
        head = self._model.get_output_embeddings()
        finish = HeadFinish.of(self._model.config.get_text_config())
        self._head = TiledHead(
            head.weight,
            getattr(head, "bias", None),
            finish,
            self._block_rows,
            by_onednn=self.kernels.head_by_onednn,
        )


class _Probed:
    """The kernel as the probe sees it."""

    def __init__(self, kernel: CausalKernel) -> None:
        self._kernel, self._model = kernel, kernel._model
        # Only what `transformers` can change has a name here.
        self._experts: str | None = getattr(kernel._model.config.get_text_config(), "_experts_implementation", None)

    def prepare(self) -> None:
        register()
        self._model.set_attn_implementation(IMPLEMENTATION)
        by_onednn = self._model.dtype in self._kernel.kernels.projections_by_onednn
        use_row_blocks(self._kernel._backbone, self._kernel._block_rows, by_onednn=by_onednn)
        if self._experts is not None and self._kernel._pool is not None:
            # One expert after the other: as fast on CPU as all at once, and a few of their rows in memory at a time.
            self._model.set_experts_implementation("eager")
        self._kernel._make_head()

    def settle(self) -> None:
        if self._model.dtype in self._kernel.kernels.packed:
            pack_weights(self._kernel._backbone, self._kernel._block_rows)

    def restore(self, attention: str) -> None:
        self._model.set_attn_implementation(attention)
        if self._experts is not None:
            self._model.set_experts_implementation(self._experts)
        restore_forwards(self._kernel._backbone)
        unpack_weights(self._kernel._backbone)

    def score_pack(self, sequences: Sequence[TokenSequence], lane_rows: int | None = None) -> list[Floats]:
        scored = self._kernel._score_pack(sequences, with_ranks=False, lane_rows=lane_rows)
        return [scores.logprob for scores in scored]

    def score_tiled(self, sequence: TokenSequence) -> Floats:
        self._kernel._make_head()
        return self._kernel._score_tiled(sequence, with_ranks=False).logprob


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
