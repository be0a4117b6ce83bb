"""What a run shows: a line for each thing, failures last and in their own words."""

import io
import logging
import os
import re
import subprocess
import sys
import time

import pytest
import yaml
from workflows import copy_checkout, snakemake

from nri.terminal.jobs import Job, Work, about, duration
from nri.terminal.live import Terminal
from nri.terminal.logs import failure_sentence, stopped, training_state
from nri.terminal.results import accuracy_table, scores_of
from nri.terminal.screen import Screen

LOG = """2026-11-26 03:03:49  epoch 1/6  update 50 of 1000  nll 8  kl 0  mse 2e-07  accuracy 0  7 s
2026-11-26 03:03:53  epoch 2/6  update 600 of 1000  nll 3.1  kl 0  mse 6.28e-08  accuracy {}  212 s
"""


class Screened:
    """A screen on a text, and the events that Snakemake would send it."""

    def __init__(self, live=False):
        self.text = io.StringIO()
        terminal = Terminal(self.text, live=live, colours=False)
        planned = {1: 10.0, 2: 30.0}
        self.screen = Screen(terminal, lambda: planned, "all.log")

    def say(self, event=None, message="", level=logging.INFO, **fields):
        record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
        vars(record).update(fields, **({"event": event} if event else {}))
        self.screen.handle(record)

    def begin(self, number, rule="train", log=(), outputs=(), **wildcards):
        self.say(
            "job_info",
            jobid=number,
            rule_name=rule,
            wildcards=wildcards,
            log=[str(path) for path in log],
            output=[str(path) for path in outputs],
        )

    @property
    def lines(self):
        return self.text.getvalue().splitlines()


@pytest.fixture
def screened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Screened()
    yield made
    made.screen.close()


RUN = {"group": "runs", "dataset": "springs5", "run": "mlp-mlp-k2", "seed": "1"}


def test_a_job_is_one_line_with_what_it_reached(screened, tmp_path):
    (tmp_path / "train.log").write_text(LOG.format("0.9870"))
    screened.say("run_info", stats={})
    screened.say(message="Select jobs to execute...")
    screened.say("resources_info", message="Provided cores: 2")
    screened.begin(1, log=[tmp_path / "train.log"], **RUN)
    screened.say("shellcmd", message="python scripts/train.py")
    screened.say("job_finished", job_id=1)
    first, line = screened.lines
    assert first == "2 jobs. Snakemake's own log: all.log"
    expected = (
        r"\d\d:\d\d:\d\d  train +springs5/mlp-mlp-k2  seed 1 +0 s +validation accuracy 98.7 %"
    )
    assert re.fullmatch(expected + r"  \[1 of 2 jobs\]", line)


def test_a_failure_ends_the_output_in_its_own_words(screened, tmp_path):
    (tmp_path / "train.log").write_text(LOG.format("-") + "error: lower `learning_rate`\n")
    screened.say("run_info", stats={})
    screened.begin(1, log=[tmp_path / "train.log"], **RUN)
    screened.say("error", "RuleException:\nCalledProcessError in file x", logging.ERROR)
    screened.say("job_error", "Error in rule train", logging.ERROR, jobid=1)
    screened.say("error", "WorkflowError:\nAt least one job did not complete", logging.ERROR)
    screened.screen.close()
    title = "train springs5/mlp-mlp-k2  seed 1: lower `learning_rate`"
    assert screened.lines[-2:] == [f"FAILED {title}", f"       log: {tmp_path / 'train.log'}"]
    assert "The same command goes on from here." in screened.lines
    assert "Exception" not in screened.text.getvalue()


def test_a_job_that_is_tried_again_and_succeeds_has_not_failed(screened, tmp_path):
    screened.say("run_info", stats={})
    screened.begin(1, log=[tmp_path / "none.log"], **RUN)
    screened.say("job_error", "", logging.ERROR, jobid=1)
    screened.say(message="Trying to restart job 1.")
    screened.begin(1, log=[tmp_path / "none.log"], **RUN)
    screened.say("job_finished", job_id=1)
    screened.screen.close()
    assert any("again" in line for line in screened.lines)
    assert not any(line.startswith("FAILED") for line in screened.lines)


def test_what_a_person_stops_has_not_failed(screened, tmp_path):
    (tmp_path / "log").write_text("2026-11-26 03:04:00  stopped by SIGTERM at update 7; run again")
    screened.say("run_info", stats={})
    screened.begin(1, log=[tmp_path / "log"], **RUN)
    screened.begin(2, rule="figure", log=[tmp_path / "none"], figure="horizon")
    screened.say("job_error", "", logging.ERROR, jobid=1)
    screened.say(message="Terminating processes on user request, this might take some time.")
    screened.say("job_error", "", logging.ERROR, jobid=2)
    screened.screen.close()
    assert [line.split()[1:3] for line in screened.lines if "stopped" in line] == [
        ["stopped", "train"],
        ["stopped", "figure"],
    ]
    assert not any("FAILED" in line for line in screened.lines)
    assert screened.lines[-1] == "The same command goes on from here."


