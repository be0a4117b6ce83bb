"""Acclaim motion capture files: the skeleton (.asf) and the motion (.amc).

The format was published by Acclaim and is written by Vicon BodyBuilder; the motion
capture database of the CMU Graphics Lab uses it. `kinematics` says how the angles turn
into positions.
"""

import math
import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from nri.data.mocap.kinematics import ROOT, Skeleton

__all__ = ["MotionFileError", "read_amc", "read_asf"]

INCH = 0.0254  # metres; the unit in which the skeleton's `:units length` scale is given


class MotionFileError(ValueError):
    """A broken .asf or .amc file; the message names the file, the line and the remedy."""


class Line(NamedTuple):
    """A line that is neither empty nor a comment, and where it stands."""

    path: str | os.PathLike
    number: int
    words: list[str]

    def error(self, problem: str) -> MotionFileError:
        """The error to raise for a problem on this line."""
        return MotionFileError(
            f"{self.path}:{self.number}: {problem}; if the file was downloaded, "
            "delete it and fetch it again, otherwise correct this line"
        )

    def numbers(self, count: int, exact: bool = True) -> list[float]:
        """The `count` finite numbers after the first word, and, if `exact`, nothing else."""
        words = self.words[1:] if exact else self.words[1 : count + 1]
        if len(words) != count:
            raise self.error(f"'{self.words[0]}' has {len(words)} values, expected {count}")
        try:
            values = [float(word) for word in words]
        except ValueError as error:
            raise self.error(f"'{self.words[0]}' has a value that is no number ({error})") from None
        if not all(map(math.isfinite, values)):
            raise self.error(f"'{self.words[0]}' has a value that is not finite")
        return values


def read_asf(path: str | os.PathLike) -> Skeleton:
    """Read a skeleton file.

    Raises MotionFileError, with file and line, for what is missing, malformed,
    contradictory or unsupported (angles in radians, degrees of freedom that are not
    rotations, a root that is displaced in the rest pose).
    """
    sections = _sections(path)
    unit = _length_unit(sections["units"])
    bones = {ROOT: _root(sections["root"])}
    for bone in _bones(sections["bonedata"]):
        if bone.name in bones:
            raise bone.line.error(f"bone '{bone.name}' is defined twice")
        bones[bone.name] = bone
    if len(bones) == 1:
        raise sections["bonedata"][0].error("the skeleton has no bones")
    parents = _parents(sections["hierarchy"], bones)
    names = _parents_first(parents)
    if lost := sorted(bones.keys() - set(names)):
        raise bones[lost[0]].line.error(
            f"bone '{lost[0]}' is not connected to the root by :hierarchy"
        )
    return Skeleton(
        names=names,
        parents=(-1, *(names.index(parents[name]) for name in names[1:])),
        offsets=unit * np.array([bones[name].offset for name in names]),
        axes=tuple(bones[name].axis for name in names),
        channels=tuple(bones[name].channels for name in names),
        unit=unit,
    )


def read_amc(path: str | os.PathLike, skeleton: Skeleton) -> dict[str, np.ndarray]:
    """Read a motion file: for each joint that moves its channels, shape (frames, channels).

    Angles are in degrees, translations in the file's length unit. Every frame must give
    every moving joint once; frames count 1, 2, 3, …. Raises MotionFileError, with file
    and line, otherwise.
    """
    channels = {
        name: len(own) for name, own in zip(skeleton.names, skeleton.channels, strict=True) if own
    }
    degrees = False
    frames: list[dict[str, list[float]]] = []
    line = Line(path, 1, [])
    for line in _lines(path):
        word = line.words[0]
        if word.startswith(":"):
            degrees |= word.upper() == ":DEGREES"
        elif word.isdigit() and len(line.words) == 1:
            _check_complete(frames, channels, line)
            if word.lstrip("0") != str(len(frames) + 1):
                raise line.error(f"frame {word} where frame {len(frames) + 1} was expected")
            frames.append({})
        elif not frames:
            raise line.error(f"'{word}' before the first frame number")
        elif word not in channels:
            raise line.error(f"'{word}' is no moving bone of the skeleton file")
        elif word in frames[-1]:
            raise line.error(f"'{word}' occurs twice in frame {len(frames)}")
        else:
            frames[-1][word] = line.numbers(channels[word])
    if not degrees:
        raise line.error("the file has no :DEGREES line, and other angles are not supported")
    if not frames:
        raise line.error("the file has no frames")
    _check_complete(frames, channels, line)
    return {name: np.array([frame[name] for frame in frames]) for name in channels}


class _Bone(NamedTuple):
    name: str
    offset: np.ndarray  # rest position relative to the parent, in the file's length unit
    axis: Rotation
    channels: tuple[str, ...]
    line: Line


def _lines(path: str | os.PathLike) -> Iterator[Line]:
    with open(path, encoding="ascii", errors="replace") as file:
        for number, text in enumerate(file, start=1):
            words = text.split()
            if words and not words[0].startswith("#"):
                yield Line(path, number, words)


