"""What a figure of single runs says about them."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from nri.config.identity import graph_key, model_key
from nri.results.naming import row_names
from nri.results.rows import in_order, read_config, run_record

__all__ = ["shown_runs"]


def shown_runs(paths: Iterable[str | os.PathLike]) -> pd.DataFrame:
    """A row for each run, baseline or not, by one of its files, in the paper's order.

    Columns: the `path`, those of `nri.results.rows.run_record`, which the config.json beside the
    file tells, the `model` and its `name` in legends.
    """
    rows = []
    for path in paths:
        config = read_config(Path(path).with_name("config.json"))
        run, model, graph = run_record(config), config["run"].get("baseline", ""), ""
        model = model.replace("-", "_")
        if not model:
            model, graph = model_key(run["encoder"], run["decoder"]), graph_key(run["encoder"])
        rows.append({"path": path, **run, "model": model, "graph": graph})
    runs = in_order(pd.DataFrame(rows))
    return runs.assign(name=row_names(runs, within=[]))
