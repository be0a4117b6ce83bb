"""Tracking files, sound and damaged, and the stretches of play in them."""

import copy
import json
import math

import numpy as np
import py7zr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tracking import EMPTY_ARCHIVE, PLAYERS, RATE, half_turn, moments, pick_and_roll, write_game

from nri.data.basketball.sportvu import MOMENT_FLAWS, TrackingFileError, check_archive, read_game
from nri.data.basketball.stretches import (
    BREAKS,
    break_reasons,
    find_stretches,
    recorded_rate,
    resample,
)

PLAY = pick_and_roll()


@pytest.fixture(scope="module")
def play():
    return moments(PLAY)


def flaws(game):
    return {name: game.counts[name] for name in MOMENT_FLAWS if game.counts[name]}


def breaks(game, max_gap=0.5):
    found = break_reasons(game, max_gap)
    return [(int(step), BREAKS[found[step]]) for step in np.flatnonzero(found >= 0)]


@pytest.mark.parametrize("name", ["game.json", "game.7z"])
def test_a_game_is_read_as_it_is(tmp_path, play, name):
    path = write_game(tmp_path / name, play[:100], play[100:])
    assert check_archive(path)
    game = read_game(path)
    assert game.name == "0021500001"
    assert game.start == 1_450_000_000_000
    np.testing.assert_allclose(game.positions, PLAY, atol=1e-9)
    np.testing.assert_allclose(game.time, np.arange(len(PLAY)) / RATE)
    np.testing.assert_allclose(game.clock, 700 - game.time)
    assert (game.players == PLAYERS).all()
    assert recorded_rate(game) == pytest.approx(RATE)
    assert game.counts["recorded"] == game.counts["usable"] == 200
    assert flaws(game) == {}
    assert breaks(game) == []


def test_moments_of_overlapping_events_count_once_and_in_order(tmp_path, play):
    game = read_game(write_game(tmp_path / "a.json", play[80:], play[:120], play[:5]))
    assert game.counts["recorded"] == 200 + 40 + 5
    assert flaws(game) == {"repeated": 45}
    np.testing.assert_allclose(game.positions, PLAY, atol=1e-9)


def test_two_accounts_of_one_moment_leave_the_first(tmp_path, play):
    other = copy.deepcopy(play[10:12])
    other[0][5][3][2] += 1.0
    game = read_game(write_game(tmp_path / "a.json", play, other))
    assert flaws(game) == {"repeated": 1, "conflicting": 1}
    np.testing.assert_allclose(game.positions[10], PLAY[10], atol=1e-9)


def test_the_order_of_bodies_does_not_matter(tmp_path, play):
    shuffled = copy.deepcopy(play)
    for moment in shuffled:
        moment[5].reverse()
    game = read_game(write_game(tmp_path / "a.json", shuffled))
    np.testing.assert_allclose(game.positions, PLAY, atol=1e-9)


def drop_ball(moment):
    del moment[5][0]


def drop_player(moment):
    del moment[5][4]


def add_player(moment):
    moment[5].append([moment[5][1][0], 999, 1.0, 1.0, 0.0])


def six_against_four(moment):
    moment[5][6][0] = moment[5][1][0]


def double_player(moment):
    moment[5][2][1] = moment[5][1][1]


def no_position(moment):
    moment[5][3][2] = None


def not_a_number(moment):
    moment[5][0][3] = math.nan


def beyond_all_numbers(moment):
    moment[5][7][2] = 10**400


def early(moment):
    moment[1] = -1


def cut(moment):
    del moment[4:]


def no_time(moment):
    moment[1] = "noon"


def short_body(moment):
    moment[5][2].pop()


@pytest.mark.parametrize(
    ("damage", "flaw"),
    [
        (drop_ball, "without_ball"),
        (drop_player, "not_ten_players"),
        (add_player, "not_ten_players"),
        (six_against_four, "not_ten_players"),
        (double_player, "not_ten_players"),
        (no_position, "malformed"),
        (not_a_number, "malformed"),
        (beyond_all_numbers, "malformed"),
        (early, "malformed"),
        (cut, "malformed"),
        (no_time, "malformed"),
        (short_body, "malformed"),
    ],
)
def test_unusable_moments_are_left_out_and_counted(tmp_path, play, damage, flaw):
    damaged = copy.deepcopy(play)
    for frame in (3, 50, 51):
        damage(damaged[frame])
    game = read_game(write_game(tmp_path / "a.json", damaged))
    assert flaws(game) == {flaw: 3}
    np.testing.assert_allclose(game.positions, np.delete(PLAY, [3, 50, 51], axis=0), atol=1e-9)
    # Two moments that are missing are bridged, since the gap is short.
    assert breaks(game) == []
    assert breaks(game, max_gap=0.08) == [(48, "gap")]