def _sections(path: str | os.PathLike) -> dict[str, list[Line]]:
    """The lines of each section; its heading, such as `:bonedata`, comes first."""
    sections: dict[str, list[Line]] = {}
    line, name = Line(path, 1, []), None
    for line in _lines(path):
        if line.words[0].startswith(":"):
            name = line.words[0][1:].lower()
            sections[name] = []
        if name is None:
            raise line.error(f"'{line.words[0]}' before the first section")
        sections[name].append(line)
    for name in ("units", "root", "bonedata", "hierarchy"):
        if name not in sections:
            raise line.error(f"the file ends and has no section :{name}")
    return sections


def _fields(heading: Line, lines: list[Line], required: tuple[str, ...]) -> dict[str, Line]:
    """Lines by their first word; MotionFileError if a required one is missing."""
    fields = {line.words[0].lower(): line for line in lines}
    for name in required:
        if name not in fields:
            raise heading.error(f"'{' '.join(heading.words)}' has no line '{name}'")
    return fields


def _length_unit(lines: list[Line]) -> float:
    fields = _fields(lines[0], lines[1:], ("length", "angle"))
    if fields["angle"].words[1:] != ["deg"]:
        raise fields["angle"].error("only 'angle deg' is supported")
    (scale,) = fields["length"].numbers(1)
    if scale <= 0:
        raise fields["length"].error("the length unit must be positive")
    return INCH / scale


def _root(lines: list[Line]) -> _Bone:
    fields = _fields(lines[0], lines[1:], ("order", "position", "orientation"))
    for name in ("position", "orientation"):
        # Programs disagree on what a preset means, and the database sets none.
        if any(fields[name].numbers(3)):
            raise fields[name].error(f"a root {name} other than 0 0 0 is not supported")
    channels = tuple(word.lower() for word in fields["order"].words[1:])
    if sorted(channels) != ["rx", "ry", "rz", "tx", "ty", "tz"]:
        raise fields["order"].error("the root's order must name TX TY TZ RX RY RZ once each")
    return _Bone(ROOT, np.zeros(3), Rotation.identity(), channels, lines[0])


def _bones(lines: list[Line]) -> Iterator[_Bone]:
    begin: Line = lines[0]
    inside: list[Line] | None = None
    for line in lines[1:]:
        word = line.words[0].lower()
        if word == "begin":
            if inside is not None:
                raise line.error(f"the bone begun on line {begin.number} has no 'end'")
            begin, inside = line, []
        elif inside is None:
            raise line.error(f"'{line.words[0]}' where a bone's 'begin' was expected")
        elif word == "end":
            yield _bone(begin, inside)
            inside = None
        else:
            inside.append(line)
    if inside is not None:
        raise begin.error("the bone begun here has no 'end'")


def _bone(begin: Line, lines: list[Line]) -> _Bone:
    fields = _fields(begin, lines, ("name", "direction", "length", "axis"))
    if len(fields["name"].words) != 2:
        raise fields["name"].error("a bone's name must be one word")
    offset = np.array(fields["direction"].numbers(3)) * fields["length"].numbers(1)
    order = "".join(fields["axis"].words[4:]).lower()
    if sorted(order) != ["x", "y", "z"]:
        raise fields["axis"].error("'axis' must be three angles and an order such as XYZ")
    axis = Rotation.from_euler(order, fields["axis"].numbers(3, exact=False), degrees=True)
    channels = tuple(word.lower() for word in fields["dof"].words[1:]) if "dof" in fields else ()
    if len(set(channels)) < len(channels) or not set(channels) <= {"rx", "ry", "rz"}:
        raise fields["dof"].error("'dof' may name each of rx, ry, rz once and nothing else")
    return _Bone(fields["name"].words[1], offset, axis, channels, begin)


def _parents(lines: list[Line], bones: dict[str, _Bone]) -> dict[str, str]:
    """Parent of each bone, in the order of the hierarchy."""
    parents: dict[str, str] = {}
    for line in lines[1:]:
        if line.words[0].lower() in ("begin", "end"):
            continue
        for name in line.words:
            if name not in bones:
                raise line.error(f"'{name}' is no bone of :bonedata")
        for name in line.words[1:]:
            if name in parents or name == ROOT:
                raise line.error(f"'{name}' has a second parent")
            parents[name] = line.words[0]
    return parents


def _parents_first(parents: dict[str, str]) -> tuple[str, ...]:
    """The root and all that hangs from it, limb by limb."""
    names: list[str] = []
    pending = [ROOT]
    while pending:
        name = pending.pop()
        names.append(name)
        pending += [child for child in reversed(parents) if parents[child] == name]
    return tuple(names)


def _check_complete(frames: list[dict], channels: dict[str, int], line: Line) -> None:
    if frames and (missing := [name for name in channels if name not in frames[-1]]):
        raise line.error(f"frame {len(frames)} ends here and lacks {', '.join(missing)}")
