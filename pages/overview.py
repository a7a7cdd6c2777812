"""Overview: what is in the file."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.overview import draw

shell.draw_page(draw)
