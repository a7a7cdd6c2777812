"""Runs: what another student, precision, template policy or splitter changes."""

from rdpt_core.ui import shell
from rdpt_core.ui.pages.runs.page import draw

shell.draw_page(draw)
