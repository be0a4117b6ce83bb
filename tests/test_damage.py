"""Files of results and configurations with random damage: used if they are whole, or refused.

Whatever is raised must be an error of
the library's own, which names the file.
"""

import json
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from example_results import RUNS, run_directory, write_run
from fuzzing import attack
from snakemake.common.configfile import load_configfile

from nri.config.parse import ConfigError, parse_config
from nri.config.runs import Run
from nri.config.yaml_file import refuse_repeated_keys
from nri.data.basketball.prepare import GAME_COLUMNS, SEGMENT_COLUMNS
from nri.data.format import read_metadata
from nri.data.own.windows import WINDOW_COLUMNS
from nri.evaluation.examples import Examples
from nri.evaluation.inference import edge_table
from nri.evaluation.metrics_file import METRIC_COLUMNS
from nri.evaluation.new_data import trained_metadata
from nri.evaluation.posterior_file import StoredPosterior
from nri.figures.curves import read_curves
from nri.figures.edges import read_edges
from nri.figures.segments import read_segments, segment_title
from nri.files import ResultsError, write_table
from nri.model.build import build_model, load_model
from nri.model.weights import read_weights, save_weights
from nri.records import read_record, save_record
from nri.results.comparison import read_paper_numbers
from nri.results.games_table import games_table, read_games
from nri.results.rows import collect_runs, read_metrics, read_runs
from nri.training.checkpoints import Checkpoint
from nri.training.record import Work, write_record
from scripts.graphs import read_windows

CPU = torch.device("cpu")
RERUN = "snakemake --cores all --forcerun "


class SetAsideError(ValueError):
    """A checkpoint was set aside; the message is what the log says."""


@pytest.fixture(scope="module")
def run(small_springs, make_settings, tmp_path_factory):
    """The directory of a run that was never trained."""
    directory = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    settings, metadata = make_settings(), read_metadata(small_springs)
    described = Run(
        dataset="springs5", encoder="mlp", decoder="mlp", edge_types=2, training=settings
    )
    model = build_model("mlp", "mlp", 2, settings, metadata, 49)
    weights = save_weights(model.state_dict(), directory)
    write_record(directory / "config.json", described, 1, metadata, Work(), 1, weights)
    return directory


def same_run(content, path):
    """Whether a damaged file of a run is the same; blanks between words of JSON mean nothing."""
    if path.suffix != ".json":
        return lambda _, mutant: mutant == content
    record = json.loads(content)
    return lambda _, mutant: json.loads(mutant) == record


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_run_with_damaged_files_infers_nothing(name, run, tmp_path, seeds):
    """Every damage is seen, since the training's own checksums tell."""
    copy = shutil.copytree(run, tmp_path / "run")
    path = copy / name

    def read():
        load_model(copy, trained_metadata(copy), CPU)

    same = same_run(path.read_bytes(), path)
    attack(f"{name} of a run", path, read, ResultsError, seeds=seeds, remedy=RERUN, accepted=same)


def test_weights_that_are_no_numbers_are_refused_by_their_name(run, tmp_path):
    """Also where the checksum is right, since a training wrote them so."""
    weights = read_weights(run, read_record(run / "config.json")["weights"])
    name = next(name for name in sorted(weights) if weights[name].is_floating_point())
    weights[name].view(-1)[0] = float("nan")
    checksum = save_weights(weights, tmp_path)
    with pytest.raises(ResultsError, match=rf"model\.safetensors: {name} is not finite; train"):
        read_weights(tmp_path, checksum)


def test_a_record_without_checksums_or_with_other_settings_is_of_another_version(run, tmp_path):
    copy, record = shutil.copytree(run, tmp_path / "run"), read_record(run / "config.json")
    for name in ("weights", "checksum"):
        plain = json.loads((run / "config.json").read_text())
        del plain[name]
        (copy / "config.json").write_text(json.dumps(plain))
        with pytest.raises(ResultsError, match=rf"config\.json: lacks {name}; if an older version"):
            load_model(copy, trained_metadata(run), CPU)
    record["training"]["hard"] = record["training"].pop("straight_through")
    save_record(record, copy / "config.json")
    with pytest.raises(ResultsError, match=r"config\.json: settings of another version.*hard"):
        load_model(copy, trained_metadata(run), CPU)


def test_a_damaged_checkpoint_is_not_used(tmp_path, caplog, seeds):
    """The one before it is, and the log names the damaged file."""
    checkpoint = Checkpoint(tmp_path / "checkpoints" / "c.pt")
    for number in (1, 2):
        checkpoint.save({"update": number, "weights": torch.full((64,), float(number))})
    content = checkpoint.path.read_bytes()

    def read():
        caplog.clear()
        found = checkpoint.load(CPU)
        assert (found["weights"] == found["update"]).all()
        if found["update"] == 1:
            raise SetAsideError(caplog.text)

    def same(_, mutant):
        return mutant == content

    reader = "checkpoint of a training"
    attack(reader, checkpoint.path, read, SetAsideError, seeds=seeds, accepted=same)


def finite(frame, _):
    """Whether all real numbers of a table are finite."""
    return bool(np.isfinite(frame.select_dtypes("float")).all(axis=None))


def test_metrics(tmp_path, seeds):
    row = ("springs5", "springs5", "nri_learned", "mlp", "mlp", 2, "paper", "inferred", 1, "mse")
    path = tmp_path / "metrics.csv"
    rows = [(*row, step, 0.5 * step) for step in range(1, 6)]
    pd.DataFrame(rows, columns=METRIC_COLUMNS).to_csv(path, index=False)
    read = partial(read_metrics, path)
    attack("metrics.csv", path, read, ResultsError, seeds=seeds, remedy=RERUN, accepted=finite)


