"""Thresholds: how much depends on α, β, unit and space."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.thresholds.page import draw

shell.draw_page(draw)
