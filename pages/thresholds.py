"""Thresholds: how much depends on α, β, unit and space."""

from rdpt_core.ui import shell, thresholds

shell.draw_page(thresholds.draw)
