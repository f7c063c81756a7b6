"""Load the sample rows by dlt and print the seconds: ``dlt_load.py postgres|duckdb ADDRESS ROWS``.

Nested values are loaded as json, not as tables of their own, and the table is new: dlt's quickest way.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    engine, address, count = sys.argv[1:]
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    import dlt
    import sample_rows

    rows = list(sample_rows.rows(int(count)))
    nested = [name for name, value in rows[0].items() if isinstance(value, (dict, list))]
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            pipeline_name="rows",
            pipelines_dir=folder,
            destination=getattr(dlt.destinations, engine)(address),
            dataset_name="by_dlt",
        )
        resource = dlt.resource(
            rows, name="jobs", columns={name: {"data_type": "json"} for name in nested}
        )
        start = time.perf_counter()
        info = pipeline.run(resource, write_disposition="append")
        seconds = time.perf_counter() - start
        info.raise_on_failed_jobs()
    print(seconds)  # noqa: T201


if __name__ == "__main__":
    main()
