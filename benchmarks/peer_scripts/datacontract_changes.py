"""What datacontract-cli sees between two contracts, for every pair of a folder. Runs in its environment.

    python datacontract_changes.py FOLDER

Each pair is a folder with `old.yaml` and `new.yaml`. Prints JSON: by the pair's name, the number of
entries of `datacontract changelog`, and for each perspective of `datacontract breaking` the worst level
and the rules that have it.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

# By name, because type checkers do not look into the environments of peers.
DataContract = import_module("datacontract.data_contract").DataContract
LEVELS = ("info", "warning", "error")


def main(folder: Path) -> None:
    found = {path.name: seen(path) for path in sorted(folder.iterdir())}
    sys.stdout.write(json.dumps(found))


def seen(pair: Path) -> dict[str, Any]:
    files = (str(pair / f"{name}.yaml") for name in ("old", "new"))
    # Read and validated once, as it takes most of the time.
    contracts = (DataContract(data_contract_file=file).get_data_contract() for file in files)
    old, new = (DataContract(data_contract=contract) for contract in contracts)
    changes = old.changelog(new)
    result: dict[str, Any] = {"changelog": len(changes.entries)}
    for perspective in ("consumer", "producer"):
        entries = old.breaking(new, perspective=perspective).entries
        levels = [entry.level.value for entry in entries]
        worst = max(levels, key=LEVELS.index, default="")
        rules = sorted({entry.rule_id for entry in entries if entry.level.value == worst})
        result[perspective] = {"level": worst, "rules": rules}
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]))
