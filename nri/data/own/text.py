"""What the bytes of a table say before it is read: that it is no text, or how it is encoded."""

import codecs
import os
from pathlib import Path

from nri.data.own.recordings import RecordingError

__all__ = ["NATIVE", "encoding_of", "guess_encoding", "refuse_other_kinds", "undecodable"]

NATIVE = "utf-8"
"""The encoding of a table that says nothing else."""

WINDOWS = "cp1252"
"""What programs write in the West that do not write UTF-8; a superset of printable Latin-1."""

KINDS = {
    b"PK\x03\x04": "a zip archive, such as an Excel or OpenDocument file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\x1f\x8b": "compressed with gzip",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
}
"""Files that are often called .csv, by how they begin."""

REMEDIES = {
    b"PK\x03\x04": 'open it and save it as "CSV UTF-8"',
    b"\xd0\xcf\x11\xe0": 'open it and save it as "CSV UTF-8"',
    b"\x1f\x8b": "unpack it",
    b"\x89HDF": "call it .h5",
    b"\x93NUMPY": "call it .npy",
    b"PAR1": "call it .parquet",
    b"%PDF": "name a file of text",
}

MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Encodings that the first bytes tell. UTF-8 with such a mark is read as UTF-8 is."""


def refuse_other_kinds(path: str | os.PathLike) -> None:
    """Raise RecordingError for a file that is called a table and is none, with its remedy."""
    with open(path, "rb") as file:
        head = file.read(8)
    for start, kind in KINDS.items():
        if head.startswith(start):
            raise RecordingError(f"{path}: this is {kind}, not text; {REMEDIES[start]}")


def encoding_of(path: str | os.PathLike, encoding: str) -> str:
    """The encoding to read a table with: what its first bytes tell, or else the one given."""
    with open(path, "rb") as file:
        head = file.read(2)
    return MARKS.get(head, "utf-8-sig" if encoding == NATIVE else encoding)


def guess_encoding(path: str | os.PathLike) -> str:
    """UTF-8 or UTF-16 if the bytes are that, and else that of Western Windows."""
    content = Path(path).read_bytes()
    if content[:2] in MARKS:
        return MARKS[content[:2]]
    if len(content) > 3 and content[1::2].count(0) > len(content) / 4:
        return "utf-16-le"
    if len(content) > 3 and content[::2].count(0) > len(content) / 4:
        return "utf-16-be"
    try:
        content.decode(NATIVE)
    except UnicodeDecodeError:
        return WINDOWS
    return NATIVE


def undecodable(path: str | os.PathLike, encoding: str) -> RecordingError:
    """The error for a table that is not text in an encoding, with the line and the remedy."""
    for number, line in enumerate(Path(path).read_bytes().splitlines(), start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            byte = line[error.start]
            return RecordingError(
                f"{path}, line {number}: the byte 0x{byte:02x} is no {encoding}; set "
                f"`encoding: {guess_encoding(path)}`, or save the file as UTF-8"
            )
    return RecordingError(f"{path}: not text in {encoding}; save it as UTF-8")
