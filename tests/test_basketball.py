"""Pick-and-rolls found by rule, and the dataset made of them."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import yaml
from tracking import (
    EMPTY_ARCHIVE,
    PLAYERS,
    RULES,
    half_turn,
    moments,
    pick_and_roll,
    write_game,
)

from nri.data.basketball.pick_and_roll import (
    ROLES,
    Screen,
    find_screens,
    place_segments,
    segment_positions,
)
from nri.data.basketball.prepare import (
    GAME_COLUMNS,
    SEGMENT_COLUMNS,
    prepare_basketball,
    samples,
)
from nri.data.basketball.settings import BasketballSettings, PickAndRoll
from nri.data.basketball.source import Basketball
from nri.data.basketball.sportvu import TrackingFileError
from nri.data.basketball.stretches import Stretch
from nri.data.format import read_metadata, read_split
from nri.data.velocities import with_velocities
from nri.results.games_table import games_table

RATE = 6.25
PLAY = pick_and_roll(rate=RATE)
ATTACKERS_FIRST = (0, 1, 2, 6, 7)


def stretch(positions, clock=None):
    time = np.arange(len(positions)) / RATE
    clock = 700 - time if clock is None else clock
    return Stretch(1_450_000_000_000, 1, clock, np.array(PLAYERS), positions)


@pytest.mark.parametrize("turned", [False, True])
def test_a_staged_screen_is_found_where_it_is(turned):
    (screen,) = find_screens(half_turn(PLAY) if turned else PLAY, RATE, RULES)
    assert screen.bodies == ATTACKERS_FIRST
    # The screener stands from 2.5 s on; he is slow enough in the frame after.
    assert 2.5 <= screen.frame / RATE <= 2.5 + 2 / RATE


def test_either_team_may_attack():
    order = [0, *range(6, 11), *range(1, 6)]
    (screen,) = find_screens(PLAY[:, order], RATE, RULES)
    assert screen.bodies == (0, 6, 7, 1, 2)


def far_ball(play):
    play[:, 0] = (2.0, 8.0)


def running_screener(play):
    play[:, 2, 1] += np.where(np.arange(len(play)) % 2, 0.3, -0.3)


def distant_guard(play):
    play[:, 6] -= (4.0, 0.0)
    play[:, 2] -= (4.0, 0.0)


def far_from_basket(play):
    play += (4.0, 0.0)


def brief_ball(play):
    play[::4, 0] = (2.0, 8.0)


@pytest.mark.parametrize(
    "change", [far_ball, running_screener, distant_guard, far_from_basket, brief_ball]
)
def test_what_is_no_screen_is_not_found(change):
    play = PLAY.copy()
    change(play)
    assert find_screens(play, RATE, RULES) == []


def test_a_play_without_a_screen_is_not_found():
    assert find_screens(pick_and_roll(rate=RATE, screens=False), RATE, RULES) == []


def test_defenders_belong_to_those_they_have_followed():
    """The screener's defender stands nearer to the handler for a moment: roles stay."""
    play = PLAY.copy()
    (before,) = find_screens(play, RATE, RULES)
    play[before.frame + 1, 7] = play[before.frame + 1, 1] - (0.3, 0.3)
    (after,) = find_screens(play, RATE, RULES)
    assert after == before


def test_segments_lie_in_the_stretch_while_the_clock_runs():
    screens = [Screen(frame, ATTACKERS_FIRST) for frame in (12, 13, 20, 39, 40)]
    long = stretch(np.concatenate([PLAY, PLAY])[:52])
    kept, counts = place_segments(screens, long, 25, RATE, 2.0)
    # 2 s are 12 frames; one more is needed for the first velocity.
    assert [screen.frame for screen in kept] == [13, 39]
    assert counts == {"at_the_end": 2, "clock_stopped": 0, "overlapping": 1, "kept": 2}
    stopped = stretch(long.positions, clock=np.full(52, 700.0))
    assert place_segments(screens, stopped, 25, RATE, 2.0)[1]["clock_stopped"] == 3
    unknown = stretch(long.positions, clock=np.full(52, np.nan))
    assert place_segments(screens, unknown, 25, RATE, 2.0)[1]["kept"] == 2