@pytest.fixture
def results(tmp_path):
    """What one seed of a made-up run wrote."""
    write_run(tmp_path, RUNS[0], 1, np.random.default_rng(0))
    return run_directory(tmp_path, *RUNS[0][:4]) / "seed1"


def test_runs(results, seeds):
    path = results / "runs.csv"
    collect_runs([results / "config.json"]).to_csv(path, index=False)
    attack("runs.csv", path, partial(read_runs, path), ResultsError, seeds=seeds, remedy=RERUN)


def test_numbers_of_the_paper(repository, tmp_path, seeds):
    path = tmp_path / "paper_numbers.csv"
    shutil.copyfile(repository / "config" / "paper_numbers.csv", path)
    attack("paper_numbers.csv", path, partial(read_paper_numbers, path), ResultsError, seeds=seeds)


def test_curves(results, seeds):
    path, config = results / "curve.csv", results / "config.json"
    attack(
        "curve.csv",
        path,
        partial(read_curves, [path], [config], {}),
        ResultsError,
        seeds=seeds,
        remedy=RERUN,
    )


def test_edges(tmp_path, seeds):
    windows = pd.DataFrame({"sample": [0, 1], "recording": "a", "start": 0.0, "end": 4.8})
    posteriors = np.random.default_rng(0).dirichlet([1, 1], size=(3, 2, 6))
    path = tmp_path / "edges.csv"
    table = edge_table(posteriors, posteriors[::-1], windows.assign(objects="x;y;z"))
    write_table(table.assign(evidence=[True, False] * 6, p_value=0.02), path)

    def right(frame, _):
        return frame["type"].isin([0, 1]).all() and frame["probability"].between(0, 1).all()

    read = partial(read_edges, path, 2)
    attack("edges.csv", path, read, ResultsError, seeds=seeds, remedy=RERUN, accepted=right)


def test_windows(tmp_path, seeds):
    path = tmp_path / "own.windows.csv"
    rows = [("test", number, "a", 4.9 * number, 4.9 * number + 4.8, "x;y;z") for number in range(6)]
    write_table(pd.DataFrame(rows, columns=WINDOW_COLUMNS), path)

    def right(frame, _):
        return list(frame["sample"]) == list(range(6)) and np.isfinite(frame["start"]).all()

    read = partial(read_windows, path, 6, 3)
    attack("windows.csv", path, read, ResultsError, seeds=seeds, remedy=RERUN, accepted=right)


def test_segments(tmp_path, seeds):
    path = tmp_path / "nba.segments.csv"
    rows = [("test", n, "a.7z", 1 + n // 3, 700.0 - n, 60_000.0 * n, *range(5)) for n in range(6)]
    write_table(pd.DataFrame(rows, columns=[*SEGMENT_COLUMNS[:6], *"abcde"]), path)

    def read():
        for segment in read_segments(path).itertuples():
            segment_title(segment.sample, segment.quarter, segment.clock)

    attack("segments.csv", path, read, ResultsError, seeds=seeds, remedy=RERUN)


def test_games(tmp_path, seeds):
    path = tmp_path / "nba.games.csv"
    known = {"split": "test", "game": "a.7z", "status": "read", "gameid": "21", "sha256": "0af"}
    rows = [known | {"recorded_rate": 24.98, "minutes": 20.5}, known | {"status": "empty"}]
    frame = pd.DataFrame(rows, columns=GAME_COLUMNS)
    counts = [name for name in GAME_COLUMNS if name not in rows[0]]
    frame.loc[0, counts] = 7
    write_table(frame, path)
    read = partial(read_games, path)
    games_table(read(), "Basketball")
    attack(
        "games.csv", path, lambda: games_table(read(), "B"), ResultsError, seeds=seeds, remedy=RERUN
    )


def test_posteriors(tmp_path, seeds):
    inferred = np.random.default_rng(0).dirichlet([1, 1], size=(4, 20)).astype(np.float32)
    path = tmp_path / "posterior.npz"
    StoredPosterior(("none", "spring"), inferred, np.array([1, 0])).save(path)

    def same(posterior, _):
        return np.array_equal(posterior.inferred, inferred)

    read = partial(StoredPosterior.load, path)
    attack("posterior.npz", path, read, ResultsError, seeds=seeds, remedy=RERUN, accepted=same)


def test_examples(results, seeds):
    path = results / "examples.npz"
    sound = Examples.load(path)

    def same(found, _):
        return np.array_equal(found.truth, sound.truth) and found.features == sound.features

    read = partial(Examples.load, path)
    attack("examples.npz", path, read, ResultsError, seeds=seeds, remedy=RERUN, accepted=same)


@pytest.mark.parametrize("name", ["config.yaml", "own.yaml"])
def test_configurations(name, repository, tmp_path, seeds):
    """Where YAML itself cannot be read, Snakemake refuses the file in its own words."""
    path = tmp_path / name
    shutil.copyfile(repository / "config" / name, path)

    def read():
        try:
            config = load_configfile(path)
        except Exception as error:
            raise ConfigError(f"{path}: {error}") from error
        refuse_repeated_keys(path)
        try:
            parse_config(config)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error

    attack("configuration, YAML", path, read, ConfigError, seeds=seeds)
