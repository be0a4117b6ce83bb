"""Damaged copies of sound files: readers may accept them or refuse them, and nothing else.

    pytest tests/test_fuzzing.py tests/test_damage.py            # 200 copies of each file
    pytest tests/test_fuzzing.py tests/test_damage.py -m slow --outcomes docs/reliability.md
    NRI_SEED=7000 NRI_MUTANTS=500 pytest tests/test_fuzzing.py   # others, and how many

The second one damages 2,000 of each and writes the table of docs/reliability.md.
"""

import os
import random
import resource
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

__all__ = ["attack", "mutate", "seeds", "write_outcomes"]

FAST, SLOW = 200, 2000
SECONDS = 60  # that a reader may take, on a machine with much else to do
MEMORY = 2**20  # KiB that it may take more than the reader of the sound file, at most

OUTCOMES: dict[str, Counter[str]] = {}
"""By reader: how many damaged files it `read`, and how many it `refused`."""

BEGIN, END = "<!-- outcomes -->\n", "<!-- end of outcomes -->"

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


class Endless(BaseException):
    """A reader took more than `SECONDS`; no reader catches it, as it is no Exception."""


@pytest.fixture(params=[FAST, pytest.param(SLOW, marks=pytest.mark.slow)])
def seeds(request) -> range:
    """The seeds of the damage; NRI_SEED is the first of them, NRI_MUTANTS how many there are."""
    first = int(os.environ.get("NRI_SEED", "0"))
    return range(first, first + int(os.environ.get("NRI_MUTANTS", request.param)))


def attack(
    reader: str,
    path: Path,
    read: Callable[[], object],
    *errors: type[Exception],
    seeds: Sequence[int],
    accepted: Callable[[object, bytes], bool] = lambda value, mutant: True,
    named: bool = True,
    remedy: str = "",
) -> None:
    """Damage the file again and again and read it; only `errors` may come of it.

    reader: its name in the table of outcomes. accepted: whether what was read of a damaged file is
    right, given its content. named: all errors name the file. remedy: what all errors say. The
    undamaged file has to be accepted first. A failure tells the seed of the damage.
    """
    content = path.read_bytes()
    read()
    counts = OUTCOMES.setdefault(reader, Counter())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    previous = signal.signal(signal.SIGALRM, _stop)
    try:
        for seed in seeds:
            mutant = mutate(content, seed)
            path.write_bytes(mutant)
            signal.alarm(SECONDS)
            try:
                value = read()
            except errors as error:
                if named and path.name not in str(error):
                    pytest.fail(f"mutant {seed} of {path.name} is not named: {error}")
                if remedy not in str(error):
                    pytest.fail(f"mutant {seed} of {path.name}: what to do? {error}")
                counts["refused"] += 1
            except (Exception, Endless) as error:
                pytest.fail(f"mutant {seed} of {path.name}: {error!r}")
            else:
                assert accepted(value, mutant), f"mutant {seed} of {path.name} is read wrongly"
                counts["read"] += 1
            finally:
                signal.alarm(0)
    finally:
        signal.signal(signal.SIGALRM, previous)
        path.write_bytes(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def _stop(*_: object) -> None:
    raise Endless(f"more than {SECONDS} s")


def write_outcomes(path: Path) -> None:
    """Put the table of outcomes between the two marks of a document."""
    rows = ["| reader of | damaged files | read | refused |", "|---|--:|--:|--:|"]
    for reader, counts in sorted(OUTCOMES.items()):
        numbers = counts.total(), counts["read"], counts["refused"]
        rows.append(f"| {reader} | " + " | ".join(f"{number:,}" for number in numbers) + " |")
    sums = [sum(c[k] for c in OUTCOMES.values()) for k in ("read", "refused")]
    rows.append("| **all** | " + " | ".join(f"{n:,}" for n in (sum(sums), *sums)) + " |")
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join(["", *rows, "", ""])
    path.write_text(f"{before}{BEGIN}{table}{END}{after}", encoding="utf-8")
