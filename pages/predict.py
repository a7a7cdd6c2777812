"""Predict: whether labels go with correct answers."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.predict.page import draw

shell.draw_page(draw)
