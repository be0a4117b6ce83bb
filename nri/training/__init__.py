"""The training loop, its checkpoints, and a run as a program carries it out."""
