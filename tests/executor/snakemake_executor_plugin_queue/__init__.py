"""An executor of Snakemake for tests: jobs queue until the file $QUEUE_OPEN exists, then run."""

import os
import subprocess

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.settings import CommonSettings

__all__ = ["Executor", "common_settings"]

common_settings = CommonSettings(
    non_local_exec=True, implies_no_shared_fs=False, job_deploy_sources=False
)


class Executor(RemoteExecutor):
    """Each job is a process of its own that calls Snakemake again, as on a cluster."""

    def run_job(self, job):
        """Put a job in the queue."""
        script = self.get_jobscript(job)
        self.write_jobscript(job, script)
        command = f"until [ -e {os.environ['QUEUE_OPEN']} ]; do sleep 0.1; done; exec sh {script}"
        process = subprocess.Popen(["sh", "-c", command])
        submitted = SubmittedJobInfo(job, external_jobid=str(process.pid), aux={"process": process})
        self.report_job_submission(submitted)
        self.logger.info(f"Submitted job {job.jobid}")

    async def check_active_jobs(self, active_jobs):
        """Report the jobs that ended, yield the others."""
        for active in active_jobs:
            status = active.aux["process"].poll()
            if status is None:
                yield active
            elif status == 0:
                self.report_job_success(active)
            else:
                self.report_job_error(active)

    def cancel_jobs(self, active_jobs):
        """End all jobs."""
        for active in active_jobs:
            active.aux["process"].terminate()
