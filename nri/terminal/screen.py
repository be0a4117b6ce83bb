"""What a run of Snakemake shows: a line for each thing that happens, and how far everything is.

`Screen` takes the place of Snakemake's own handler of log records, which says sixteen lines per
job. The whole of that is still in `.snakemake/log`.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from nri.terminal.jobs import Job, Work, about, duration
from nri.terminal.live import Terminal
from nri.terminal.logs import failure_sentence, stopped
from nri.terminal.results import accuracy_table, made_since

__all__ = ["Screen"]

NOISE = re.compile(
    r"Select jobs to execute|Execute \d+ jobs|Building DAG|Using shell|Provided |Rules claiming"
    r"|Conda environments: ignored|Singularity containers: ignored|Group jobs: inactive"
    r"|Config file .* is extended|Assuming unrestricted|Complete log|Elapsed time|Removing output"
    r"|Shutting down|Exiting because a job"
    r"|(WorkflowError:\s*)?At least one job did not complete"
    r"|RuleException:\s*CalledProcessError"
)
"""How messages of Snakemake begin that say nothing to a person who waits for results."""
RULES_FILE = re.compile(r'^\w+ in file "[^"]*/workflow/rules/config\.smk", line \d+:\n')
CODE_LINE = re.compile(r'\n  File "[^"]*", line \d+, in .*')
CANCELLED = re.compile("Terminating processes on user request|Will exit after finishing")
RETRIED = re.compile(r"Trying to restart job (\d+)")
MOST_LINES = 12
"""Running jobs that are shown at once."""
HEARTBEAT = 60.0
"""Seconds between two looks at running jobs where lines cannot be drawn anew."""
PAGE = "results/index.html"
ACCURACIES = "results/tables/edge_accuracy.csv"


class Screen(logging.Handler):
    """Shows the events of Snakemake's log.

    planned: the seconds that each planned job should take, by its number, once they are known.
    log: Snakemake's own, complete.
    """

    def __init__(
        self,
        terminal: Terminal,
        planned: Callable[[], dict[int, float]],
        log: str = "",
    ):
        super().__init__()
        self.terminal = terminal
        self.planned = planned
        self.log = log
        self.work = Work()
        self.failed: dict[int, Job] = {}
        self.began = time.monotonic()
        self.started = time.time()
        self._cancelled = False
        self._ended = threading.Event()
        self._beat = time.monotonic()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, or take note of what it says of a job."""
        event = str(getattr(record, "event", "message"))
        show = getattr(self, f"_{event}", None)
        try:
            if show is not None:
                show(record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Show how the run ended; Snakemake calls this at its end, whatever that is."""
        with self.lock or threading.Lock():
            if not self._ended.is_set():
                self._ended.set()
                self.terminal.draw([])
                if self.work.planned:
                    self._end()
        super().close()

    # Each of these shows the event of Snakemake's log that it is named after.

    def _message(self, record: logging.LogRecord) -> None:
        text = record.getMessage() if record.msg else ""
        self._cancelled |= bool(CANCELLED.match(text))
        if match := RETRIED.match(text):
            job = self.failed.pop(int(match[1]), None)
            self._line(f"again     {job.title if job else f'job {match[1]}'}", "yellow")
        elif text.strip() and not NOISE.match(text):
            warned = record.levelno >= logging.WARNING
            self.terminal.write(text.strip("\n"), colour="yellow" if warned else "")

    def _error(self, record: logging.LogRecord) -> None:
        text = CODE_LINE.sub("", RULES_FILE.sub("", record.getMessage()))
        if not NOISE.match(text):
            self.terminal.write(f"error: {text}", colour="red")

    def _run_info(self, record: logging.LogRecord) -> None:
        if self.work.planned or not (planned := self.planned()):
            return
        self.work.planned = planned
        self.began, self.started = time.monotonic(), time.time()
        jobs = f"{len(planned)} job{'s' if len(planned) > 1 else ''}"
        self.terminal.write(f"{jobs}. Snakemake's own log: {self.log}")
        self._ticker.start()

    def _job_info(self, record: logging.LogRecord) -> None:
        fields = vars(record)
        number = fields["jobid"]
        job = Job(
            number=number,
            rule=fields["rule_name"],
            wildcards=dict(fields["wildcards"]),
            log=Path(fields["log"][0]) if fields["log"] else None,
            outputs=list(fields["output"]),
            seconds=self.work.planned.get(number, 1.0),
        )
        self.work.begin(job)
        self._draw()

    def _job_finished(self, record: logging.LogRecord) -> None:
        number = vars(record)["job_id"]
        job = self.work.running.pop(number, None)
        if job is None:
            return
        self.work.finish(job)
        self.failed.pop(number, None)
        if not job.minor:
            outcome = job.outcome()
            self._line(f"{_columns(job)}  {duration(job.elapsed):<12}  {outcome}")
        self._draw()

    def _job_error(self, record: logging.LogRecord) -> None:
        number = vars(record)["jobid"]
        job = self.work.running.pop(number, None)
        if job is None:
            return
        if self._cancelled or (job.log and stopped(job.log)):
            self._line(f"stopped   {job.title}", "yellow")
        else:
            self.failed[number] = job
            self._line(f"FAILED    {job.title}: {_why(job)}", "red")
        self._draw()

    def _line(self, text: str, colour: str = "") -> None:
        """A line with the time and, where there is no block to say it, how far everything is."""
        far = "" if self.terminal.live else f"  [{self._far()}]"
        line = f"{time.strftime('%H:%M:%S')}  {text.rstrip()}{far}"
        self.terminal.write(line, colour=colour)

    def _far(self) -> str:
        left = self.work.seconds_left()
        return self.work.count + (f", about {about(left)} left" if left else "")

    def _tick(self) -> None:
        """Look at running jobs, every second on a terminal and every minute elsewhere."""
        while not self._ended.wait(1.0):
            with self.lock or threading.Lock():
                if self._ended.is_set():
                    return
                if self.terminal.live:
                    self._draw()
                elif time.monotonic() - self._beat > HEARTBEAT:
                    self._beat = time.monotonic()
                    for line in self._running(HEARTBEAT / 2):
                        self._line(f"running   {line.strip()}")

    def _draw(self) -> None:
        if self.terminal.live and self.work.planned:
            far = f"{self._far()}, {duration(time.monotonic() - self.began)} so far"
            self.terminal.draw([*self._running(), f"  {far}"])

    def _running(self, least: float = 0.0) -> list[str]:
        """A line for each job that has run for at least so many seconds."""
        running = (job for job in self.work.running.values() if job.elapsed >= least)
        jobs = sorted(running, key=lambda job: job.began)
        room = max(1, min(MOST_LINES, self.terminal.size[1] - 4))
        lines = []
        for job in jobs[:room]:
            parts = (_columns(job), f"{duration(job.elapsed):<12}", job.progress()[1])
            lines.append(f"  {'  '.join(parts)}".rstrip())
        more = len(jobs) - room
        return [*lines, f"  and {more} more"] if more > 0 else lines

    def _end(self) -> None:
        """The results or the failures, last what matters most."""
        took = duration(time.monotonic() - self.began)
        if made_since(ACCURACIES, self.started):
            self.terminal.write("", *accuracy_table(ACCURACIES, self.terminal.size[0]), "")
        if made_since(PAGE, self.started):
            self.terminal.write(f"All results on one page: {Path(PAGE).absolute()}", colour="green")
        self.terminal.write(f"{self.work.count} in {took}. Snakemake's own log: {self.log}")
        if len(self.work.done) < len(self.work.planned):
            self.terminal.write("The same command goes on from here.")
        for job in self.failed.values():
            lines = f"FAILED {job.title}: {_why(job)}", f"       log: {job.log}"
            self.terminal.write("", *lines, colour="red")


def _columns(job: Job) -> str:
    return f"{job.verb:<9} {job.subject:<44}"


def _why(job: Job) -> str:
    return failure_sentence(job.log) if job.log else "it has no log"
