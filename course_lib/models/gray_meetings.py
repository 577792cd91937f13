"""What a host that holds slow calls draws from a balancer that looks at two: from others, and from hosts like itself.

Hosts that hold slow calls have more outstanding than others, and get most of their calls when two of them are
compared: the one that has fewer. In balance a host that has few by chance wins nearly always; but when all have few,
as where the fault begins or once it is over, each of two gets half of what both are asked. So of `called[n]` what comes
from meetings is told apart,

    meetings    most P(another has more than n, or as many and loses the toss),   most = 2 calls (f - 1) / N (N - 1)
    others      called[n] - meetings

with f such hosts of N, and each of both is taken as it is while hosts hold such a part of what they do in balance: for
meetings between a half and what it is in balance; for others as many below or above them as they are then, who are the
nearer to each other the fewer calls they have.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from course_lib.models.exact import TINY, FloatArray
from course_lib.models.gray_counts import FILLED, FULL, LITTLE, MOST, drawn

AGREED = 6  # rounds
ALIKE = 0.25  # of what two are asked: who has the highest count gets half of it, or hardly any
SOME = 0.01  # of what a host draws, what it does from others at least


@dataclasses.dataclass(frozen=True)
class Meetings:
    """What a host draws where two are looked at: from others, and from those that hold slow calls as it does.

    Parameters
    ----------
    called : ndarray
        Calls a second with so many outstanding, in balance.
    base, mean : int, float
        The least count; and mean seconds of its calls.
    whole : float
        All calls a second.
    hosts : (float, float)
        That hold slow calls; and all.
    level : float
        Calls at each of the others, where it draws so many.
    """

    called: FloatArray
    base: int
    mean: float
    whole: float
    hosts: tuple[float, float]
    level: float

    @functools.cached_property
    def most(self) -> float:
        """Calls a second for which it is compared with one of the others that hold slow calls."""
        some, fleet = self.hosts
        return 2.0 * self.whole * max(some - 1.0, 0.0) / (max(fleet, 1.0) * max(fleet - 1.0, 1.0))

    @functools.cached_property
    def chance(self) -> FloatArray:
        """Of each count in balance."""
        ends = (self.base + np.arange(1.0, len(self.called))) / self.mean
        logs = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(self.called[:-1] / ends, TINY)))])
        chance = np.exp(logs - logs.max())
        return chance / chance.sum()

    @functools.cached_property
    def beats(self) -> FloatArray:
        """Chance in balance that another such host has more, or as many and loses the toss."""
        if self.called[-1] > ALIKE * self.most:  # they had more than is told apart: all rise and fall together
            return np.full(len(self.chance), 0.5)
        return self.chance[::-1].cumsum()[::-1] - self.chance / 2.0

    @functools.cached_property
    def others(self) -> FloatArray:
        """What it draws a second when compared with others."""
        return np.maximum(self.called - self.most * self.beats, SOME * self.called + TINY)

    def beside(self, less: FloatArray, shown: FloatArray) -> FloatArray:
        """What it draws from others that have so many fewer, counted as if they had so many more: row by row.

        The fewer they have the nearer they are to each other, as the root of it.
        """
        counts, at = np.arange(float(len(self.called))), self.level - self.base
        scale = np.sqrt(max(self.level, TINY) / np.maximum(self.level - less, max(LITTLE * self.level, TINY)))
        places = at + (counts + (less - shown)[:, None] - at) * scale[:, None]
        return np.exp([np.interp(row, counts, np.log(self.others)) for row in places])

    def alike(self, less: FloatArray) -> FloatArray:
        """What it draws beside others that have so many fewer, counted as if they had not.

        If such hosts have as many at any time, and each of two gets half of what both are asked.
        """
        return self.beside(less, less) + self.most / 2.0

    def filled(self, quick: tuple[float, float], quick_others: float, kin: float) -> FloatArray:
        """What it draws by `FILLED`, where quick calls are such a part, and last so long.

        While such hosts have few, one of them that has some gets fewer of those that both are asked. And where these
        draw more, the others have less.
        """
        counts, part = np.arange(float(len(self.called))), np.array(FILLED)[:, None]
        few, usual = np.minimum(part, 1.0), float(self.chance @ counts)
        now = few * usual + (1.0 - few) * min(self.whole / max(self.hosts[1], 1.0) * quick[1], usual)
        apart = np.interp(counts * usual / np.maximum(now, TINY), counts, self.beats) - 0.5
        met = self.most * (0.5 + few * apart)
        rows, share = np.tile(self.called, (len(FILLED), 1)), np.full(len(FILLED), np.nan)
        for _ in range(AGREED):
            calls = drawn(rows, quick[0] * quick[1])
            found = np.array([np.interp(at, counts, row) for at, row in zip(part[:, 0] * usual, calls, strict=True)])
            found = np.minimum(found * self.hosts[0] / self.whole, MOST)
            share = np.where(np.isnan(share), found, (share + found) / 2.0)
            less = quick_others * (share - share[FULL]) / (1.0 - share[FULL]) + kin * (1.0 - part[:, 0])
            rows = met + self.beside(self.level - quick_others - kin + less, np.zeros(len(FILLED)))
        return rows
