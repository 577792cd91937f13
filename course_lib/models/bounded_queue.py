"""What many queues of bounded length hold: between nothing and all they may, near one end, the other or both.

Of a queue that has m attempts/s done and x attempts/s come, mean q, room F = K - q and variance v obey exactly

    dq/dt = x - m + m P - x R       P: the chance that it is empty, R: that it is full
    dv/dt = x + m - m P (1 + 2 q) - x R (1 + 2 F)

P = g / (1 + q) and R = h / (1 + F), where g and h are those of the law that, of all on [0, K], says least beyond mean
and variance: exp(a z + b z^2). It is the exact one in a steady state (1 + q)^2 or (1 + F)^2 from the end, at x = m, and
where a queue has grown from nothing or stands. With p = q / sd and r = F / sd, each ends with its own wall alone as

    g = exp(k (1 - p^2))        1 where the law is exponential, k such that it is 2 / pi where it is half a normal's

and a table holds what the other wall adds, for p and r up to 4.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.models import moved_queue
from course_lib.models.moved_queue import MOMENTS, UNTIL, WEIGHTS, total
from course_lib.models.one_or_many import Grid, Many, One

CLOSE = math.log(math.pi / 2) / (1 / (math.pi / 2 - 1) - 1)  # k: half a normal has v = (pi / 2 - 1) q^2
NEAR = 25.0  # (F / sd)^2 from which nothing is seen of the wall
FAR, LITTLE, NARROW = 50.0, 1e-9, 1e-3
USUAL = 0.25  # a level so much above its steady one empties
REACH = math.sqrt(NEAR)
OFTEN, MOST = 16.0, 16.0
RESTS = 0.9  # h of a queue that is at rest at its full end
QUICK = 0.05  # of what is between a queue and the nearer end
FINE = 0.25
_GAUSS = np.polynomial.legendre.leggauss(5)
NODES = np.column_stack([0.5 + 0.5 * _GAUSS[0], 0.5 * _GAUSS[1]]).tolist()  # of an integral from 0 to 1, with weights
NORMAL = (1.5976 * 2**0.5, 0.07056 * 2**1.5)  # 1 / (1 + exp(-1.5976 z - 0.07056 z^3)): the normal curve (Page, 1977)
BEYOND = 12.0  # deviations that are as good as infinite; numpy is slow where it underflows
Values = Any  # of members: an array, or of one a float
Ops = type[Many] | type[One]


@functools.cache
def _walls() -> Grid:
    """What the wall at r adds to the logarithm of g, in rows by p, columns by r."""
    ratios = np.arange(1.0, REACH + FINE / 2, FINE)
    p, r = np.meshgrid(ratios, ratios, indexing="ij")
    p[0, 0] = r[0, 0] = 1.0 + FINE / 2  # two ratios of 1: all are empty or full, which no density says
    spread = 1 / (p + r)
    mean, second = p * spread, spread * spread * (1 + p * p)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    powers = ((nodes + 1) / 2) ** np.arange(5)[:, None]
    a, b = np.zeros_like(p), np.zeros_like(p)
    for _ in range(60):  # Newton's method, whose steps are held within the scale of what they change
        law = np.exp(a[..., None] * powers[1] + b[..., None] * powers[2]) * weights
        one, m1, m2, m3, m4 = np.moveaxis(law @ powers.T, -1, 0)
        m1, m2, m3, m4 = m1 / one, m2 / one, m3 / one, m4 / one
        first, other = mean - m1, second - m2
        aa, ab, bb = m2 - m1 * m1, m3 - m1 * m2, m4 - m2 * m2
        down = aa * bb - ab * ab
        da, db = (bb * first - ab * other) / down, (aa * other - ab * first) / down
        held = np.minimum(1.0, (2 + 0.4 * (abs(a) + abs(b))) / np.maximum(abs(da) + abs(db), 1e-12))
        a, b = a + held * da, b + held * db
    return Grid(1.0, FINE, np.log(mean * 2 / one) - CLOSE * (1 - p * p))


def normal(do: Ops, free: Values) -> Values:
    """Share of a normal law beyond so many times its standard deviation, times the square root of 2."""
    free = do.maximum(do.minimum(free, BEYOND), -BEYOND)
    return 1.0 / (1.0 + do.exp(free * (NORMAL[0] + NORMAL[1] * free * free)))


def at_ends(do: Ops, queue: Values, room: Values, variance: Values) -> tuple[Values, Values]:
    """G and h of a queue; and of its room."""
    p2 = do.maximum(queue * (1.0 + queue) / variance, 1.0)
    r2 = do.maximum(room * (1.0 + room) / variance, 1.0)
    p, r = do.minimum(do.sqrt(p2), REACH), do.minimum(do.sqrt(r2), REACH)
    walls = _walls()
    empty = do.exp(do.maximum(CLOSE - CLOSE * p2 + do.between(walls, p, r), -FAR))
    full = do.exp(do.maximum(CLOSE - CLOSE * r2 + do.between(walls, r, p), -FAR))
    return empty, full


def step(do: Ops, queue: Values, room: Values, variance: Values, comes: Values, able: Values) -> tuple[Values, ...]:
    """Go one tick: mean and variance after it, how much of `able` was idle and of `comes` refused, g able and h comes.

    A queue that chance takes from end to end in a tick goes it in parts.
    """
    most = queue + room
    parts = do.ceil(OFTEN * (comes + able) / (most * most))
    top = (queue * (1.0 + queue) > NEAR * variance) > (parts > 1.0)
    return chosen(do, top, _full, _between, queue, room, variance, comes, able, parts)


def chosen(do: Ops, first: Any, yes: Callable[..., Any], no: Callable[..., Any], *values: Values) -> tuple[Values, ...]:
    """What `yes` says of those for whom it holds, `no` of the others."""
    if not do.any(first):
        return no(do, *values)
    if do.all(first):
        return yes(do, *values)
    ones, others = do.those(first), do.those(~first)
    told = no(do, *(do.take(one, others) for one in values))
    whole = [do.put(0.0 * first, others, one) for one in told]
    told = yes(do, *(do.take(one, ones) for one in values))
    return tuple(do.put(all_of, ones, one) for all_of, one in zip(whole, told, strict=True))


def _full(
    do: Ops, queue: Values, room: Values, variance: Values, comes: Values, able: Values, parts: Values
) -> tuple[Values, ...]:
    """Of queues that are never empty."""
    net, first = comes - able, _alone(do, room, variance)
    left, wider, refused = _leaves(do, room, variance, comes, able, net, first)
    full, turns = first, (first > RESTS) * (net < 0.0)
    moves = (do.maximum(left - room, room - left) > QUICK * (1.0 + room)) > turns
    if do.any(moves):
        full = 0.5 * (first + _alone(do, left, wider))
        again = _leaves(do, room, variance, comes, able, net, full)
        left, wider, refused = (
            do.where(moves, two, one) for one, two in zip((left, wider, refused), again, strict=True)
        )
        full = do.where(moves, full, first)
    if do.any(turns):
        who = do.those(turns)
        told = _turns(do, *(do.take(one, who) for one in (room, variance, comes, able)))
        left, wider, refused = (do.put(one, who, new) for one, new in zip((left, wider, refused), told, strict=True))
    nothing = 0.0 * queue
    return queue + room - left, wider, nothing, refused, nothing, comes * full


def _turns(do: Ops, room: Values, variance: Values, comes: Values, able: Values) -> tuple[Values, Values, Values]:
    """Room, its variance and refused ones of queues that were at rest at their full end, and begin to drain."""
    net, first = able - comes, moved_queue.first_of(do, room)
    chances = [moved_queue.empty(do, net * at, (comes + able) * at, first) for at in MOMENTS]
    refused = [comes * chance for chance in chances]
    rooms = [room + net * at + total(until, refused) for at, until in zip(MOMENTS, UNTIL, strict=True)]
    wider = total(WEIGHTS, [one * (1.0 + 2.0 * left) for one, left in zip(refused, rooms, strict=True)])
    away = total(WEIGHTS, refused)
    left = room + net + away
    wider = variance + comes + able - wider
    return left, do.maximum(do.minimum(wider, left * (1.0 + left)), LITTLE), away


def _leaves(
    do: Ops, room: Values, variance: Values, comes: Values, able: Values, net: Values, full: Values
) -> tuple[Values, Values, Values]:
    side = 1.0 + room - net
    left = do.maximum(0.5 * (side + do.sqrt(side * side + 4.0 * comes * full)) - 1.0, 0.0)
    refused = do.maximum(left - room + net, 0.0)
    wider = variance + comes + able - refused * (1.0 + room + left)
    return left, do.maximum(do.minimum(wider, left * (1.0 + left)), LITTLE), refused


def _alone(do: Ops, room: Values, variance: Values) -> Values:
    """h, as far from the other end."""
    return do.exp(do.maximum(CLOSE - CLOSE * do.maximum(room * (1.0 + room) / variance, 1.0), -FAR))


def _between(
    do: Ops, queue: Values, room: Values, variance: Values, comes: Values, able: Values, parts: Values
) -> tuple[Values, ...]:
    """Of queues that may be empty or full."""
    most = queue + room
    parts = do.maximum(do.minimum(parts, MOST), 1.0)
    comes, able = comes / parts, able / parts
    idle = refused = empty = full = 0.0 * queue
    part = 0.0
    while True:
        goes = parts > part
        told = _part(do, queue, most - queue, variance, comes, able)
        queue, variance = do.where(goes, told[0], queue), do.where(goes, told[1], variance)
        idle, refused = do.where(goes, idle + told[2], idle), do.where(goes, refused + told[3], refused)
        empty, full = do.where(goes, told[4], empty), do.where(goes, told[5], full)
        part += 1.0
        if not do.any(parts > part):
            return queue, variance, idle, refused, empty * parts, full * parts


def _part(do: Ops, queue: Values, room: Values, variance: Values, comes: Values, able: Values) -> tuple[Values, ...]:
    """The nearer wall is met within the tick, the other as it is on average in its course."""
    ends = _ends(do, queue, room, variance, comes, able)
    told = _goes(do, queue, room, variance, comes, able, ends, room)
    after, wider = told[:2]
    moves = do.maximum(after - queue, queue - after) > QUICK * (1.0 + do.minimum(queue, room))
    if not do.any(moves):
        return told
    most = queue + room
    now = _ends(do, after, most - after, wider, comes, able)
    ends = 0.5 * (ends[0] + now[0]), 0.5 * (ends[1] + now[1])
    again = _goes(do, queue, room, variance, comes, able, ends, most - after)
    return tuple(do.where(moves, two, one) for one, two in zip(told, again, strict=True))


def _goes(
    do: Ops,
    queue: Values,
    room: Values,
    variance: Values,
    comes: Values,
    able: Values,
    ends: tuple[Values, Values],
    left: Values,
) -> tuple[Values, ...]:
    most, low, net = queue + room, queue < room, comes - able
    net = do.where(low, net, -net)
    near, far = do.minimum(queue, room), do.maximum(queue, room)
    new = do.where(low, left, most - left)
    empty, full = able * ends[0], comes * ends[1]
    mine, other = do.where(low, empty, full), do.where(low, full, empty)
    away = other / (1.0 + 0.5 * (far + new))
    side = 1.0 + near + net - away
    close = do.maximum(0.5 * (side + do.sqrt(side * side + 4.0 * mine)) - 1.0, 0.0)
    close = do.minimum(close, most)
    back = do.maximum(close - near - net + away, 0.0)
    after = do.where(low, close, most - close)
    left = most - after
    idle, refused = do.where(low, back, away), do.where(low, away, back)
    wider = variance + comes + able - idle * (1.0 + queue + after) - refused * (1.0 + room + left)
    wider = do.maximum(do.minimum(wider, after * left), LITTLE)
    return after, wider, idle, refused, empty, full


def _ends(do: Ops, queue: Values, room: Values, variance: Values, comes: Values, able: Values) -> tuple[Values, Values]:
    """As at_ends, but for what goes to its steady state h from more: g = (1 + q) (1 - x / m) s^4, as for one wall.

    As h comes to half of what the queue holds at most, there is no such state with one wall, and g is between the two.
    """
    empty, full = at_ends(do, queue, room, variance)
    drains = comes < able
    less, more = do.minimum(comes, able), do.maximum(comes, able)
    usual = less / do.maximum(more - less, LITTLE)
    level = do.where(drains, queue, room)
    above = level - usual
    second = variance + level * level - usual * (1.0 + 2.0 * usual) + above
    s2 = 1.0 - above * above / do.maximum(second, LITTLE)
    s2 = do.minimum(do.maximum(s2, NARROW), 1.0)
    alone = do.log(do.maximum((1.0 + level) * (1.0 - less / more) * s2 * s2, LITTLE))
    part = do.minimum(2.0 * usual / (queue + room), 1.0)
    both = do.log(do.maximum(do.where(drains, empty, full), LITTLE))
    mixed = do.exp(part * both + (1.0 - part) * alone)
    empties = above > USUAL * usual
    return do.where(drains * empties, mixed, empty), do.where(empties > drains, mixed, full)


def beyond(do: Ops, queue: Values, room: Values, variance: Values, within: Values) -> Values:
    """Share of queues that hold more than is done in a time in which `within` are, a Poisson's, on average."""
    top = (queue + 0.5) * (queue + 0.5) > NEAR * variance
    return chosen(do, top, _beyond_full, _beyond, queue, room, variance, within)[0]


