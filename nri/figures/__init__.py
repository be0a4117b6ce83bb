"""Plotting functions: arrays and tables in, matplotlib figures out."""
