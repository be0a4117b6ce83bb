"""Command-line arguments that several programs share."""

import argparse

__all__ = ["thread_count"]

MOST_THREADS = 1024


def thread_count(text: str) -> int:
    """`--threads`, as argparse wants it: far beyond any machine, libraries crash."""
    count = int(text)
    if not 1 <= count <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{count} must be between 1 and {MOST_THREADS}")
    return count
