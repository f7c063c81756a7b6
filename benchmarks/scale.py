"""Measures how memory grows with the number of accounts, each with a session of its own.

    python benchmarks/scale.py 200 800

A SageMaker on 127.0.0.1 answers for every account; roles are assumed, and the empty units loaded into
Parquet. The peak must not grow in step with the accounts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "parser"), str(ROOT / "generated")]

from sync.training_jobs import TrainingJobs  # noqa: E402

_RUN = """
import resource, sys
from ddsql_schemas import sync
number = int(sys.argv[2])
accounts = [sync.Account(f"{n:012}", role_arn=f"arn:aws:iam::{n:012}:role/r", partition="aws")
            for n in range(1, number + 1)]
report = sync.run(["aws.*"], to=sys.argv[3], accounts=accounts, endpoint_url=sys.argv[1],
                  regions=["eu-west-1", "us-east-1"])
assert report.exit_status == 0, report
print(sum(count for _, count in report.totals.units), report.totals.calls,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def main() -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "generated"),
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    sys.stdout.write("accounts  units  calls  peak MB  seconds\n")
    with TrainingJobs().running() as url:
        for accounts in map(int, sys.argv[1:] or ["200", "800"]):
            with tempfile.TemporaryDirectory() as folder:
                start = time.monotonic()
                done = subprocess.run(
                    [sys.executable, "-c", _RUN, url, str(accounts), f"parquet:{folder}/"],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                )
            units, calls, peak = done.stdout.split()
            seconds = time.monotonic() - start
            sys.stdout.write(f"{accounts:8}  {units:>5}  {calls:>5}  {peak:>7}  {seconds:7.0f}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
