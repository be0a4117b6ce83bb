"""Figures: each is one module with its drawing, its caption and its program."""
