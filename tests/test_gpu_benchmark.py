"""The benchmark of a GPU, as far as a CPU can run it: all parts, and what becomes of failures."""

import pytest
import torch

from benchmarks import gpu
from benchmarks.gpu import Part
from benchmarks.gpu_parts import PARTS, RATES

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", [name for name in PARTS if name != "correctness"])
def test_every_part_runs_on_a_cpu(name):
    """At small size: ways and precisions as on a GPU, each with a rate."""
    rows = list(PARTS[name](CPU, True))
    assert rows
    if name in RATES:
        assert [row["precision"] for row in rows] == ["float32", "TF32", "bf16"] * 2
    if name in RATES or name == "seeds":
        assert all(row["rate"] > 0 for row in rows)
    if name == "accuracy":
        assert 0 <= rows[-1]["accuracy"] <= 1
        assert rows[-1]["updates"] > 0


def test_the_parts_take_ten_minutes_at_most():
    assert gpu.BUDGETS.keys() == PARTS.keys()
    assert sum(gpu.BUDGETS.values()) <= 600


def test_a_part_that_fails_or_is_stopped_says_why(monkeypatch):
    monkeypatch.setitem(gpu.BUDGETS, "card", 300)  # a busy machine is slow to load torch
    failed = gpu.run_part("card", "nonsense", quick=True)
    assert failed.rows == []
    assert failed.problem.startswith("failed: RuntimeError")
    monkeypatch.setitem(gpu.BUDGETS, "card", 0.1)
    assert gpu.run_part("card", "cpu", quick=True).problem == "stopped after 0.1 s"


def test_what_was_measured_before_a_part_was_stopped_counts():
    output = b'warning: of a library\n{"seeds": 1, "rate": 10.0}\n{"seeds": 2, "ra'
    assert gpu._rows(output) == [{"seeds": 1, "rate": 10.0}]


def test_the_section_has_what_came_of_each_part():
    rate = {"way": "eager", "precision": "TF32", "rate": 40_000.0}
    parts = {
        "card": Part([{"card": "A card", "driver": "1.2", "torch": "2.13"}]),
        "correctness": Part([{"passed": False, "said": "1 failed, 5 passed in 3 s"}]),
        **{name: Part([{"case": case.name, **rate}]) for name, case in RATES.items()},
        "seeds": Part([{"seeds": 4, "rate": 123_456.0}]),
        "accuracy": Part([], "failed: CUDA error: out of memory"),
    }
    text = gpu.written(parts)
    assert "A card, driver 1.2, torch 2.13." in text
    assert "**failed**, 1 failed, 5 passed" in text
    assert "| RNN decoder, 5 objects | eager |  | 40,000 |  |" in text
    assert "| 4 | 123,456 |" in text
    assert "- `accuracy`: failed: CUDA error: out of memory" in text
    assert "h of this GPU" in text
    parts["ten"] = Part([], "stopped after 110 s")
    text = gpu.written(parts)
    assert "h of this GPU" not in text
    assert "- `ten`: stopped after 110 s" in text


def test_hours_follow_the_rates():
    rates = dict.fromkeys(RATES, 1000.0)
    hours = gpu.paper_hours(rates)
    assert hours > 100
    assert gpu.paper_hours(dict.fromkeys(RATES, 2000.0)) == pytest.approx(hours / 2)
    assert gpu.paper_hours({**rates, "rnn": 2000.0}) < hours


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_the_page_says_so():
    assert gpu.report(quick=False) == f"{gpu.NOT_MEASURED}\n"
