"""Rules as Prometheus has them: recording rules, then alerts, with names and texts by the field's conventions."""

from __future__ import annotations

import dataclasses
from typing import Any

from course_lib.detect.export.clock import Clock, range_of
from course_lib.detect.rule import Rule

PREFIX = "Course"


class ExportError(ValueError):
    """What cannot be exported, in one line."""


@dataclasses.dataclass(frozen=True)
class Alert:
    """An alert of the export.

    Parameters
    ----------
    name : str
    slug : str
        Its module.
    rule : Rule
        On the export's clock.
    severity : {"critical", "warning", "info"}
    day : str
        The day on which it is to fire.
    """

    name: str
    slug: str
    rule: Rule
    severity: str
    day: str


def camel(slug: str) -> str:
    """Return a slug as an alert's name has it.

    Examples
    --------
    >>> camel("retry_storm")
    'RetryStorm'
    """
    return "".join(word.capitalize() for word in slug.split("_"))


def is_counter(unit: str) -> bool:
    """Whether a signal is the increase of something that is counted."""
    return unit.endswith("/s")


def metric(slug: str, signal: str, unit: str) -> str:
    """Return the metric that a signal is scraped from.

    Examples
    --------
    >>> metric("retry_storm", "offered_rate", "requests/s"), metric("queue_overload", "oldest_age", "s")
    ('course_retry_storm_offered_total', 'course_queue_overload_oldest_age_seconds')
    >>> metric("bad_rollout", "workers_down", "of workers")
    'course_bad_rollout_workers_down_ratio'
    """
    stem = f"course_{slug}_{signal.removesuffix('_rate') if is_counter(unit) else signal}"
    if is_counter(unit):
        return f"{stem}_total"
    if unit == "s":
        return f"{stem}_seconds"
    return f"{stem}_ratio" if unit.startswith("of ") and not signal.endswith(("ratio", "share")) else stem


def span(seconds: float) -> str:
    """Return a span of time as Prometheus writes it.

    Examples
    --------
    >>> span(90.0), span(7.5), span(3600), span(0)
    ('1m30s', '7s500ms', '1h', '0s')
    """
    left, parts = round(seconds * 1000), []
    for size, unit in ((3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")):
        count, left = divmod(left, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


class Names:
    """Recording rules of a module, made as alerts ask for them.

    Parameters
    ----------
    slug : str
    units : mapping of str to str
        Of the module's signals.
    time : Clock
    """

    def __init__(self, slug: str, units: dict[str, str], time: Clock) -> None:
        self.slug, self.units, self.time = slug, units, time
        self.records: dict[str, str] = {}

    def signal(self, name: str, rule: Rule) -> str:
        """A signal over the rule's window."""
        unit, width = self.units[name], range_of(rule, self.time)
        source = metric(self.slug, name, unit)
        if is_counter(unit):
            record, text = f"rate{span(width)}", f"sum by (service) (rate({source}[{span(width)}]))"
        else:
            width -= self.time.interval  # both its ends count
            record, text = f"avg{span(width)}", f"avg by (service) (avg_over_time({source}[{span(width)}]))"
        return self._record(f"service:{source.removesuffix('_total')}:{record}", text)

    def level(self, rule: Rule) -> str:
        """What the rule looks at, before baseline and trend."""
        own = self.signal(rule.signal, rule)
        if not rule.per:
            return own
        whole = self.signal(rule.per, rule)
        stem = f"service:course_{self.slug}_{rule.signal}_per_{rule.per}:ratio{span(range_of(rule, self.time))}"
        return self._record(stem, f"{own} / ({whole} > 0)")

    def _record(self, name: str, text: str) -> str:
        self.records[name] = text
        return name


def reading(rule: Rule, names: Names) -> str:
    """What a rule compares, as an expression."""
    if rule.peers:
        raise ExportError(f"rule on {rule.signal}: peers are compared in the course alone")
    level, width = names.level(rule), range_of(rule, names.time)
    if rule.ago:
        before, over = rule.ago
        return f"{level} / (avg_over_time({level}[{span(over - names.time.interval)}] offset {span(before)}) > 0)"
    if rule.reading == "level":
        return level
    change = f"({level} - {level} offset {span(width)}) / {width:g}"
    return change if rule.reading == "change" else f"clamp_min({rule.full:g} - {level}, 0) / ({change} > 0)"


def condition(rule: Rule, names: Names, known: dict[Rule, str]) -> str:
    """What must hold for an alert, as an expression; what holds by itself for a while is an alert of its own."""
    text = f"{reading(rule, names)} {rule.wants}"
    if rule.floor:
        text += f" and on (service) {names.signal(rule.floor[0], rule)} >= {rule.floor[1]:g}"
    for word, others in (("and", rule.both), ("or", rule.either), ("unless", rule.unless)):
        for other in others:
            text += f" {word} on (service) {_other(other, names, known)}"
    return text


def _other(rule: Rule, names: Names, known: dict[Rule, str]) -> str:
    if rule in known:
        return f'ALERTS{{alertname="{known[rule]}", alertstate="firing"}}'
    if rule.hold or rule.keep:
        raise ExportError(f"rule on {rule.signal}: only a rule with a name of its own can hold within another")
    return f"({condition(rule, names, known)})"


def group(slug: str, alerts: list[Alert], names: Names, base: str = "..") -> dict[str, Any]:
    """Recording rules and alerts of a module, in the order in which they are evaluated."""
    known: dict[Rule, str] = {}
    fired = []
    for alert in alerts:
        fired.append(_alert(alert, condition(alert.rule, names, known), names, base))
        known[alert.rule] = alert.name
    recorded = [{"record": name, "expr": text} for name, text in names.records.items()]
    return {
        "name": f"course-{slug.replace('_', '-')}",
        "interval": span(names.time.interval),
        "rules": recorded + fired,
    }


def _alert(alert: Alert, text: str, names: Names, base: str) -> dict[str, Any]:
    rule = alert.rule
    waits = {"for": span(rule.hold)} | ({"keep_firing_for": span(rule.keep)} if rule.keep else {})
    return {
        "alert": alert.name,
        "expr": text,
        **waits,
        "labels": {"severity": alert.severity},
        "annotations": annotations(alert, names, "{{ $labels.service }}", '{{ $value | printf "%.3g" }}', base),
    }


def annotations(alert: Alert, names: Names, service: str, value: str, base: str = "..") -> dict[str, str]:
    """The texts of an alert: static in the summary, with values in the description."""
    rule = alert.rule
    what = " per ".join(name.replace("_", " ") for name in (rule.signal, rule.per) if name)
    what = f"{rule.reading} of {what}" if rule.reading != "level" else what
    unit = "" if rule.per else " times its usual level" if rule.ago else f" {_unit(rule, names)}"
    side = "above" if rule.above is not None else "below"
    return {
        "summary": f"{rule.says[0].upper()}{rule.says[1:]}.",
        "description": f"On {service}, {what} is {value}{unit}, {side} {rule.threshold:g} for {span(rule.hold)}.",
        "runbook_url": f"{base}/runbooks/{alert.name}.md",
        "dashboard_url": f"{base}/dashboards/{alert.slug}.json",
    }


def _unit(rule: Rule, names: Names) -> str:
    return "s" if rule.reading == "time to full" else names.units[rule.signal]
