"""Patterns: sentences of one kind, kept by name, against all others."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.sentences.patterns.page import draw

shell.draw_page(draw)
