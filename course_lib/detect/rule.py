"""One alert rule as data: ``expr > threshold, for: 1m``. `evaluator` runs it over any trace."""

from __future__ import annotations

import dataclasses

import numpy as np

READINGS = ("level", "change", "time to full")


class RuleError(ValueError):
    """A rule that is none; `field` is what to mend."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule:
    """Page when what a rule reads has been above (or below) a threshold for a while.

    Parameters
    ----------
    signal : str
        Name of a signal of the trace.
    says : str
        What the page tells whoever is woken.
    above, below : float, optional
        Threshold, one of the two: in the signal's unit; a bare number with `per` or `baseline`; per second for a
        ``change``; in seconds for a ``time to full``.
    window : float
        Seconds over which signals are averaged before anything else: what ``rate(...[10s])`` does.
    hold : float
        Seconds for which the comparison must stay true: what ``for:`` does.
    keep : float
        Seconds for which a page stays up after that: what ``keep_firing_for:`` does.
    per : str, optional
        A second signal, by which the first is divided; where it is nothing, the rule does not fire.
    reading : {"level", "change", "time to full"}
        The level, how fast it rises (over one window), or in how many seconds it reaches `full` at that pace.
    full : float, optional
        What ``time to full`` runs to.
    baseline : (float, float), optional
        Quiet seconds, from and to: the level counts in multiples of its own mean there, once they are over.
    ago : (float, float), optional
        Seconds ago, and over how many: the level counts in multiples of its mean over so long a stretch that ended so
        long ago. What ``baseline`` is to a lesson's day, this is to a service that runs for years.
    peers : bool
        Compare what each member (partition, host, series) has above the median of all of them; one member that meets
        the rule for the whole hold is enough. The signal has the members on its second axis.
    floor : (str, float), optional
        A signal and how much of it there must be, lest three requests at night page anyone.
    both, either, unless : tuple of Rule
        Further rules, each with a hold of its own: all must fire as well; one that fires is enough; none may fire.

    Raises
    ------
    RuleError
        A field is impossible; the message names rule and field.

    Examples
    --------
    >>> Rule(signal="load", above=0.8, says="scale out").wants
    '> 0.8'
    >>> Rule(signal="load", says="scale out")
    Traceback (most recent call last):
    course_lib.detect.rule.RuleError: rule on load: give one finite threshold, above or below
    """

    signal: str
    says: str
    above: float | None = None
    below: float | None = None
    window: float = 10.0
    hold: float = 60.0
    keep: float = 0.0
    per: str | None = None
    reading: str = "level"
    full: float | None = None
    baseline: tuple[float, float] | None = None
    ago: tuple[float, float] | None = None
    peers: bool = False
    floor: tuple[str, float] | None = None
    both: tuple[Rule, ...] = ()
    either: tuple[Rule, ...] = ()
    unless: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        for wrong, field, mend in self._faults():
            if wrong:
                raise RuleError(f"rule on {self.signal}: {mend}", field)

    def _faults(self) -> list[tuple[bool, str, str]]:
        given = [limit for limit in (self.above, self.below) if limit is not None]
        quiet, ago = self.baseline or (0.0, 1.0), self.ago or (1.0, 1.0)
        return [
            (len(given) != 1 or not np.isfinite(given).all(), "above", "give one finite threshold, above or below"),
            (not 0 < self.window < np.inf, "window", f"window = {self.window:g} s: must be positive"),
            (not 0 <= self.hold < np.inf, "hold", f"hold = {self.hold:g} s: must be 0 or more"),
            (not 0 <= self.keep < np.inf, "keep", f"keep = {self.keep:g} s: must be 0 or more"),
            (self.reading not in READINGS, "reading",
             f"reading = {self.reading!r}: must be one of {', '.join(READINGS)}"),
            ((self.reading == "time to full") != (self.full is not None), "full",
             "a time to full needs full, and nothing else does"),
            (not 0 <= quiet[0] < quiet[1], "baseline",
             f"baseline = {self.baseline}: must be two times, the earlier first"),
            (not (0 < ago[0] < np.inf and 0 < ago[1] < np.inf), "ago",
             f"ago = {self.ago}: must be how long ago, and over how long, both positive"),
            (bool(self.baseline and self.ago), "ago", "give a baseline or ago, not both"),
            (bool(self.baseline or self.ago) and self.reading != "level", "baseline", "a baseline belongs to a level"),
            (self.per == self.signal, "per", "a signal divided by itself is 1"),
        ]  # fmt: skip

    @property
    def threshold(self) -> float:
        """The threshold, whichever side it bounds."""
        return self.below if self.above is None else self.above

    @property
    def wants(self) -> str:
        """The comparison in a few signs."""
        return f"{'<' if self.above is None else '>'} {self.threshold:g}"

    @property
    def others(self) -> tuple[Rule, ...]:
        """The further rules, of all three kinds."""
        return (*self.both, *self.either, *self.unless)

    @property
    def signals(self) -> frozenset[str]:
        """All signals that it reads, with those of its further rules."""
        own = {self.signal, self.per, self.floor and self.floor[0]} - {None}
        return frozenset(own).union(*(rule.signals for rule in self.others))
