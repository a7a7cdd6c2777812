"""Predict: whether labels go with correct answers."""

from rdpt_core.ui import predict, shell

shell.draw_page(predict.draw)
