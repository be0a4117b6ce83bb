"""Figure: which edge types a run infers between the roles of a pick-and-roll."""

import argparse
from pathlib import Path

from nri.data.format import read_metadata
from nri.data.samples import load_samples
from nri.device import choose_device
from nri.evaluation.protocol import posterior
from nri.figures.captions import shown_runs
from nri.figures.roles import plot_role_edges
from nri.figures.style import save
from nri.model.build import load_model
from nri.results.catalogue import dataset_entry
from nri.results.comparison import describe_scale


def main() -> None:
    """Infer the graphs of all test segments and draw their distribution."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="directory of the trained run")
    parser.add_argument("--data", required=True, type=Path, help="the data set, HDF5")
    parser.add_argument("--output", nargs="+", required=True, help="files to write: .svg, .png")
    arguments = parser.parse_args()

    device, metadata = choose_device(), read_metadata(arguments.data)
    model, settings = load_model(arguments.run, metadata, device)
    samples = load_samples(arguments.data, "test", device)
    probabilities = posterior(model, samples, metadata.config["frames"]["train"]).numpy()
    names = [f"type {k}" for k in range(probabilities.shape[-1])]
    if settings.skip_first:
        names[0] += ", no edge"

    runs = shown_runs([arguments.run / "config.json"])
    run, dataset = runs.iloc[0], dataset_entry(runs["dataset"][0]).title
    save(
        plot_role_edges(probabilities, metadata.objects, names),
        arguments.output,
        f"Edge types between roles, {dataset}",
        f"As the paper's Figure 8. {dataset}, {run['name']}, seed {run['seed']}: how often each "
        f"edge type is the most probable one, in percent of the {len(samples)} test segments, by "
        "the role of the sender and of the receiver. Learned types have no order of their own. "
        + describe_scale(runs),
    )


if __name__ == "__main__":
    main()
