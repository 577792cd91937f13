"""Runs to calibrate on, of shortened scenarios that do not change as those of the course may."""

import functools
import json
from pathlib import Path

from course_lib.incidents import scenario, seal
from course_lib.incidents.truth import Run
from course_lib.postmortem import replay

HERE = Path(__file__).parent


@functools.lru_cache
def sealed(name):
    plain = json.loads((HERE / "runs" / f"{name}.json").read_text(encoding="utf-8"))
    of = scenario.load(HERE / "scenarios" / plain["scenario"])
    run = Run(of, plain["seed"], seal.read_log(plain["log"], of), plain["learner"])
    return replay.Sealed(run, seal.seal(run), known=True)
