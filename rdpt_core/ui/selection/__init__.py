"""The selection page: controls, strategies side by side, one question, and what to take away."""

from rdpt_core.ui.selection.page import draw

__all__ = ["draw"]
