import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nri.data.mocap.asf_amc import MotionFileError, read_amc, read_asf
from nri.data.mocap.kinematics import joint_positions

# Bones are listed children first, the foot's channels are not in alphabetical order, the
# hand turns about tilted axes, the hip does not turn at all.
ASF = """\
# made for this test
:version 1.10
:name nobody
:units
  mass 1.0
  length 0.5
  angle deg
:documentation
  a root, an arm with a hand, a hip with a foot
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name foot
    direction 1 0 0
    length 1
    axis 0 0 0 XYZ
    dof rz rx
    limits (-90.0 90.0)
           (-90.0 90.0)
  end
  begin
    id 2
    name hip
    direction 0 -1 0
    length 1
    axis 0 0 0 XYZ
  end
  begin
    id 3
    name hand
    direction 0 0 1
    length 1
    axis 0 0 90 XYZ
    dof rx
    limits (-90.0 90.0)
  end
  begin
    id 4
    name arm
    direction 1 0 0
    length 2
    axis 0 0 0 XYZ
    dof rz
    limits (-90.0 90.0)
  end
:hierarchy
  begin
    hip foot
    root arm hip
    arm hand
  end
"""
AMC = """\
#!OML:ASF nobody.asf
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 0 0 0
arm 90
hand 90
foot 90 90
2
root 0 0 0 90 90 0
arm 0
hand 0
foot 0 0
"""
# By hand, in length units. Frame 1: the arm turns x to y; the hand, about the y axis and then
# with the arm, z to x to y; the foot first about z and then about x, x to y to z.
# Frame 2: the root turns everything about x, y to z, and then about y, z to x.
POSITIONS = {
    "root": [(1, 2, 3), (0, 0, 0)],
    "arm": [(1, 4, 3), (0, 0, -2)],
    "hand": [(1, 5, 3), (0, -1, -2)],
    "hip": [(1, 1, 3), (-1, 0, 0)],
    "foot": [(1, 1, 4), (-1, 0, -1)],
}


@pytest.fixture
def files(tmp_path):
    def write(asf=ASF, amc=AMC, newline="\n"):
        for name, text in (("nobody.asf", asf), ("nobody.amc", amc)):
            (tmp_path / name).write_text(text, newline=newline)
        return tmp_path / "nobody.asf", tmp_path / "nobody.amc"

    return write


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_positions_computed_by_hand(files, newline):
    asf, amc = files(newline=newline)
    skeleton = read_asf(asf)
    positions = joint_positions(skeleton, read_amc(amc, skeleton))
    assert skeleton.names == ("root", "arm", "hand", "hip", "foot")
    expected = np.array([POSITIONS[name] for name in skeleton.names]) * (0.0254 / 0.5)
    np.testing.assert_allclose(positions, expected.swapaxes(0, 1), atol=1e-15)


def test_bone_graph(files):
    skeleton = read_asf(files()[0])
    named = [(skeleton.names[parent], skeleton.names[child]) for parent, child in skeleton.bones]
    assert named == [("root", "arm"), ("arm", "hand"), ("root", "hip"), ("hip", "foot")]
    adjacency = skeleton.adjacency
    assert (adjacency == adjacency.T).all()
    assert adjacency.sum() == 2 * len(named)
    assert all(adjacency[parent, child] for parent, child in skeleton.bones)


@given(st.lists(st.floats(-360, 360), min_size=10, max_size=10))
def test_bones_are_rigid_and_the_root_carries_all(tmp_path_factory, angles):
    path = tmp_path_factory.getbasetemp() / "rigid.asf"
    path.write_text(ASF)
    skeleton = read_asf(path)
    shift, turn, rest = angles[:3], angles[3:6], np.array(angles[6:])
    motion = {
        "root": np.array([[*shift, *turn], [0, 0, 0, *turn]]),
        "arm": np.tile(rest[:1], (2, 1)),
        "hand": np.tile(rest[1:2], (2, 1)),
        "foot": np.tile(rest[2:], (2, 1)),
    }
    positions = joint_positions(skeleton, motion)
    parent, child = skeleton.bones.T
    lengths = np.linalg.norm(positions[:, child] - positions[:, parent], axis=-1)
    rest_lengths = np.linalg.norm(skeleton.offsets[child], axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(rest_lengths, lengths.shape), rtol=1e-12)
    moved = positions[0] - positions[1]
    np.testing.assert_allclose(moved, np.tile(shift, (5, 1)) * skeleton.unit, atol=1e-12)


