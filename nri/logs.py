"""Logging of the command-line programs: plain lines with a time, on standard error."""

import logging

__all__ = ["start_log"]


def start_log() -> None:
    """Set up the root logger of a program."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
    )
