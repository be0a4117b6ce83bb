"""The paper's rows and columns: order, names and scale, for tables, figures and page.

A model or a dataset that is not listed keeps its own name, comes last and makes no claim about the
paper's scale.
"""

from dataclasses import dataclass

__all__ = [
    "DATASETS",
    "GRAPHS",
    "MODELS",
    "Dataset",
    "Model",
    "dataset_entry",
    "dataset_order",
    "model_entry",
    "model_order",
]


@dataclass(frozen=True)
class Model:
    """A row of the paper: its label, and its epochs at the paper's scale where the dataset's do not
    apply (0: nothing is trained).
    """

    label: str
    epochs: int | None = None


@dataclass(frozen=True)
class Dataset:
    """A column of the paper: its label, the panel of Table 1 it belongs to, and the paper's
    scale in training simulations (None: one recording, or unknown) and epochs. `trained_on` is
    the data set that the paper's models were trained on where it is another.
    """

    label: str
    panel: str
    simulations: int | None = None
    epochs: int | None = None
    trained_on: str = ""

    @property
    def title(self) -> str:
        """The label with the panel where it says something more, as "Springs, 5 objects"."""
        return f"{self.label}, {self.panel}" if self.panel.endswith("objects") else self.label


MODELS = {
    "static": Model("Static", epochs=0),
    "constant_velocity": Model("Constant velocity", epochs=0),
    "lstm_single": Model("LSTM (single)"),
    "lstm_joint": Model("LSTM (joint)"),
    "corr_path": Model("Corr. (path)", epochs=0),
    "corr_lstm": Model("Corr. (LSTM)", epochs=10),
    "nri_empty_graph": Model("NRI (empty graph)"),
    "nri_full_graph": Model("NRI (full graph)"),
    "nri_skeleton": Model("NRI (skeleton)"),
    "nri_sim": Model("NRI (sim.)"),
    "nri_learned": Model("NRI (learned)"),
    "nri_learned, refined": Model("NRI (learned, refined graph)"),
    "nri_learned, tempered": Model("NRI (learned, tempered posterior)"),
    "nri_learned, re-estimated": Model("NRI (dynamic graph)"),
    "nri_learned, re-estimated-from-truth": Model("NRI (dynamic graph of true frames)"),
    "nri_true_graph": Model("NRI (true graph)"),
    "supervised": Model("Supervised"),
    "own": Model("Own network"),
}

GRAPHS = {
    "refined": "refined graph",
    "tempered": "tempered posterior",
    "re-estimated": "dynamic graph",
    "re-estimated-from-truth": "dynamic graph of true frames",
}
"""What a graph that is found in another way than the model's own is called beside a label."""

DATASETS = {
    "springs5": Dataset("Springs", "5 objects", 50_000, 500),
    "charged5": Dataset("Charged", "5 objects", 50_000, 500),
    "kuramoto5": Dataset("Kuramoto", "5 objects", 50_000, 500),
    "springs10": Dataset("Springs", "10 objects", 50_000, 500),
    "charged10": Dataset("Charged", "10 objects", 50_000, 500),
    "kuramoto10": Dataset("Kuramoto", "10 objects", 50_000, 500),
    "springs5_empty": Dataset(
        "Springs, 5 objects, none interacting", "Appendix", 50_000, 500, trained_on="springs5"
    ),
    "springs5_three": Dataset("Springs, 5 objects, three types", "Appendix", 50_000, 500),
    "mocap35": Dataset("Motion capture", "Recorded data", None, 200),
    "nba": Dataset("Basketball", "Recorded data", 10_000, 500),
    "nba_5hz": Dataset("Basketball, 14 games at 5 Hz", "Recorded data", 10_000, 500),
    "nba_5hz_long": Dataset("Basketball, long segments", "Recorded data"),
}


def model_entry(model: str, graph: str = "") -> Model:
    """The catalogue's entry of a model, or one that shows its name.

    A graph that is found in another way than the model's own has an entry of its own.
    """
    return MODELS.get(f"{model}, {graph}") or MODELS.get(model, Model(model))


def model_order(model: str) -> tuple[int, str]:
    """Sort key of a model: the paper's order, then names not in the paper."""
    return (list(MODELS).index(model) if model in MODELS else len(MODELS), model)


def dataset_entry(dataset: str) -> Dataset:
    """The catalogue's entry of a dataset, or one that shows its name."""
    return DATASETS.get(dataset, Dataset(dataset, "Other data"))


def dataset_order(dataset: str) -> tuple[int, str]:
    """Sort key of a dataset: the paper's order, then names not in the paper."""
    return (list(DATASETS).index(dataset) if dataset in DATASETS else len(DATASETS), dataset)
