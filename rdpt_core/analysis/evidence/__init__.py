"""How much a label proves, and whether the sentence matters."""
