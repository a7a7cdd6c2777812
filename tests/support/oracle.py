"""An independent oracle: plain transformers, float32, full logits, one trace at a time, nothing of our own code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


class Oracle:
    """Token logprobs as the textbook writes them."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.model.train(False)

    def logprobs(self, question: str, response: str) -> tuple[list[int], npt.NDArray[np.float32]]:
        """Token ids of the response and their logprobs."""
        response_ids = self.tokenizer(response, add_special_tokens=False)["input_ids"]
        rows = torch.from_numpy(self.logits(question, response)).log_softmax(-1)
        chosen = rows.gather(-1, torch.tensor(response_ids)[:, None])[:, 0]
        return response_ids, chosen.numpy()

    def logits(self, question: str, response: str) -> npt.NDArray[np.float32]:
        """What precedes each token of the response. Shapes: (n_tokens, vocabulary)."""
        messages = [{"role": "user", "content": question}]
        prompt = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        prompt_ids = self.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        response_ids = self.tokenizer(response, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = self.model(torch.tensor([prompt_ids + response_ids])).logits.float()
        found: npt.NDArray[np.float32] = logits[0, len(prompt_ids) - 1 : -1].numpy()
        return found
