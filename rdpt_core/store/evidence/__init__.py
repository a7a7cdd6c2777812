"""What is stored beside probabilities: importance of sentences, and runs whose writer is known."""
