"""The words for what Snakemake would run."""

import json
from base64 import urlsafe_b64encode

import pytest

from scripts.plan import prices, read_jobs, reasons, refusal, render

PARAMS = "Params have changed since last execution: Union of exclusive params before and now across"
PARAMS += " all output: before: {} now: {} "
DRY_RUN = """Building DAG of jobs...
[Tue Nov 24 12:37:03 2026]
rule train:
    input: results/data/a.h5
    output: results/runs/a/m/seed{seed}/model.safetensors, results/runs/a/m/seed{seed}/config.json
    jobid: 6
    reason: {reason}
    wildcards: dataset=a, run=m, seed={seed}
localrule all:
    input: results/index.html
    reason: Rules with neither input nor output files are always executed.
"""


def job(reason, seed=1):
    (found,) = read_jobs(DRY_RUN.format(reason=reason, seed=seed))
    return found


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("'a.b = 0.1'", "'a.b = 0.2'", ["a.b 0.1 → 0.2"]),
        ("'a = 1','b = 2'", "'b = 1','a = 2'", ["a 1 → 2", "b 2 → 1"]),
        ("<nothing exclusive>", "'a = \"x; now, y\"'", ['a "x; now, y" (new)']),
        ("'a = 1','nri/x.py@12'", "'nri/x.py@34'", ["a 1 (gone)", "nri/x.py edited"]),
        ("'nri/x.py@12'", "'nri/y.py@34'", ["nri/x.py gone", "nri/y.py new"]),
        ("'make results'", "'make all'", ["make results → make all"]),
    ],
)
def test_what_changed_is_named(before, now, words, tmp_path):
    for after in ("", "; Software environment definition has changed since last execution"):
        found = reasons(job(PARAMS.format(before, now) + after), {}, tmp_path)
        assert found == words + (["its environment changed"] if after else [])


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Missing output files: results/a; Updated input files: b", ["not there yet"]),
        ("Updated input files: results/data/a.h5", ["changed: results/data/a.h5"]),
        ("Input files updated by another job: results/data/a.h5", ["follows simulate"]),
        ("Incomplete output files: results/a", ["interrupted"]),
        ("Forced execution", ["forced"]),
        ("Code has changed since last execution", ["its command line changed"]),
    ],
)
def test_other_reasons(reason, words, tmp_path):
    assert reasons(job(reason), {"results/data/a.h5": "simulate"}, tmp_path) == words


def test_inputs_that_come_and_go(tmp_path):
    changed = job("Set of input files has changed since last execution")
    assert reasons(changed, {}, tmp_path) == ["other inputs"]
    name = urlsafe_b64encode(changed.outputs[0].encode()).decode()
    record = tmp_path / ".snakemake" / "metadata" / name
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"input": ["results/data/b.h5"]}))
    lines = ["new: results/data/a.h5", "gone: results/data/b.h5"]
    assert reasons(changed, {}, tmp_path) == lines


def test_seeds_with_the_same_reason_share_a_line(tmp_path):
    jobs = [job("Forced execution", seed) for seed in (10, 2)]
    jobs.append(job("Missing output files: x", 3))
    assert render(jobs, tmp_path).splitlines() == [
        "train  (3 jobs)",
        "  a/m  seeds 2, 10",
        "      forced",
        "  a/m  seed 3",
        "      not there yet",
        "",
        "3 jobs: about 20 s on one core",
    ]


def test_a_refusal_is_the_message_alone():
    place = 'WorkflowError in file "/a/workflow/rules/config.smk", line 53:\n'
    trace = '  File "/a/workflow/rules/config.smk", line 53, in <module>\n'
    text = f"Using profile x\n{place}mine.yaml, line 3: config.seeds: 3 is not a list\n{trace}"
    assert refusal(text) == "error: mine.yaml, line 3: config.seeds: 3 is not a list"
    assert refusal("WorkflowError:\nno such file") == "error: no such file"
    assert refusal("Building\nMissingInputException in rule x:\n    a.7z\n") == (
        "error: MissingInputException in rule x:\n    a.7z"
    )
    assert refusal("killed") == "killed"


def test_a_plan_ends_with_what_it_costs():
    text = (
        "rule train:\n    resources: mem_mb=4, gpu={gpu}, runtime=90, cpu_seconds=7200\n"
        "rule prepare_own:\n    resources: cpu_seconds=1200, output_kb=2500000, mem=4 GB\n"
        "localrule download:\n    wildcards: host=mocap.cs.cmu.edu, path=a\n    resources: gpu=0\n"
        "localrule download:\n    wildcards: host=other.org, path=b\n"
    )
    hours, size, *downloads = prices(read_jobs(text.format(gpu=0)))
    assert hours == "about 2 h 20 min on one core"
    assert size == "2.5 GB of data sets"
    expected = ["1 downloads from mocap.cs.cmu.edu, about 0 MB", "1 downloads from other.org"]
    assert downloads == expected
    gpu = prices(read_jobs(text.format(gpu=1)))[1]
    assert gpu == "1 ask for a GPU, whose speed was not measured (their time limits add up to 2 h)"
