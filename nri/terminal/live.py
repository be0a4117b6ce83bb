"""Lines on a terminal, and below them a block that is drawn anew while jobs run."""

import shutil
from collections.abc import Sequence
from typing import TextIO

__all__ = ["Terminal"]

UP, CLEAR, RESET = "\x1b[{}A", "\x1b[J", "\x1b[0m"
COLOURS = {"red": "\x1b[31m", "green": "\x1b[32m", "yellow": "\x1b[33m", "dim": "\x1b[2m"}


class Terminal:
    """A stream that lines are written to. live: it is a terminal whose last lines can change."""

    def __init__(self, stream: TextIO, live: bool, colours: bool):
        self.stream = stream
        self.live = live
        self.colours = colours
        self._block: list[str] = []

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines; of what is no terminal, a page of 100 columns."""
        return shutil.get_terminal_size((100, 24)) if self.live else (100, 24)

    def write(self, *lines: str, colour: str = "") -> None:
        """Write lines that stay, above the block."""
        block = self._block
        self._erase()
        for line in lines:
            coloured = self.colours and colour and line
            self._put(f"{COLOURS[colour]}{line}{RESET}\n" if coloured else f"{line}\n")
        self.draw(block)

    def draw(self, block: Sequence[str]) -> None:
        """Replace the block at the end by these lines, each cut to the terminal's width."""
        if not self.live:
            return
        self._erase()
        self._block = [line[: self.size[0] - 1] for line in block]
        self._put("".join(f"{line}\n" for line in self._block))

    def _erase(self) -> None:
        if self._block:
            self._put(UP.format(len(self._block)) + "\r" + CLEAR)
            self._block = []

    def _put(self, text: str) -> None:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        try:
            self.stream.write(text.encode(encoding, errors="replace").decode(encoding))
            self.stream.flush()
        except (OSError, ValueError):
            self.live = False  # nobody reads any more; the run goes on
