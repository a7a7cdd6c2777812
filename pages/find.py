"""Find: one text in all sentences of all traces."""

from rdpt_core.ui import find, shell

shell.draw_page(find.draw)
