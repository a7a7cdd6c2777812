"""Selection: choose training data among candidate responses, strategies side by side."""

from rdpt_core.ui import selection, shell

shell.draw_page(selection.draw)
