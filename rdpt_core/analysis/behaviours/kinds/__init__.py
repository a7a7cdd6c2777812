"""Every family of kinds of a run."""