def test_an_empty_archive_is_sound_and_holds_nothing(tmp_path):
    (tmp_path / "a.7z").write_bytes(EMPTY_ARCHIVE)
    assert len(EMPTY_ARCHIVE) == 32
    assert not check_archive(tmp_path / "a.7z")
    with py7zr.SevenZipFile(tmp_path / "b.7z", "w"):
        pass
    assert not check_archive(tmp_path / "b.7z")


@pytest.mark.parametrize("keep", [0, 20, 32, 1000, -1])
def test_a_cut_archive_is_refused_before_it_is_read(tmp_path, play, keep):
    path = write_game(tmp_path / "a.7z", play)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TrackingFileError, match=r"a\.7z: not a 7z archive, or cut off.*fetch"):
        check_archive(path)


def test_a_damaged_archive_is_refused(tmp_path, play):
    path = write_game(tmp_path / "a.7z", play)
    content = bytearray(path.read_bytes())
    content[200] ^= 255
    path.write_bytes(content)
    with pytest.raises(TrackingFileError, match=r"a\.7z: cannot be unpacked.*leave the game out"):
        read_game(path)


def test_other_archives_are_refused(tmp_path):
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        archive.writestr("{}", "one.json")
        archive.writestr("{}", "two.json")
    with pytest.raises(TrackingFileError, match=r"a\.7z: holds one\.json, two\.json, expected one"):
        check_archive(tmp_path / "a.7z")
    with pytest.raises(TrackingFileError, match=r"c\.7z: no such file"):
        check_archive(tmp_path / "c.7z")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON, or cut off"),
        ('{"gameid": "1", "events": [{"moments": [[1, 14500', "not JSON, or cut off"),
        ("[]", "has no list 'events'"),
        ('{"gameid": "1", "events": {}}', "has no list 'events'"),
        ('{"events": []}', "has no text 'gameid'"),
        ('{"events": [], "gameid": "\\ud800"}', "'gameid' .* has a control character"),
        ("[" * 100_000, r"not JSON, or cut off \(RecursionError"),
        ('{"gameid": "1", "events": [{"moments": []}, {}]}', r"events\[1\] has no list 'moments'"),
    ],
)
def test_broken_json_is_refused_with_the_place(tmp_path, text, problem):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(TrackingFileError, match=rf"a\.json: {problem}.*leave the game out"):
        read_game(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["a.json", "a.7z"])
def test_a_game_that_is_too_large_is_refused_before_it_is_unpacked(
    tmp_path, play, name, monkeypatch
):
    monkeypatch.setattr("nri.data.basketball.sportvu.LARGEST", 10_000)
    path = write_game(tmp_path / name, play)
    monkeypatch.setattr(py7zr.SevenZipFile, "extractall", lambda *_, **__: pytest.fail("unpacked"))
    with pytest.raises(TrackingFileError, match=r"a\.\w+: a game of \d+ bytes, .* limit of 10000"):
        read_game(path)


def test_a_game_without_moments_is_read(tmp_path):
    game = read_game(write_game(tmp_path / "a.json", [], []))
    assert game.positions.shape == (0, 11, 2)
    assert recorded_rate(game) == 0
    assert find_stretches(game, 5, 0.5, 2)[0] == []


def shift(play, **changes):
    """A later part of the play; `stamp` in ms and `clock` in s are added, `quarter` is set."""
    later = copy.deepcopy(play)
    for moment in later:
        moment[0] = changes.get("quarter", moment[0])
        moment[1] += changes.get("stamp", 0)
        moment[2] += changes.get("clock", 0)
    return later


def test_stretches_end_where_play_breaks(tmp_path, play):
    substituted = copy.deepcopy(play[100:])
    for moment in substituted:
        moment[5][1][1] = 109
    elsewhere = moments(half_turn(PLAY))[100:]
    for later, reason in [
        (shift(play[100:], stamp=480), "gap"),
        (shift(play[100:], quarter=2), "quarter"),
        (shift(play[100:], clock=30), "clock_reset"),
        (substituted, "substitution"),
        (elsewhere, "jump"),
    ]:
        game = read_game(write_game(tmp_path / "a.json", play[:100], later))
        assert breaks(game) == [(99, reason)]
        stretches, counts = find_stretches(game, 5, 0.5, 10)
        assert {name: counts[name] for name in BREAKS if counts[name]} == {reason: 1}
        assert [len(stretch.positions) for stretch in stretches] == [20, 20]
        assert counts["stretches"] == 2
        assert counts["frames"] == 40
        assert stretches[1].start == later[0][1]
        assert find_stretches(game, 5, 0.5, 21)[1]["short"] == 2