def test_other_words_of_snakemake_are_shown(screened):
    screened.say(message="Nothing to be done (all requested files are present and up to date).")
    prefix = 'WorkflowError in file "/a b/workflow/rules/config.smk", line 7:\n'
    place = '\n  File "/a b/workflow/rules/config.smk", line 7, in <module>'
    screened.say("error", f"{prefix}mine.yaml: runs[0]: no{place}", logging.ERROR)
    assert screened.lines[0].startswith("Nothing to be done")
    assert screened.lines[1] == "error: mine.yaml: runs[0]: no"


def test_on_a_terminal_running_jobs_are_drawn_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "60")
    (tmp_path / "train.log").write_text(LOG.format("-"))
    screened = Screened(live=True)
    screened.say("run_info", stats={})
    screened.begin(1, log=[tmp_path / "train.log"], **RUN)
    running, far = screened.lines[-2:]
    assert "train" in running
    assert len(running) < 60
    assert far.strip().startswith("0 of 2 jobs")
    screened.say("job_finished", job_id=1)
    assert "\x1b[2A" in screened.text.getvalue()
    screened.screen.close()
    assert screened.lines[-1] == "The same command goes on from here."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("error: a.csv: line 3\n  remedy\n", "a.csv: line 3 remedy"),
        ("train.py: error: argument --threads: 0\n", "argument --threads: 0"),
        ("Traceback\n  File x\nnri.x.KeyError: 'a'\n", "unexpected KeyError: 'a' (the log has the"),
        ("2026-11-26 03:03:49  reading\n", "it ended after 'reading' (out of memory, or killed?)"),
        ("", "it ended without a word: its log is empty"),
    ],
)
def test_the_reason_of_a_failure(text, sentence, tmp_path):
    (tmp_path / "log").write_text(text)
    assert failure_sentence(tmp_path / "log").startswith(sentence)
    assert failure_sentence(tmp_path / "none").startswith("it ended without a word: it has no log")


def test_the_state_of_a_training(tmp_path):
    path = tmp_path / "log"
    assert training_state(path) is None
    path.write_text(LOG.format("-"))
    assert training_state(path).words == "validation error 6.3e-08"
    assert not stopped(path)
    path.write_text(LOG.format("0.5") + "2026-11-26 03:04:00  stopped by SIGTERM at update 7; run")
    assert training_state(path).update == 600
    assert stopped(path)


def test_a_training_says_that_it_moves_within_an_epoch(tmp_path):
    path = tmp_path / "log"
    assert Job(1, "train", {}, log=path).progress() == (0.0, "starting")
    assert Job(1, "evaluate", {}, log=path).progress() == (0.0, "")
    path.write_text(
        "reading\n2026-11-26 03:03:49  update 4 of 1000\n2026-11-26 03:03:59  update 7 of 1000\n"
    )
    job = Job(1, "train", {}, log=path)
    assert job.progress() == (0.007, "0.7%, update 7")
    assert job.outcome() == ""
    path.write_text(LOG.format("0.5") + "2026-11-26 03:04:03  update 660 of 1000\n")
    assert job.progress() == (0.66, "66%, validation accuracy 50.0 %, update 660")
    assert job.outcome() == "validation accuracy 50.0 %"


def test_times():
    assert [duration(each) for each in (41, 185, 600, 4800)] == [
        "41 s",
        "3 min 5 s",
        "10 min",
        "1 h 20 min",
    ]
    assert [about(each) for each in (2, 33, 185, 5000)] == ["10 s", "30 s", "3 min", "1 h 20 min"]


def test_the_time_left_follows_the_pace_so_far():
    work = Work(planned={1: 10.0, 2: 10.0, 3: 40.0})
    assert work.seconds_left() is None
    work.finish(Job(1, "train", {}, seconds=10.0, began=time.monotonic() - 30))
    assert work.seconds_left() == pytest.approx(150, rel=0.01)
    now = time.monotonic()
    for number, seconds in ((2, 10.0), (3, 40.0)):
        work.begin(Job(number, "evaluate", {}, seconds=seconds, began=now))
    assert work.seconds_left() == pytest.approx(120, rel=0.01)  # the longest, not half of all


