"""Find: one text in all sentences of all traces."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.sentences.find.page import draw

shell.draw_page(draw)