def _beyond_full(do: Ops, queue: Values, room: Values, variance: Values, within: Values) -> tuple[Values]:
    """Of queues that are never empty."""
    full = _alone(do, room, variance)
    left, level = room + queue + 0.5 - within, room + 0.5
    stands = normal(do, (left - level) / do.sqrt(2.0 * (variance + within)))
    alone = do.exp(do.maximum(do.minimum(-left / level, 0.0), -FAR))
    return (1.0 - stands - full * full * (alone - stands),)


def _beyond(do: Ops, queue: Values, room: Values, variance: Values, within: Values) -> tuple[Values]:
    """Of queues that may be empty or full."""
    size = queue + room + 1.0
    empty, full = at_ends(do, queue, room, variance)
    mean, spread = (queue + 0.5) / size, variance / (size * size)
    first, last = empty / mean, full / (1.0 - mean)  # density at the ends
    b = 0.5 * (last - 1.0 - mean * (last - first)) / spread
    a = last - first - 2.0 * b * mean
    cut = do.minimum(within / size, 1.0)
    under, over = 0.0 * cut, 0.0 * cut
    for node, weight in NODES:
        z = cut * node
        under = under + weight * do.exp(do.minimum(z * (a + b * z), FAR))
        z = cut + (1.0 - cut) * node
        over = over + weight * do.exp(do.minimum(z * (a + b * z), FAR))
    under, over = under * cut, over * (1.0 - cut)
    whole = do.maximum(under + over, LITTLE)
    slope = (a + 2.0 * b * cut) * do.exp(do.minimum(cut * (a + b * cut), FAR)) / whole
    return (do.maximum(do.minimum(over / whole - 0.5 * within / (size * size) * slope, 1.0), 0.0),)
