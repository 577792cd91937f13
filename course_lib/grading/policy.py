"""``policy.yaml``: due dates, lateness, extensions, which attempt counts; and marks set by hand.

::

    attempt: best                  # or last
    labs:
      01_retry_storm/lab:
        due: 2026-03-06T23:59+01:00
    late:
      grace_minutes: 15
      percent_per_day: 10          # of the marks earned, for each day begun
      cap_percent: 50              # never more than this is taken
      closed_after_days: 14        # nothing is earned after
    extensions:
      ada:
        01_retry_storm/lab: 2026-03-13T23:59+01:00
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

FILE = "policy.yaml"


class PolicyError(ValueError):
    """What is wrong in ``policy.yaml``, in one line."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Late(_Strict):
    """What lateness costs."""

    grace_minutes: float = Field(0, ge=0)
    percent_per_day: float = Field(0, ge=0, le=100)
    cap_percent: float = Field(100, ge=0, le=100)
    closed_after_days: float | None = Field(None, ge=0)


class LabPolicy(_Strict):
    """One lesson's or lab's due date, and its number in Canvas."""

    due: AwareDatetime | None = None
    canvas_id: int | None = None


class Policy(_Strict):
    """The rules of a class; the default takes nothing off and counts the best attempt."""

    attempt: Literal["best", "last"] = "best"
    labs: dict[str, LabPolicy] = {}
    late: Late = Late()
    extensions: dict[str, dict[str, AwareDatetime]] = {}

    def due(self, learner: str, lab: str) -> datetime | None:
        """When a learner's work on a lab is due; an extension replaces the due date."""
        extended = self.extensions.get(learner, {}).get(lab)
        return extended or self.labs.get(lab, LabPolicy()).due

    def late_percent(self, learner: str, lab: str, submitted: datetime) -> float:
        """Share of the marks that lateness takes, in per cent.

        Parameters
        ----------
        learner, lab : str
        submitted : datetime, with zone

        Returns
        -------
        float, 0 to 100
            0 up to the due date and its grace; then `percent_per_day` for each day begun since the due date, at most
            `cap_percent`; 100 once closed.
        """
        due = self.due(learner, lab)
        if due is None or submitted <= due + timedelta(minutes=self.late.grace_minutes):
            return 0.0
        days = (submitted - due) / timedelta(days=1)
        if self.late.closed_after_days is not None and days > self.late.closed_after_days:
            return 100.0
        return min(self.late.cap_percent, self.late.percent_per_day * math.ceil(days))


def load(path: Path) -> Policy:
    """Read a policy; without the file, the default.

    Raises
    ------
    PolicyError
        Naming the entry and what is wrong with it.
    """
    if not path.exists():
        return Policy()
    import yaml

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return Policy.model_validate(data)
    except yaml.YAMLError as error:
        raise PolicyError(f"{path} is not YAML: {' '.join(str(error).split())[:150]}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise PolicyError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def unknown_names(policy: Policy, labs: Mapping[str, Any], learners: set[str]) -> list[str]:
    """Names in the policy that nothing answers to: most often a spelling mistake."""
    named = set(policy.labs) | {lab for labs_ in policy.extensions.values() for lab in labs_}
    lines = [f"{FILE}: no lesson or lab is called {name!r}" for name in sorted(named - set(labs))]
    return lines + [f"{FILE}: nobody handed in as {name!r}" for name in sorted(set(policy.extensions) - learners)]