def test_plays_at_both_ends_look_alike():
    screen = Screen(16, ATTACKERS_FIRST)
    left = segment_positions(stretch(PLAY), screen, 25, RATE, 2.0)
    right = segment_positions(stretch(half_turn(PLAY)), screen, 25, RATE, 2.0)
    assert left.shape == (26, 5, 2)
    np.testing.assert_array_equal(left, PLAY[3:29][:, ATTACKERS_FIRST])
    np.testing.assert_allclose(left, right)


def test_velocity_is_the_step_that_led_here():
    positions = np.cumsum(np.random.default_rng(0).normal(size=(6, 5, 2)), axis=0)
    found = with_velocities(positions, axis=0, rate=RATE)
    np.testing.assert_array_equal(found[..., :2], positions[1:])
    np.testing.assert_allclose(found[1:, :, :2] - found[:-1, :, :2], found[1:, :, 2:] / RATE)


def test_samples_are_the_ends_of_a_segment():
    segments = [np.arange(25 * 5 * 4).reshape(25, 5, 4) + 1000 * n for n in range(3)]
    whole = samples(segments, 25)
    assert whole.shape == (3, 5, 25, 4)
    ends = samples(segments, 17)
    assert ends.shape == (6, 5, 17, 4)
    np.testing.assert_array_equal(ends[2], whole[1][:, :17])
    np.testing.assert_array_equal(ends[3], whole[1][:, 8:])


@pytest.fixture
def games(tmp_path):
    """A game file for each split, with one pick-and-roll for each of its quarters."""
    files = {}
    for number, (split, quarters) in enumerate((("train", 3), ("valid", 1), ("test", 2))):
        events = []
        for quarter in range(quarters):
            play = pick_and_roll()
            play = half_turn(play) if quarter % 2 else play
            start = 1_450_000_000_000 + 10**6 * quarter
            events.append(moments(play, start=start, quarter=quarter + 1))
        path = tmp_path / f"{split}.7z"
        files[split] = [write_game(path, *events, gameid=f"002150000{number}")]
    return files


def settings_of(files, **changes):
    games = {split: [path.name for path in paths] for split, paths in files.items()}
    return BasketballSettings(source="basketball", games=games, **changes)


def test_dataset_file(games, tmp_path):
    output, settings = tmp_path / "nba.h5", settings_of(games)
    report, segments = prepare_basketball(settings, games, output)
    metadata = read_metadata(output)
    assert metadata.config == settings.model_dump()
    assert metadata.observed_frames == 17
    assert metadata.objects == ROLES
    assert metadata.features == ("x", "y", "vx", "vy")
    assert metadata.units == ("m", "m", "m/s", "m/s")
    assert metadata.frame_interval == pytest.approx(0.16)
    assert metadata.edge_types == ()
    low, high = metadata.normalisation.minimum, metadata.normalisation.maximum
    assert low[0] == low[1]
    assert high[2] == high[3]
    for split, count, frames in (("train", 6, 17), ("valid", 2, 17), ("test", 2, 25)):
        trajectories = read_split(output, split).trajectories
        assert trajectories.shape == (count, 5, frames, 4)
        steps = np.diff(trajectories[..., :2], axis=2) * RATE
        np.testing.assert_allclose(steps, trajectories[:, :, 1:, 2:], atol=1e-3)
    # The play is known at 25 Hz, and every fourth moment of it is a frame.
    test = read_split(output, "test").trajectories
    first = int(segments.query("split == 'test'")["time"].iloc[0] - 1_450_000_000_000) // 40
    wanted = pick_and_roll()[first : first + 100 : 4][:, ATTACKERS_FIRST]
    np.testing.assert_allclose(test[0, ..., :2], wanted.swapaxes(0, 1), atol=1e-5)
    np.testing.assert_allclose(test[0], test[1], atol=1e-4)  # turned to the same basket

    assert list(report) == GAME_COLUMNS
    assert report["status"].tolist() == ["read"] * 3
    assert report["kept"].tolist() == [3, 1, 2]
    assert report["samples"].tolist() == [6, 2, 2]
    assert report["recorded"].tolist() == [600, 200, 400]
    assert report["gap"].tolist() == [2, 0, 1]
    assert list(segments) == SEGMENT_COLUMNS
    assert segments["sample"].tolist() == [0, 2, 4, 0, 0, 1]
    assert segments["quarter"].tolist() == [1, 2, 3, 1, 1, 2]
    roles = segments[list(ROLES[1:])].drop_duplicates()
    assert roles.to_numpy().tolist() == [[101, 102, 201, 202]]
    assert segments["clock"].between(697, 697.5).all()