def test_accuracies_side_by_side_as_far_as_there_is_room(tmp_path):
    path = tmp_path / "edge_accuracy.csv"
    rows = ["dataset,model,recipe,graph,mean,paper"]
    rows += [f"data{n},nri_learned,fast,inferred,9{n}.04,99.9" for n in range(4)]
    rows += ["data0,nri_learned,fast,refined,100.0,", "data1,nri_sim,paper,inferred,,"]
    path.write_text("\n".join(rows))
    lines = accuracy_table(path, 70)
    assert max(map(len, lines)) <= 70
    assert [line.split() for line in lines if "data0" in line or "data2" in line] == [
        ["data0", "data1"],
        ["data2", "data3"],
    ]
    rows = [" ".join(line.split()) for line in lines]
    assert "nri_learned (fast) 90.0 (99.9) 91.0 (99.9)" in rows
    assert "nri_learned, refined graph (fast) 100.0 -" in rows
    assert accuracy_table(tmp_path / "none.csv", 70) == []


def test_own_networks_keep_their_labels_and_rows_apart(tmp_path):
    path = tmp_path / "edge_accuracy.csv"
    head = "dataset,trained_on,model,encoder,decoder,edge_types,recipe,graph,mean,label,paper\n"
    path.write_text(
        f"{head}a,a,own,x,mlp,2,paper,inferred,50.0,Mine,\n"
        "a,a,own,y,mlp,2,paper,inferred,60.0,Yours,\n"
        "a,a,nri_learned,mlp,mlp,2,paper,inferred,70.0,,\n"
        "a,b,nri_learned,mlp,mlp,2,paper,inferred,80.0,,\n"
    )
    assert [line.split() for line in accuracy_table(path, 70)[-4:]] == [
        ["Mine", "50.0"],
        ["Yours", "60.0"],
        ["nri_learned,", "a/mlp-mlp-k2", "70.0"],
        ["nri_learned,", "b/mlp-mlp-k2", "80.0"],
    ]


def test_the_scores_of_an_evaluation(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text(
        "dataset,graph,metric,step,value\na,refined,mse,1,0.25\n"
        "a,inferred,edge_accuracy,,0.5\na,refined,edge_accuracy,,0.75\nb,,mse,1,0.125\n"
    )
    assert scores_of(path, "a") == "test accuracy 50.0 %, refined graph 75.0 %"
    assert scores_of(path, "b") == "test error 0.12 after 1 step"
    assert scores_of(path, "c") == ""


@pytest.mark.parametrize(
    ("statement", "expected"),
    [("boom", False), ("arguments.thread_count('a')", False), ("read('none.h5')", True)],
)
def test_errors_on_purpose_have_no_traceback(statement, expected):
    program = "from nri import arguments, logs; from nri.data.format import read_metadata as read"
    command = [sys.executable, "-c", f"{program}; logs.start_log(); {statement}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: none.h5") == expected
    assert ("Traceback" not in done.stderr) == expected, done.stderr


def test_a_raise_after_an_if_on_the_same_line_is_on_purpose(repository, tmp_path):
    """Also where the source is no longer what runs."""
    code = (
        "def fail():\n    if True: raise ValueError('no such; make one')\n\ndef slip(): int('a')\n"
    )
    for statement, expected in (("fail()", True), ("slip()", False)):
        (tmp_path / "part.py").write_text(code)
        program = "from pathlib import Path; from nri import logs; logs.ROOT = Path.cwd(); "
        program += "import part; Path('part.py').write_text('edited'); "
        done = subprocess.run(
            [sys.executable, "-c", f"{program}logs.start_log(); part.{statement}"],
            cwd=tmp_path.resolve(),
            env=os.environ | {"PYTHONPATH": f"{repository}:{tmp_path}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stderr == "error: no such; make one\n") == expected, done.stderr
        assert ("Traceback" not in done.stderr) == expected


def test_wrong_syntax_of_the_configuration_is_one_line(repository, tmp_path):
    """Snakemake itself would say neither the file nor the line."""
    checkout = copy_checkout(repository, tmp_path / "checkout")
    default = checkout / "config" / "config.yaml"
    default.write_text("seeds: [1, 2\n" + default.read_text())
    done = snakemake(checkout, tmp_path, check=False)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("Using ")]
    assert line.startswith(f"error: {default}, line ")
    assert "look for a bracket" in line


def test_a_run_that_fails_in_its_first_job(repository, tmp_path):
    config = yaml.safe_load((repository / "config" / "own.yaml").read_text())
    name, entry = next(iter(config["datasets"].items()))
    (tmp_path / "bad.csv").write_text("time,object\n1,a\n")
    entry["path"] = "bad.csv"
    entry.pop("edges", None)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
    target = f"results/data/{name}.h5"
    done = snakemake(
        repository, tmp_path, target, "--configfile", tmp_path / "mine.yaml", check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "rule prepare_own" not in done.stderr
    last = done.stderr.splitlines()[-2:]
    assert last[0].startswith(f"FAILED data {name}: ")
    assert "bad.csv" in last[0]
    assert last[1] == f"       log: results/logs/data/{name}.log"
    (log,) = (tmp_path / ".snakemake" / "log").glob("*.log")
    assert "rule prepare_own" in log.read_text()
