"""Files of results and configurations with random damage: used if they are whole, or refused.

NRI_MUTANTS is the number of damaged copies of each file. Whatever is raised must be an error of
the library's own, which names the file.
"""

import json
import shutil
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
import torch
from fuzzing import MUTANTS, mutate
from snakemake.common.configfile import load_configfile

from nri.config.parse import ConfigError, parse_config
from nri.config.runs import Run
from nri.config.yaml_file import refuse_repeated_keys
from nri.data.format import read_metadata
from nri.evaluation.metrics_file import METRIC_COLUMNS
from nri.evaluation.new_data import trained_metadata
from nri.evaluation.posterior_file import StoredPosterior
from nri.files import ResultsError
from nri.model.build import build_model, load_model
from nri.model.weights import read_weights, save_weights
from nri.records import read_record, save_record
from nri.results.rows import read_metrics
from nri.training.checkpoints import Checkpoint
from nri.training.record import Work, write_record

CPU = torch.device("cpu")


def mutants(content):
    """Damaged copies, the same ones each time, and the empty one."""
    yield b""
    for seed in range(MUTANTS):
        yield mutate(content, seed)


def refused(read, path, errors=ResultsError):
    """Whether a reader refuses a file, as it should: by an error that names the file."""
    message = None
    try:
        read(path)
    except errors as error:
        message = str(error)
    assert message is None or (str(path) in message and len(message) > len(str(path)) + 20)
    return message is not None


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


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_run_with_damaged_files_infers_nothing(name, run, tmp_path):
    """Every damage is seen, since the training's own checksums tell."""
    copy = shutil.copytree(run, tmp_path / "run")
    load_model(copy, trained_metadata(copy), CPU)
    path, content = copy / name, (run / name).read_bytes()

    def read(path):
        load_model(path.parent, trained_metadata(path.parent), CPU)

    def same(mutant):
        """Only blanks between words of JSON mean nothing."""
        return mutant == content or (name == "config.json" and json.loads(mutant) == record)

    record = json.loads(content) if name == "config.json" else None
    for mutant in mutants(content):
        path.write_bytes(mutant)
        assert refused(read, path) or same(mutant)


def test_weights_that_are_no_numbers_are_refused_by_their_name(run, tmp_path):
    """Also where the checksum is right, since a training wrote them so."""
    weights = read_weights(run, read_record(run / "config.json")["weights"])
    name = next(iter(weights))
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


def test_a_damaged_checkpoint_is_not_used(tmp_path, caplog):
    directory = tmp_path / "checkpoints"
    checkpoint = Checkpoint(directory / "c.pt")
    for number in (1, 2):
        checkpoint.save({"update": number, "weights": torch.full((64,), float(number))})
    content = checkpoint.path.read_bytes()
    for mutant in mutants(content):
        caplog.clear()
        checkpoint.path.write_bytes(mutant)
        found = checkpoint.load(CPU)
        assert found["update"] == (2 if mutant == content else 1)
        assert (found["weights"] == found["update"]).all()
        assert (str(checkpoint.path) in caplog.text) == (mutant != content)


def test_damaged_metrics_are_read_as_numbers_or_refused(tmp_path):
    row = ("springs5", "springs5", "nri_learned", "mlp", "mlp", 2, "paper", "inferred", 1, "mse")
    path = tmp_path / "metrics.csv"
    rows = [(*row, step, 0.5 * step) for step in range(1, 6)]
    pd.DataFrame(rows, columns=METRIC_COLUMNS).to_csv(path, index=False)
    for mutant in mutants(path.read_bytes()):
        path.write_bytes(mutant)
        if not refused(read_metrics, path):
            assert np.isfinite(read_metrics(path)["value"]).all()


def test_a_damaged_posterior_is_whole_or_refused(tmp_path):
    inferred = np.random.default_rng(0).dirichlet([1, 1], size=(4, 20)).astype(np.float32)
    path = tmp_path / "posterior.npz"
    StoredPosterior(("none", "spring"), inferred, np.array([1, 0])).save(path)
    for mutant in mutants(path.read_bytes()):
        path.write_bytes(mutant)
        if not refused(StoredPosterior.load, path):
            np.testing.assert_array_equal(StoredPosterior.load(path).inferred, inferred)


@pytest.mark.parametrize("name", ["config.yaml", "own.yaml"])
def test_a_damaged_configuration_works_or_is_refused(name, repository, tmp_path):
    path = tmp_path / name
    for mutant in mutants((repository / "config" / name).read_bytes()):
        path.write_bytes(mutant)
        try:
            config = load_configfile(path)
        except Exception:
            continue  # Snakemake, which reads it first, refuses it in its own words
        if not refused(refuse_repeated_keys, path, ConfigError):
            with suppress(ConfigError):
                parse_config(config)
