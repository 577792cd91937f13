"""What is recorded of one submission: who, what, when, the verdict on each task, and what held while it ran."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from course_lib.grading.intake.stamps import DATE

#: In place of a digest, for the run that comes with the lab: everybody has it.
COURSE_RUN = "the course's own"


class _Plain(BaseModel):
    """Read-only; entries of other releases are passed by."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TaskRecord(_Plain):
    """The verdict on one task.

    Attributes
    ----------
    state : str
    points, max_points : float
    lines, hints : list of str
    demands : list of dict
        Text, ok, seen, weight, and a curve where there is one.
    """

    state: str
    points: float
    max_points: float
    lines: list[str] = Field(default_factory=list)
    hints: list[str] = Field(default_factory=list)
    demands: list[dict[str, Any]] = Field(default_factory=list)


class Nbval(_Plain):
    """nbval's view of the check cells, by task: of what was recorded, and of a live run."""

    recorded: dict[str, str] = Field(default_factory=dict)
    live: dict[str, str] = Field(default_factory=dict)


class Isolation(_Plain):
    """What held between the learner's code and the machine."""

    level: str = "not run"
    layers: dict[str, str] = Field(default_factory=dict)


class Record(_Plain):
    """One line of the journal.

    Attributes
    ----------
    key : str
        Of attempt and release together: what need not be graded again.
    attempt : str
        Digest of what was handed in.
    learner, lab, file : str
        `lab` is empty where the file is none of the course's.
    submitted : str
        ISO 8601.
    stamp : str
        Where that time comes from.
    notes : list of str
        What intake told of the file.
    released : str
        Digest of the lab that it was graded by.
    trouble : str
        Why nothing of it could be graded, or empty.
    tasks : dict of str to TaskRecord
    nbval : Nbval
    disagreements, notices : list of str
    shapes : dict of str to str
        Digest of each answer's syntax tree.
    borrowed : dict of str to list of str
        The course's own names that an answer uses, by task.
    run : str
        Of a post-mortem, the digest of the drill that it tells of, or `COURSE_RUN`.
    isolation : Isolation
    seconds : float
    spent : dict of str to float
        Seconds by stage.
    signature : str
        Empty until it is in the journal.
    """

    key: str = ""
    attempt: str = ""
    learner: str = ""
    lab: str = ""
    file: str = ""
    submitted: str = ""
    stamp: str = DATE
    notes: list[str] = Field(default_factory=list)
    released: str = ""
    trouble: str = ""
    tasks: dict[str, TaskRecord] = Field(default_factory=dict)
    nbval: Nbval = Field(default_factory=Nbval)
    disagreements: list[str] = Field(default_factory=list)
    notices: list[str] = Field(default_factory=list)
    shapes: dict[str, str] = Field(default_factory=dict)
    borrowed: dict[str, list[str]] = Field(default_factory=dict)
    run: str = ""
    isolation: Isolation = Field(default_factory=Isolation)
    seconds: float = 0.0
    spent: dict[str, float] = Field(default_factory=dict)
    signature: str = ""

    @property
    def when(self) -> datetime:
        """The time it was handed in."""
        return datetime.fromisoformat(self.submitted)

    def but(self, **fields: Any) -> Record:
        """Return the record with some fields changed."""
        return self.model_copy(update=fields)

    def plain(self) -> dict[str, Any]:
        """Plain data, as JSON has it."""
        return self.model_dump(mode="json")
