"""What cannot work in the configuration of own data (docs/own_data.md)."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from nri.data.own.features import DATASET_SUFFIXES, TABLE_SUFFIXES, all_features

__all__ = ["file_contradictions"]


def file_contradictions(place: str, dataset: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Places and problems of a resolved data set with `source: own` that the schema cannot see."""
    path, columns, features = dataset["path"], dataset["columns"], dataset["features"]
    paths = path if isinstance(path, list) else [path] if isinstance(path, str) else path.values()
    paths = [each for some in paths for each in (some if isinstance(some, list) else [some])]
    suffixes = {PurePath(each).suffix.lower() for each in paths}
    if suffixes.intersection(DATASET_SUFFIXES) and len(paths) > 1:
        yield f"{place}.path", "a dataset file holds all splits; name one file"
    if suffixes.intersection(TABLE_SUFFIXES):
        if "time" not in columns:
            yield f"{place}.columns", "'time' is missing: the column with the time of each row"
        if ("object" in columns) == ("objects" in columns):
            problem = "needs either object (a column) or objects (the columns of each)"
            yield f"{place}.columns", problem
        for name, own in columns.get("objects", {}).items():
            if len(own) != len(features):
                problem = f"{own}: a column for each of the features {', '.join(features)} expected"
                yield f"{place}.columns.objects.{name}", problem
    elif dataset["edges"] is not None:
        yield f"{place}.edges", "arrays and dataset files hold their edges; remove the key"
    if dataset["edges_change"] > bool(dataset["edge_types"]):
        yield f"{place}.edges_change", "true, but there are no `edge_types`: no known edges"
    if (dataset["edges"] is not None) > bool(dataset["edge_types"]):
        yield f"{place}.edge_types", "the types that `edges` names are missing"
    if dataset["gaps"] == "interpolate" and dataset["max_gap"] is None:
        problem = "null, but `gaps: interpolate` needs the longest gap to fill, in s"
        yield f"{place}.max_gap", problem
    if dataset["units"] and len(dataset["units"]) != len(features):
        yield (
            f"{place}.units",
            f"{dataset['units']}: one for each of {', '.join(features)} expected",
        )
    known = all_features(dataset)
    if len(set(known)) < len(known):
        yield f"{place}.features", f"{', '.join(known)}: a name is there twice"
    for key, names, allowed in (
        ("velocities", dataset["velocities"], features),
        ("shared_ranges", [name for group in dataset["shared_ranges"] for name in group], known),
    ):
        for name in names:
            if name not in allowed:
                yield f"{place}.{key}", f"{name!r} is none of {', '.join(allowed)}"