def line_of(text, part):
    """Number of the first line that contains `part`."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("angle deg", "angle rad", "angle rad", "angle deg"),
        ("length 0.5", "length zero", "length zero", "no number"),
        ("length 0.5", "length 0", "length 0", "positive"),
        ("  length 0.5\n", "", ":units", "no line 'length'"),
        ("TX TY TZ", "TX TY", "order", "once each"),
        ("orientation 0 0 0", "orientation 0 90 0", "orientation", "not supported"),
        ("direction 0 -1 0", "direction 0 -1", "direction 0 -1", "has 2 values, expected 3"),
        ("direction 0 -1 0", "direction 0 nan 0", "0 nan 0", "not finite"),
        ("axis 0 0 90 XYZ", "axis 0 0 90 XYY", "XYY", "order such as XYZ"),
        ("dof rz rx", "dof tx rx", "tx rx", "'dof' may name"),
        ("dof rz rx", "dof rx rx", "rx rx", "'dof' may name"),
        ("name hip\n", "name foot\n", "  begin\n", "defined twice"),
        (":hierarchy\n  begin\n", ":hierarchy\n", "", None),  # tolerated
        ("hip foot", "hip toe", "hip toe", "'toe' is no bone"),
        ("arm hand", "arm hand foot", "arm hand foot", "second parent"),
        ("arm hand\n", "arm\n", "  begin\n", "'hand' is not connected"),
        ("root arm hip", "root arm", "  begin\n", "is not connected"),
        ("  end\n:hierarchy", ":hierarchy", "  begin\n", "has no 'end'"),
        (":bonedata", ":bones", "", "no section :bonedata"),
        (":hierarchy", "", "", "no section :hierarchy"),
        ("# made", "made", "made", "before the first section"),
        (
            ASF[ASF.index("  begin\n    id 1") : ASF.index(":hierarchy")],
            "",
            ":bonedata",
            "the skeleton has no bones",
        ),
    ],
)
def test_broken_skeleton(files, old, new, at, says):
    assert old in ASF
    broken = ASF.replace(old, new, 1)
    path, _ = files(asf=broken)
    if says is None:
        read_asf(path)
        return
    with pytest.raises(MotionFileError) as error:
        read_asf(path)
    message = str(error.value)
    assert says in message
    assert "fetch it again" in message
    place, number = message.split(": ")[0].rsplit(":", 1)
    assert place == str(path)
    assert at.strip() in broken.splitlines()[int(number) - 1]


@pytest.mark.parametrize("bones", ["", "  begin\n  end\n"])
def test_a_skeleton_without_bones_is_refused(files, bones):
    before = ASF.partition(":bonedata\n")[0]
    path, _ = files(asf=f"{before}:bonedata\n{bones}:hierarchy\n  begin\n  end\n")
    with pytest.raises(MotionFileError, match=r"\.asf:\d+: .*fetch it again"):
        read_asf(path)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("foot 0 0\n", "", 12, "frame 2 ends here and lacks foot"),
        ("foot 90 90\n", "", 8, "frame 1 ends here and lacks foot"),
        ("foot 0 0\n", "foot 0", 13, "has 1 values, expected 2"),
        ("arm 90\n", "arm 90 0\n", 6, "has 2 values, expected 1"),
        ("arm 90\n", "leg 90\n", 6, "'leg' is no moving bone"),
        ("arm 90\n", "hip 90\n", 6, "'hip' is no moving bone"),
        ("arm 90\n", "arm 90\narm 90\n", 7, "twice in frame 1"),
        ("arm 90\n", "arm 9o\n", 6, "no number"),
        ("arm 90\n", "arm inf\n", 6, "not finite"),
        ("\n2\n", "\n3\n", 9, "frame 3 where frame 2 was expected"),
        ("\n2\n", f"\n{'2' * 5000}\n", 9, "where frame 2 was expected"),
        ("\n1\n", "\n", 4, "before the first frame number"),
        (":DEGREES\n", "", 12, "no :DEGREES"),
        (AMC[AMC.index("1\n") :], "", 3, "no frames"),
    ],
)
def test_broken_motion(files, old, new, line, says):
    assert old in AMC
    asf, amc = files(amc=AMC.replace(old, new, 1))
    with pytest.raises(MotionFileError) as error:
        read_amc(amc, read_asf(asf))
    assert str(error.value).startswith(f"{amc}:{line}: ")
    assert says in str(error.value)
    assert "fetch it again" in str(error.value)


def test_real_skeleton(data_dir):
    skeleton = read_asf(data_dir / "mirror/mocap.cs.cmu.edu/subjects/35/35.asf")
    assert len(skeleton.names) == 31
    assert len(skeleton.bones) == 30
    assert skeleton.unit == pytest.approx(0.0254 / 0.45)
    graph = {(skeleton.names[a], skeleton.names[b]) for a, b in skeleton.bones}
    assert {("root", "lhipjoint"), ("ltibia", "lfoot"), ("thorax", "rclavicle")} <= graph
    moving = [name for name, own in zip(skeleton.names, skeleton.channels, strict=True) if own]
    assert len(moving) == 29  # the hip joints are fixed to the root
    assert sum(map(len, skeleton.channels)) == 62
