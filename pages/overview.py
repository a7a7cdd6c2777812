"""Overview: what is in the file."""

from rdpt_core.ui import overview, shell

shell.draw_page(overview.draw)
