"""RDPT Explorer: where each sentence of a distilled reasoning model came from.

Data moves one way through the rooms of this package, and so do imports:

    traces → scoring → store → analysis → ui → pages
"""

__version__ = "0.3.0"
