"""What every benchmark needs: a stopwatch, the machine's name, and a place for results."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"


def seconds(call: Callable[[], Any], repeats: int = 5) -> float:
    """Return the median time of a call, after one to warm up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def machine() -> str:
    """Name the machine and how busy it was: a ratio can be compared between machines, a time cannot."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    kind = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{kind}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}{busy}"


def keep(name: str, result: dict[str, Any]) -> None:
    """Print a result, and write it to ``results/<name>.json``."""
    text = json.dumps(result, indent=1, ensure_ascii=False)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(text)
