"""A skeleton of joints, and where they are when the joints turn.

A joint is the far end of a bone; the root is a joint without a bone. In the rest pose
joint j lies at offset(j) from its parent. In a frame, with the root's translation t
and a rotation R(j) per joint,

    world(root) = R(root)                     position(root) = t
    world(j) = world(parent) C(j) R(j) C(j)⁻¹
    position(j) = position(parent) + world(j) offset(j)

where C(j) is the constant orientation of the axes about which the joint turns. Euler
angles turn about *fixed* axes, in the order in which the channels are named.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

__all__ = ["ROOT", "Skeleton", "joint_positions"]

ROOT = "root"


@dataclass(frozen=True)
class Skeleton:
    """Joints, the root first and every parent before its children.

    `parents` holds the index of each joint's parent, -1 for the root; `offsets`
    (joints, 3) the rest position relative to the parent in metres; `axes` the constant
    orientation C of each joint; `channels` the recorded degrees of freedom of each
    joint in file order, such as ("tx", "ty", "tz", "rx", "ry", "rz") or ("rx", "rz");
    `unit` the metres per length unit of the motion files.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    axes: tuple[Rotation, ...]
    channels: tuple[tuple[str, ...], ...]
    unit: float

    @property
    def bones(self) -> np.ndarray:
        """Parent and child of each bone, shape (joints - 1, 2)."""
        children = np.arange(1, len(self.names))
        return np.stack([np.array(self.parents[1:]), children], axis=1)

    @property
    def adjacency(self) -> np.ndarray:
        """The bone graph, shape (joints, joints): 1 where two joints share a bone."""
        matrix = np.zeros((len(self.names),) * 2, dtype=np.int8)
        parent, child = self.bones.T
        matrix[parent, child] = matrix[child, parent] = 1
        return matrix


def joint_positions(skeleton: Skeleton, motion: dict[str, np.ndarray]) -> np.ndarray:
    """Forward kinematics: positions in metres, shape (frames, joints, 3)."""
    frames = len(motion[ROOT])
    positions = np.empty((frames, len(skeleton.names), 3))
    world: list[Rotation] = []
    for joint, (name, parent) in enumerate(zip(skeleton.names, skeleton.parents, strict=True)):
        channels = skeleton.channels[joint]
        rotation = Rotation.identity(frames) if name == ROOT else world[parent]
        turns = [column for column, channel in enumerate(channels) if channel[0] == "r"]
        if turns:
            order = "".join(channels[column][1] for column in turns)
            turn = Rotation.from_euler(order, motion[name][:, turns], degrees=True)
            axis = skeleton.axes[joint]
            rotation = rotation * axis * turn * axis.inv()
        world.append(rotation)
        if name == ROOT:
            shifts = [channels.index(channel) for channel in ("tx", "ty", "tz")]
            positions[:, joint] = skeleton.unit * motion[name][:, shifts]
        else:
            positions[:, joint] = positions[:, parent] + rotation.apply(skeleton.offsets[joint])
    return positions
