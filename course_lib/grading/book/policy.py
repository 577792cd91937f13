"""``policy.yaml``: due dates, lateness, extensions, which attempt counts; and marks set by hand.

::

    attempt: best                  # or last
    borrowed: nothing              # or report: what an answer that uses the course's own code earns
    shared_runs: nothing           # or report: what a post-mortem earns of a drill that others handed in, too
    labs:
      01_retry_storm/lab:
        due: 2026-03-06T23:59+01:00
    late:
      grace_minutes: 15
      percent_per_day: 10          # of the marks earned, for each day begun
      cap_percent: 50              # never more than this is taken
      closed_after_days: 14        # nothing is earned after
      stamps: book                 # whose word counts: yours alone; or files, or dates
    extensions:
      ada:
        01_retry_storm/lab: 2026-03-13T23:59+01:00
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from course_lib.grading.book import by_hand
from course_lib.grading.intake.files import plain_name
from course_lib.grading.intake.stamps import BOOK, DATE, NOTE

FILE = "policy.yaml"


class PolicyError(ValueError):
    """What is wrong in ``policy.yaml``, in one line."""


def _no_number(value: Any) -> Any:
    """20260306 without dashes is a number, and as a time would be a day in 1970."""
    if isinstance(value, int | float):
        raise ValueError("must be a date with time and zone, such as 2026-03-06T23:59+01:00")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_no_number)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Late(_Strict):
    """What lateness costs."""

    grace_minutes: float = Field(0, ge=0)
    percent_per_day: float = Field(0, ge=0, le=100)
    cap_percent: float = Field(100, ge=0, le=100)
    closed_after_days: float | None = Field(None, ge=0)
    #: ``book``: stamps of the instructor's or the system's; ``files``: timestamp.txt too; ``dates``: a file's own too.
    stamps: Literal["book", "files", "dates"] = "book"

    def believes(self, stamp: str) -> bool:
        """Whether lateness may be taken from a time of this source."""
        return stamp in {"book": (BOOK,), "files": (BOOK, NOTE), "dates": (BOOK, NOTE, DATE)}[self.stamps]


class LabPolicy(_Strict):
    """One lesson's or lab's due date, and its number in Canvas."""

    due: Time | None = None
    canvas_id: int | None = None


class Policy(_Strict):
    """The rules of a class; the default counts the best attempt, and takes off nothing but for borrowed code."""

    attempt: Literal["best", "last"] = "best"
    labs: dict[str, LabPolicy] = {}
    late: Late = Late()
    #: What an answer counts that uses the course's own code where its own was asked for.
    borrowed: Literal["report", "nothing"] = "nothing"
    #: What a post-mortem counts whose run another learner handed in, too, or that comes with the lab.
    shared_runs: Literal["report", "nothing"] = "nothing"
    extensions: dict[str, dict[str, Time]] = {}

    @field_validator("extensions")
    @classmethod
    def _named_as_learners_are(cls, given: dict[str, dict[str, datetime]]) -> dict[str, dict[str, datetime]]:
        named = {plain_name(learner): labs for learner, labs in given.items()}
        if len(named) < len(given):
            raise ValueError("a learner is named twice, composed and decomposed; keep one")
        return named

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
        # Differences, since a sum can leave the calendar: a due date in the year 9999 stands for "never".
        if due is None or (submitted - due) / timedelta(minutes=1) <= self.late.grace_minutes:
            return 0.0
        days = (submitted - due) / timedelta(days=1)
        if self.late.closed_after_days is not None and days > self.late.closed_after_days:
            return 100.0
        return min(self.late.cap_percent, self.late.percent_per_day * math.ceil(days))


def load(path: Path, *, must_exist: bool = False) -> Policy:
    """Read a policy; without the file, the default.

    Parameters
    ----------
    path : Path
    must_exist : bool
        Whether a missing file is a mistake: it is where somebody named it.

    Raises
    ------
    PolicyError
        Naming the entry and what is wrong with it.
    """
    if not path.exists():
        if must_exist:
            raise PolicyError(f"{path}: there is no such file; name the policy, or leave the option out")
        return Policy()
    data = _yaml(path)
    try:
        return Policy.model_validate({} if data is None else data)
    except ValidationError as error:
        first = error.errors()[0]
        raise PolicyError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _yaml(path: Path) -> Any:
    import yaml

    class OnceEach(yaml.SafeLoader):
        """Refuses a repeated key, of which YAML's loader would silently take the last."""

        def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
            node = super().compose_mapping_node(anchor)
            seen = set()
            for key, _ in node.value:
                if (key.tag, str(key.value)) in seen:
                    raise PolicyError(f"line {key.start_mark.line + 1}: {key.value} occurs twice; keep one")
                seen.add((key.tag, str(key.value)))
                if isinstance(key, yaml.ScalarNode) and not key.tag.endswith("merge"):
                    key.tag = "tag:yaml.org,2002:str"  # a learner may be called 0017, or no
            return node

    text = by_hand.text(path, PolicyError)
    try:
        return yaml.load(text, OnceEach)
    except yaml.YAMLError as error:
        raise PolicyError(f"{path} is not YAML: {' '.join(str(error).split())[:150]}") from None
    # A date such as 30 February is a ValueError of the loader's.
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{path}: {error}") from None


def unknown_names(policy: Policy, labs: Mapping[str, Any], learners: set[str]) -> list[str]:
    """Names in the policy that nothing answers to: most often a spelling mistake."""
    named = set(policy.labs) | {lab for labs_ in policy.extensions.values() for lab in labs_}
    lines = [f"{FILE}: no lesson or lab is called {name!r}" for name in sorted(named - set(labs))]
    return lines + [f"{FILE}: nobody handed in as {name!r}" for name in sorted(set(policy.extensions) - learners)]
