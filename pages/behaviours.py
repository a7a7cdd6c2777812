"""Behaviours: kinds of sentences that carry a label more often than their traces do."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.sentences.behaviours.page import draw

shell.draw_page(draw)