def test_moments_told_by_two_events_make_one_segment(games, tmp_path):
    play = moments(pick_and_roll())
    write_game(games["test"][0], play, play, play[50:], gameid="7")
    report, segments = prepare_basketball(settings_of(games), games, tmp_path / "nba.h5")
    row = report.query("split == 'test'").iloc[0]
    assert (row["recorded"], row["repeated"], row["kept"]) == (550, 350, 1)
    assert len(segments.query("split == 'test'")) == 1


def test_empty_archives_and_second_copies_are_left_out_and_said_so(games, tmp_path, caplog):
    (tmp_path / "empty.7z").write_bytes(EMPTY_ARCHIVE)
    copy = tmp_path / "copy.7z"
    copy.write_bytes(games["train"][0].read_bytes())
    games["train"] += [tmp_path / "empty.7z", copy]
    report, _ = prepare_basketball(settings_of(games), games, tmp_path / "nba.h5")
    assert report["status"].tolist() == ["read", "empty", "duplicate", "read", "read"]
    assert report["kept"].fillna(0).tolist() == [3, 0, 0, 1, 2]
    assert report["sha256"][0] == report["sha256"][2]
    assert len(read_split(tmp_path / "nba.h5", "train").trajectories) == 6
    assert "empty.7z: an archive without a game" in caplog.text
    assert "copy.7z: game 0021500000 was there before" in caplog.text


def test_a_game_in_two_splits_is_refused(games, tmp_path):
    copy = tmp_path / "copy.7z"
    copy.write_bytes(games["train"][0].read_bytes())
    games["test"].append(copy)
    message = r"copy\.7z: game 0021500000 is in split test and, as .*train\.7z, in train; remove"
    with pytest.raises(TrackingFileError, match=message):
        prepare_basketball(settings_of(games), games, tmp_path / "nba.h5")
    assert not (tmp_path / "nba.h5").exists()


def test_a_cut_archive_stops_before_any_game_is_read(games, tmp_path, caplog):
    content = games["test"][0].read_bytes()
    games["test"][0].write_bytes(content[:-50])
    with pytest.raises(TrackingFileError, match=r"test\.7z: not a 7z archive, or cut off"):
        prepare_basketball(settings_of(games), games, tmp_path / "nba.h5")
    assert "recorded" not in caplog.text
    assert not list(tmp_path.glob("*nba*"))


def test_a_split_without_segments_is_refused_with_the_counts(games, tmp_path):
    write_game(games["valid"][0], moments(pick_and_roll(screens=False)), gameid="9")
    with pytest.raises(ValueError, match=r"no segments for valid:(.|\n)*screens(.|\n)*loosen"):
        prepare_basketball(settings_of(games), games, tmp_path / "nba.h5")
    assert not (tmp_path / "nba.h5").exists()


def test_other_recorded_rates(games, tmp_path):
    """At 12.5 Hz the same play; positions between moments at 5 Hz would be invented."""
    at_25, _ = prepare_basketball(settings_of(games), games, tmp_path / "a.h5")
    play = pick_and_roll(rate=12.5)
    write_game(games["valid"][0], moments(play, rate=12.5), gameid="0021500001")
    at_12, _ = prepare_basketball(settings_of(games), games, tmp_path / "b.h5")
    assert at_12["recorded_rate"].tolist() == [25.0, 12.5, 25.0]
    assert at_12["kept"].tolist() == at_25["kept"].tolist()
    for a, b in zip(
        *(read_split(tmp_path / name, "valid").trajectories for name in ("a.h5", "b.h5")),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-4)
    write_game(games["valid"][0], moments(pick_and_roll(rate=5), rate=5), gameid="0021500001")
    message = r"valid\.7z: recorded 5\.00 times a second, fewer than frame_rate \(6\.25\)"
    with pytest.raises(TrackingFileError, match=message):
        prepare_basketball(settings_of(games), games, tmp_path / "c.h5")


