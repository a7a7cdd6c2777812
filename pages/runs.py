"""Runs: what another student, precision, template policy or splitter changes."""

from rdpt_core.ui import runs, shell

shell.draw_page(runs.draw)
