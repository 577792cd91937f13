"""Copies of slow calls, step by step, where hosts draw calls in waves: what is sent, where to, and what it lifts.

A copy that shares the cause of a slow call is slow, too, and stays as long; it goes to one of the hosts that are not
impaired, and lifts the level to which a balancer fills the impaired ones. While these are free they draw a large part
of what there is: so of their own calls' copies many come back to them, and of others' calls there are fewer to copy.
With c calls in a step and such a part of all calls drawn, both in times of balance, and `again` that part in balance,

    elsewhere(c)    (1 - again c) / (1 - again)
    begun           as many slow ones as  c (1 + own sent + others elsewhere(c)) / (1 + own + others)
    sent[n]         of the calls of a delay ago, as far as the budget pays for those that come at once
    born[n]         sent[n] elsewhere(c[n]), which end as calls do

Where a burst of calls begins, and when their copies are sent, is known as the mean within a step: so much of them is
taken to be there from that step's start on, and the rest from the next one's.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from course_lib.models.exact import TINY, FloatArray

MOST_KIN = 2.0  # times as many copies as in balance: what waves have more is less, but of hundreds, which come at once
LITTLE = 1e-9


@dataclasses.dataclass(frozen=True)
class Copies:
    """Copies of these hosts' slow calls.

    Parameters
    ----------
    delay : float
        Seconds until one is sent.
    paid, slow : float
        How many the budget pays for, of all that are wanted in balance; and of these, those of slow calls.
    saved : float
        Seconds in which as many are wanted as a full bucket pays for.
    own, others, again : float
        In balance, slow copies that come to these hosts for each slow call that does, of their own slow calls and of
        others' calls; and, of the copies of their calls, those that come to them.
    """

    delay: float = 0.0
    paid: float = math.inf
    slow: float = 0.0
    saved: float = 0.0
    own: float = 0.0
    others: float = 0.0
    again: float = 0.0

    def sent(self, calls: float, step: float, within: float) -> float:
        """Copies of so many calls that begin within a part of a step, in times of what is sent in balance.

        Examples
        --------
        >>> few = Copies(paid=0.5, slow=0.5)
        >>> Copies().sent(3.0, 1.0, 1.0), few.sent(1.0, 1.0, 1.0), few.sent(3.0, 1.0, 1.0), few.sent(3.0, 1.0, 0.0)
        (3.0, 1.0, 1.5, 0.0)
        """
        if math.isinf(self.paid):
            return calls
        there = self.paid * within + (self.saved / step if self.paid > 1.0 else 0.0)
        wanted = (1.0 - self.slow) * self.elsewhere(calls, within) + self.slow * calls
        return calls * min(there / max(wanted, TINY), 1.0) / max(min(self.paid, 1.0), TINY)

    def elsewhere(self, calls: float, within: float = 1.0) -> float:
        """What does not come to these hosts, in times of balance, where they draw so many times as many calls."""
        return max(within - self.again * calls, 0.0) / max(1.0 - self.again, LITTLE)

    def calls(self, begun: float, sent: float) -> float:
        """Calls among the slow ones that begin, where so many copies of slow ones are sent; in times of balance.

        Examples
        --------
        >>> Copies(own=0.5).calls(2.0, 4.0), Copies(others=1.0, again=0.5).calls(2.0, 0.0)
        (1.0, 4.0)
        """
        whole = 1.0 + self.own + self.others
        return begun * whole / (1.0 + self.own * sent + self.others * self.elsewhere(begun))


class Kin:
    """Copies that share the cause of a slow call, at each of the others, step by step; what there is is as in balance.

    Parameters
    ----------
    copies : Copies
    kin : float
        Of them at each of the others, in balance.
    usual : float
        Slow ones that begin in a step in balance.
    step, lasts : float
        Seconds; of a slow one, too.
    ends : ndarray
        Chance that one is over, from the first step on in which it may be.
    steps : int
    """

    def __init__(
        self, copies: Copies, kin: float, usual: float, step: float, lasts: float, ends: FloatArray, steps: int
    ) -> None:
        self.copies, self.kin, self.usual, self.part, self.ends = copies, kin, usual, step / lasts, ends
        self.step, self.later = step, min(self.copies.delay / step, float(steps))
        self.calls, self.born, self.sent = np.zeros(steps + 2), np.zeros(steps), np.zeros(2 * steps + 4)
        self.twice = kin > 0 and self.later < 1.0
        self.held, self.last, self.number = 0.0, (0.0, 0.5), 0

    def end(self, over: int) -> None:
        """Those are over that began so many steps ago."""
        if over >= 0 and self.kin:
            self.held -= float(self.ends[: over + 1] @ self.born[over::-1])

    def guesses(self) -> Iterator[tuple[float, float]]:
        """Calls that begin in a step, and when in it; a second time, if they are copied in it, by what came of it."""
        yield float(self.calls[self.number - 1]), 0.5
        if self.twice:
            yield self.last

    def holds(self, held: float, calls: float, when: float) -> float:
        """Of what one of these hosts holds in balance, what it does on average over a step, from so much."""
        return (held / max(self.usual, TINY) + calls * (1.0 - when)) * self.part

    def _soon(self, calls: float, when: float) -> float:
        """Of the copies of calls that begin in a step, as many as are there for all of it."""
        return self._sent(calls, when) * max(1.0 - when - self.later, 0.0)

    def _sent(self, calls: float, when: float) -> float:
        at_once = self.number == 0  # when all hosts are free
        within = min(2.0 * when, 1.0) if at_once else 1.0
        return self.copies.sent(calls, self.step, within)

    def there(self, calls: float, when: float) -> float:
        """Calls at each of the others on average over a step."""
        if not self.kin:
            return 0.0
        sent = self.sent[self.number] + self._soon(calls, when)
        return self.kin * min(self.held + sent * self.copies.elsewhere(calls) * self.part, MOST_KIN)

    def told(self, begun: float, late: float) -> None:
        """Slow ones begin in a step, and such a part of a step after it began, all together."""
        when, begun = min(max(late / max(begun, TINY), 0.0), 1.0), begun / max(self.usual, TINY)
        self.last = self.copies.calls(begun, self.sent[self.number] + self._soon(begun, when)), when

    def note(self) -> float:
        """Of those told last, the calls; now their copies are known."""
        calls, when = self.last
        self.calls[self.number] = calls
        whole, part = divmod(when + self.later, 1.0)
        sent = self._sent(calls, when)
        self.sent[self.number + int(whole)] += (1.0 - part) * sent
        self.sent[self.number + int(whole) + 1] += part * sent
        self.born[self.number] = self.sent[self.number] * self.copies.elsewhere(calls) * self.part
        self.held += self.born[self.number]
        self.number += 1
        return calls