def test_table_of_games(games, tmp_path):
    report, _ = prepare_basketball(settings_of(games), games, tmp_path / "nba.h5")
    report.loc[0, "game"] = "a<b.7z"
    cells = cells_of(games_table(report, "Basketball"))
    assert cells["train: a<b.7z"][-2:] == ["3", "6"]
    assert cells["test: test.7z"][-2:] == ["2", "2"]
    twice = pd.concat([report, report.query("split == 'test'")])
    assert cells_of(games_table(twice, "Basketball"))["test, 2 games"][-2:] == ["4", "4"]


def cells_of(table):
    """The rows of an HTML table: what stands in each, by its heading."""
    rows = ElementTree.fromstring(table).findall(".//tbody/tr")
    return {row.find("th").text: [cell.text for cell in row.findall("td")] for row in rows}


@pytest.fixture(scope="module")
def real(data_dir, repository, tmp_path_factory):
    """The dataset of config/nba.yaml: (path, games, segments, settings)."""
    entry = yaml.safe_load((repository / "config/nba.yaml").read_text())["datasets"]["nba_5hz"]
    settings, path = BasketballSettings(**entry), tmp_path_factory.mktemp("nba") / "nba_5hz.h5"
    inputs = Basketball.inputs(settings, str(data_dir / "mirror"))
    files = {split: list(map(Path, paths)) for split, paths in inputs.items()}
    return path, *prepare_basketball(settings, files, path), settings


def test_real_games(real):
    path, report, segments, _ = real
    assert report["kept"].tolist() == [116, 52, 71]
    assert report["samples"].tolist() == [232, 104, 71]
    assert report["recorded"].sum() == 45_678
    for split in ("train", "valid", "test"):
        split_segments = read_split(path, split).trajectories
        speed = np.linalg.norm(split_segments[..., 2:], axis=-1)
        assert speed[:, 1:].max() < 12
        # Everybody is in the half that is attacked when the screen begins, and on the court.
        assert split_segments[:, :, :, 0].min() > -2
        assert split_segments[:, 1:, 16, 0].max() < 29
    roles = segments[list(ROLES[1:])]
    home = roles <= 5
    assert (home["handler"] == home["screener"]).all()
    assert (home["handler"] != home["handler's defender"]).all()
    assert (roles.nunique(axis=1) == 4).all()


def test_real_screens_look_like_screens(real):
    path, _, _, settings = real
    test = read_split(path, "test").trajectories
    at = round(settings.pick_and_roll.lead * settings.frame_rate)
    ball, handler, screener, guard, _ = test[:, :, at, :2].swapaxes(0, 1)
    assert np.linalg.norm(ball - handler, axis=-1).max() <= 1.5
    assert np.linalg.norm(screener - guard, axis=-1).max() <= 1.2
    assert np.linalg.norm(test[:, 2, at, 2:], axis=-1).max() <= 1.5 + 1e-6
    # The screener has come: two seconds before he was farther from the handler's defender.
    earlier = np.linalg.norm(test[:, 2, 0, :2] - test[:, 3, 0, :2], axis=-1)
    assert (earlier > 1.2).mean() > 0.9


def test_command_line(games, repository, tmp_path):
    outputs = [tmp_path / name for name in ("out.h5", "out.games.csv", "out.segments.csv")]
    files = {split: list(map(str, paths)) for split, paths in games.items()}
    command = [sys.executable, repository / "scripts/prepare.py", "--output", outputs[0]]
    command += ["--settings", settings_of(games).model_dump_json(), "--inputs", json.dumps(files)]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(repository)})
    assert len(read_split(outputs[0], "test").trajectories) == 2
    assert pd.read_csv(outputs[1])["split"].tolist() == ["train", "valid", "test"]
    assert len(pd.read_csv(outputs[2])) == 6


def test_the_rules_of_the_tests_are_the_defaults():
    assert PickAndRoll() == RULES
