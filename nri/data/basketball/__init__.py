"""Tracked basketball games, searched for pick-and-rolls."""
