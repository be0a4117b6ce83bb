"""Made-up results in the form the pipeline writes them, for tests of what reads them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from nri.config.runs import Identity
from nri.evaluation.examples import Examples
from nri.evaluation.metrics_file import METRIC_COLUMNS, RUN
from nri.graph import receivers, senders

RUNS = [  # dataset, encoder, decoder, recipe, model, edge accuracy, growth of the error
    ("springs5", "mlp", "mlp", "paper", "nri_learned", 0.93, 3e-5),
    ("springs5", "node-cnn", "mlp", "fast", "nri_learned", 0.99, 1e-5),
    ("springs5", "true", "mlp", "paper", "nri_true_graph", None, 4e-6),
    ("springs5", "full", "mlp", "paper", "nri_full_graph", None, 2e-4),
    ("springs5", "mlp", "none", "paper", "supervised", 0.995, None),
    ("kuramoto5", "cnn", "mlp", "paper", "nri_learned", 0.81, 2e-3),
    ("kuramoto5", "true", "mlp", "paper", "nri_true_graph", None, 1e-3),
    ("mocap35", "mlp", "rnn", "paper", "nri_learned", None, 1e-3),
]
BASELINES = [
    ("springs5", "static", None, 8e-4),
    ("springs5", "lstm-joint", None, 3e-4),
    ("springs5", "corr-path", 0.52, None),
    ("kuramoto5", "static", None, 3e-2),
]
STUDY = ("springs5", "node-cnn", "mlp", "fast_narrow", "nri_learned", 0.97, 3e-5)
TRANSFERRED = ("springs5", "node-cnn", "mlp", "fast")
TRANSFERS = [("springs5_empty", 0.985, 2e-6), ("springs10", 0.95, 5e-5)]
STUDIES = {
    "springs5/node-cnn-mlp-k2-fast_narrow": {"springs5": "width"},
    "springs5/node-cnn-mlp-k2-fast": {"springs10": "transfer"},
}
TITLES = {
    "width": {"title": "Narrower networks", "compares_with": "fast"},
    "transfer": {"title": "More objects", "compares_with": "fast"},
}
GRAPHS = {"nri_true_graph": "given", "nri_full_graph": "given"}


def run_directory(root: Path, dataset: str, encoder: str, decoder: str, recipe: str) -> Path:
    name = f"{encoder}-{decoder}-k2" + (f"-{recipe}" if recipe != "paper" else "")
    return root / "runs" / dataset / name


def metrics_frame(row: dict, accuracy: float | None, growth: float | None, rng) -> pd.DataFrame:
    rows = []
    if accuracy is not None:
        value = min(1.0, accuracy + 0.004 * rng.standard_normal())
        rows.append({**row, "metric": "edge_accuracy", "value": value})
        rows.append({**row, "metric": "edge_auroc", "value": (1 + value) / 2})
    if growth is not None:
        for step in range(1, 21):
            value = growth * step**1.5 * np.exp(0.2 * rng.standard_normal())
            rows.append({**row, "metric": "mse", "step": step, "value": value})
    return pd.DataFrame(rows).reindex(columns=METRIC_COLUMNS).astype({"step": "Int64"})


def curve_frame(accuracy: float | None, growth: float | None, rng) -> pd.DataFrame:
    step = np.arange(1, 41) * 50
    learned = 1 - np.exp(-np.maximum(step - 150, 0) / 500)
    frame = pd.DataFrame({"step": step, "epoch": np.arange(1, 41), "stage": 0})
    frame["wall_seconds"] = step * 0.06
    frame["process_seconds"] = step * 0.055 * np.exp(0.1 * rng.standard_normal())
    for split in ("train", "valid"):
        noise = 0.01 * rng.standard_normal(len(step))
        frame[f"{split}_nll"] = (0.7 if growth is None else 900) * np.exp(noise - 2 * learned)
        frame[f"{split}_kl"] = 5 * learned
        frame[f"{split}_mse"] = np.nan if growth is None else growth * np.exp(-learned)
        reached = np.nan if accuracy is None else 0.5 + (accuracy - 0.5) * learned + noise
        frame[f"{split}_edge_accuracy"] = reached
    return frame


def config(dataset: str, encoder: str, decoder: str, recipe: str, seed: int, **scale) -> dict:
    scale = {"train": 1000, "updates": 2400, "epochs": 40, **scale}
    run = Identity(dataset=dataset, encoder=encoder, decoder=decoder, edge_types=2, recipe=recipe)
    return {
        "run": {**run.columns(), "seed": seed},
        "dataset": {"samples": {"train": scale["train"], "valid": 200, "test": 200}},
        "training": {"epochs": scale["epochs"]},
        "updates": scale["updates"],
        "epochs": scale["epochs"],
        "parameters": 123456,
        "seconds": {"wall": 140.2, "process": 133.7},
        "provenance": {
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "versions": {"nri": "0.1.0", "torch": "2.13.0"},
            "machine": "x86_64, 2 cores",
        },
    }


def springs(graph: np.ndarray, frames: int, rng) -> np.ndarray:
    """(N, frames, 4): x, y, vx, vy of masses that springs of constant 0.1 pull together."""
    x = 0.5 * rng.standard_normal((len(graph), 2))
    v = rng.standard_normal((len(graph), 2))
    v *= 0.5 / np.linalg.norm(v, axis=1, keepdims=True)
    states = []
    for _ in range(frames):
        for _ in range(100):
            v += 0.001 * -0.1 * (graph[:, :, None] * (x[:, None] - x[None])).sum(1)
            x = x + 0.001 * v
        states.append(np.concatenate([x, v], axis=1))
    return np.stack(states, axis=1)


def kuramoto(graph: np.ndarray, frames: int, rng) -> np.ndarray:
    """(N, frames, 3): dφ/dt, sin φ, ω of coupled oscillators."""
    omega, phase = rng.uniform(1, 10, len(graph)), rng.uniform(0, 2 * np.pi, len(graph))
    states = []
    for _ in range(frames):
        for _ in range(10):
            rate = omega + (graph * np.sin(phase[None] - phase[:, None])).sum(1)
            phase = phase + 0.01 * rate
        states.append(np.stack([rate, np.sin(phase), omega], axis=1))
    return np.stack(states, axis=1)


def examples(system: str, accuracy: float, samples: int, objects: int, rng) -> Examples:
    horizon = 50
    upper = np.triu(rng.integers(0, 2, (samples, objects, objects)), 1)
    graphs = upper + upper.transpose(0, 2, 1)
    simulate = {"springs": springs, "kuramoto": kuramoto}[system]
    motion = np.stack([simulate(graph, 50 + horizon, rng) for graph in graphs])
    drift = np.linspace(0, 1, horizon)[:, None] ** 2 * 0.075 * np.ptp(motion, axis=(0, 1, 2))
    truth = motion[:, :, 50:]
    predicted = truth + drift * rng.standard_normal((samples, objects, 1, motion.shape[-1]))
    edges = graphs[:, receivers(objects), senders(objects)]
    certain = rng.beta(8, 1, edges.shape) * np.where(rng.random(edges.shape) < accuracy, 1, 0.4)
    posterior = np.where(
        edges[..., None] == np.arange(2), certain[..., None], 1 - certain[..., None]
    )
    names = {"springs": ("x", "y", "vx", "vy"), "kuramoto": ("dphi", "sin_phi", "omega")}
    units = {"springs": ("m", "m", "m/s", "m/s"), "kuramoto": ("rad/s", "1", "rad/s")}
    return Examples(
        sample=np.arange(samples),
        observed=motion[:, :, :50].astype(np.float32),
        truth=truth.astype(np.float32),
        predicted=predicted.astype(np.float32),
        posterior=posterior.astype(np.float32),
        edges=edges.astype(np.int8),
        features=names[system],
        units=units[system],
    )


def write_results(root: Path, seeds: int = 3) -> Path:
    """All of `RUNS` and `BASELINES` under `root` as the pipeline lays them out."""
    rng = np.random.default_rng(0)
    for run in RUNS:
        for seed in range(1, seeds + 1):
            write_run(root, run, seed, rng)
    for dataset, baseline, accuracy, growth in BASELINES:
        path = root / "baselines" / dataset / baseline / "seed1"
        path.mkdir(parents=True)
        model = baseline.replace("-", "_")
        row = {"dataset": dataset, "trained_on": dataset, "model": model, "recipe": "paper"}
        row["seed"] = 1
        metrics_frame(row, accuracy, growth, rng).to_csv(path / "metrics.csv", index=False)
    return root


def write_run(root: Path, run: tuple, seed: int, rng) -> None:
    dataset, encoder, decoder, recipe, model, accuracy, growth = run
    path = run_directory(root, dataset, encoder, decoder, recipe) / f"seed{seed}"
    path.mkdir(parents=True)
    graph = GRAPHS.get(model, "inferred")
    names = (dataset, dataset, model, encoder, decoder, 2, recipe, graph, seed)
    row = dict(zip(RUN, names, strict=True))
    metrics_frame(row, accuracy, growth, rng).to_csv(path / "metrics.csv", index=False)
    curve_frame(accuracy, growth, rng).to_csv(path / "curve.csv", index=False)
    described = config(dataset, encoder, decoder, recipe, seed)
    (path / "config.json").write_text(json.dumps(described))
    system = dataset.rstrip("0123456789")
    if model == "nri_learned" and system != "mocap":
        examples(system, accuracy, 3, 5, rng).save(path / "examples.npz")


def write_studies(root: Path, seeds: int = 3) -> Path:
    """Beside `write_results`: a run of a study, and `TRANSFERS` of a run of the paper's."""
    rng = np.random.default_rng(1)
    dataset, encoder, decoder, recipe = TRANSFERRED
    for seed in range(1, seeds + 1):
        write_run(root, STUDY, seed, rng)
        path = run_directory(root, *TRANSFERRED) / f"seed{seed}" / "metrics.csv"
        frames = [pd.read_csv(path)]
        for tested, accuracy, growth in TRANSFERS:
            model = "nri_learned", encoder, decoder, 2, recipe, "inferred", seed
            row = dict(zip(RUN, (tested, dataset, *model), strict=True))
            frames.append(metrics_frame(row, accuracy, growth, rng))
        pd.concat(frames).astype({"step": "Int64"}).to_csv(path, index=False)
    return root


if __name__ == "__main__":
    import sys

    write_results(Path(sys.argv[1]))
