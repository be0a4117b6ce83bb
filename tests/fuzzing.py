"""Damaged copies of sound files: readers may accept them or refuse them, and nothing else.

NRI_MUTANTS=2000 pytest tests/test_fuzzing.py tries as many of each file, not only a few.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

__all__ = ["MUTANTS", "attack", "mutate"]

MUTANTS = int(os.environ.get("NRI_MUTANTS", "30"))
ODD = [b"", b"0", b"-1", b"nan", b"inf", b"1e308", b"-1e-320", b"99999999999999999999", b"1,5"]
ODD += [b"\x00", b"\xff\xfe", b"a b", b"$x", b"1" * 5000, b"[" * 5000]


def mutate(content: bytes, seed: int) -> bytes:
    """One damage or two, of the kinds below; the same for the same seed."""
    choice = random.Random(seed)
    for _ in range(choice.choice([1, 1, 2])):
        content = choice.choice(KINDS)(content, choice)
    return content


def _flip(content: bytes, choice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(choice.choice([1, 1, 4, 32])):
        if changed:
            changed[choice.randrange(len(changed))] ^= 1 << choice.randrange(8)
    return bytes(changed)


def _cut(content: bytes, choice: random.Random) -> bytes:
    return content[: choice.randint(0, len(content))]


def _remove(content: bytes, choice: random.Random) -> bytes:
    first = choice.randint(0, len(content))
    return content[:first] + content[first + choice.choice([1, 4, 100]) :]


def _swap_lines(content: bytes, choice: random.Random) -> bytes:
    lines = content.split(b"\n")
    i, j = (choice.randrange(len(lines)) for _ in range(2))
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


def _repeat_line(content: bytes, choice: random.Random) -> bytes:
    lines = content.split(b"\n")
    lines.insert(choice.randint(0, len(lines)), choice.choice(lines))
    return b"\n".join(lines)


def _odd_word(content: bytes, choice: random.Random) -> bytes:
    """Something odd in place of a word, whatever separates the words."""
    separator = choice.choice([b",", b" ", b"\n"])
    words = content.split(separator)
    words[choice.randrange(len(words))] = choice.choice(ODD)
    return separator.join(words)


KINDS = [_flip, _cut, _remove, _swap_lines, _repeat_line, _odd_word]


def attack(path: Path, read: Callable[[], object], *errors: type[Exception]) -> None:
    """Damage the file again and again and read it; only `errors` may come of it.

    The undamaged file has to be accepted first. A failure tells the seed of the damage.
    """
    content = path.read_bytes()
    read()
    for seed in range(MUTANTS):
        path.write_bytes(mutate(content, seed))
        try:
            read()
        except errors:
            pass
        except Exception as error:
            pytest.fail(f"mutant {seed} of {path.name}: {error!r}")
    path.write_bytes(content)