def test_a_missing_or_late_clock_breaks_nothing(tmp_path, play):
    late = copy.deepcopy(play)
    for moment in late[50:60]:
        moment[2] = None
    late[100][2] += 0.05
    assert breaks(read_game(write_game(tmp_path / "a.json", late))) == []


@given(
    rate=st.sampled_from([5.0, 6.25, 10.0, 12.5]),
    recorded=st.sampled_from([12.5, 25.0, 30.0]),
    seed=st.integers(0, 100),
)
@settings(max_examples=30, deadline=None)
def test_straight_motion_is_resampled_exactly(rate, recorded, seed):
    """By time stamps, whether moments are at equal steps or some are missing."""
    generator = np.random.default_rng(seed)
    time = np.arange(100) / recorded
    time = time[np.sort(generator.choice(100, 70, replace=False))]
    start, velocity = generator.normal(size=(2, 11, 2))
    found = resample(time, start + time[:, None, None] * velocity, rate)
    wanted = time[0] + np.arange(len(found)) / rate
    np.testing.assert_allclose(found, start + wanted[:, None, None] * velocity, atol=1e-9)
    assert wanted[-1] <= time[-1] + 1e-6 < wanted[-1] + 1 / rate + 1e-6


def test_resampling_keeps_the_moments_that_it_meets():
    time = np.arange(40) / 25
    values = np.random.default_rng(1).normal(size=(40, 11, 2))
    np.testing.assert_allclose(resample(time, values, 25), values)
    np.testing.assert_allclose(resample(time, values, 6.25), values[::4])


def test_real_moments(data_dir):
    game = read_game(data_dir / "nba/raw_event/0021500491_event1.json")
    assert game.name == "0021500491"
    assert game.counts["recorded"] == game.counts["usable"] == 150
    assert recorded_rate(game) == pytest.approx(25, rel=0.01)
    assert breaks(game) == []
    # Dallas at Miami: 2547 is Bosh; the file has him at (63.7092, 34.45719) feet first.
    bosh = game.players[0].tolist().index(2547)
    np.testing.assert_allclose(game.positions[0, 1 + bosh], [19.4186, 10.5026], atol=1e-3)
    stretches, _ = find_stretches(game, 6.25, 0.5, 26)
    (stretch,) = stretches
    assert len(stretch.positions) == 38
    # Resampled to a quarter of the rate, apart from the millisecond to which time is known.
    np.testing.assert_allclose(stretch.positions, game.positions[:150:4], atol=0.05)


def test_real_archive_whole_and_damaged(data_dir, tmp_path):
    whole = data_dir / "mirror/sportvu_5hz/CLE.val.7z"
    assert check_archive(whole)
    game = read_game(whole)
    assert game.counts["usable"] == 10_602
    assert recorded_rate(game) == pytest.approx(5)
    found = dict(find_stretches(game, 5, 0.5, 26)[1])
    assert found["clock_reset"] == 107
    assert found["jump"] == 14
    content = whole.read_bytes()
    damaged = tmp_path / "CLE.val.7z"
    damaged.write_bytes(content[: len(content) // 2])
    with pytest.raises(TrackingFileError, match=r"CLE\.val\.7z: not a 7z archive, or cut off"):
        check_archive(damaged)
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    damaged.write_bytes(flipped)
    assert check_archive(damaged)
    with pytest.raises(TrackingFileError, match=r"CLE\.val\.7z: cannot be unpacked"):
        read_game(damaged)


def test_real_moments_cut_off(data_dir, tmp_path):
    content = (data_dir / "nba/raw_event/0021500491_event1.json").read_text()
    (tmp_path / "cut.json").write_text(content[: len(content) // 2])
    with pytest.raises(TrackingFileError, match=r"cut\.json: not JSON, or cut off .*char \d+"):
        read_game(tmp_path / "cut.json")
    event = json.loads(content)
    del event["events"][0]["moments"][40][5][0]
    (tmp_path / "ball.json").write_text(json.dumps(event))
    assert flaws(read_game(tmp_path / "ball.json")) == {"without_ball": 1}
