"""Run the benchmarks: all of them, or those named.

python -m benchmarks [retry_storm cache_stampede hot_partition slider_latency grading]
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

NOT_BENCHMARKS = {"__init__", "__main__", "measuring", "model", "coded_panel"}


def names() -> list[str]:
    """Return the names of the benchmarks."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NOT_BENCHMARKS)


def main() -> int:
    """Run each in turn; an unknown name is told in one line."""
    chosen = sys.argv[1:] or names()
    if unknown := sorted(set(chosen) - set(names())):
        print(f"no benchmark {unknown[0]!r}: choose of {', '.join(names())}", file=sys.stderr)
        return 2
    for name in chosen:
        print(f"-- {name}", flush=True)
        sys.argv[1:] = []
        try:
            runpy.run_module(f"benchmarks.{name}", run_name="__main__")
        except SystemExit as ended:  # one that ends by itself must not end the others
            if ended.code:
                return int(ended.code) if str(ended.code).isdigit() else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
