"""A page for each alert, cut from the module's runbook: nothing is written twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from course_lib.detect.export.promql import Alert, ExportError
from course_lib.detect.table import table

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
FIRST_SECURITY = (
    "Call security, and read this page to them. The steps below are for the accident that looks the same: take them if "
    "the check above finds nobody behind it."
)
LOOKS, ACTIONS, WORKED, RECOVERY, SECURITY = (
    "How it looks",
    "Immediate actions",
    "How to know it worked",
    "Recovery",
    "Security check",
)


def runbook(slug: str, folder: Path = RUNBOOKS) -> dict[str, str]:
    """Return a runbook's sections by heading, and under ``""`` what stands before the first.

    Raises
    ------
    ExportError
        There is no page, or it lacks a section that alerts need.
    """
    path = folder / f"{slug}.md"
    if not path.is_file():
        return stand_in(slug)
    text = path.read_text(encoding="utf-8").partition("\n")[2]  # the title is the alert's
    first, *rest = re.split(r"^## +(.+)$", text, flags=re.MULTILINE)
    sections = {"": first.strip()} | {
        name.strip(): body.strip() for name, body in zip(rest[::2], rest[1::2], strict=True)
    }
    for wanted in (LOOKS, ACTIONS, WORKED, RECOVERY, SECURITY):
        if wanted not in sections:
            raise ExportError(f"{path.name} lacks the section '{wanted}'")
    return sections


def page(alert: Alert, sections: Mapping[str, str]) -> str:
    """Meaning, impact, diagnosis and mitigation of one alert."""
    told = dict(re.findall(r"^(Meaning|Impact): (.+?)(?=\n\n|\Z)", sections[""], flags=re.MULTILINE | re.DOTALL))
    if set(told) != {"Meaning", "Impact"}:
        raise ExportError(f"the runbook of {alert.slug} says no Meaning, or no Impact")
    looks, security = sections[LOOKS], sections[SECURITY]
    steps = "\n\n".join(sections[name] for name in (ACTIONS, WORKED, RECOVERY))
    twin = alert.day == "twin"
    parts = {
        "Meaning": f"{_sentence(alert.rule.says)}.\n\n{_sentence(told['Meaning'])}",
        "Impact": _sentence(told["Impact"]),
        "Diagnosis": f"{security}\n\n{looks}" if twin else f"{looks}\n\nAnd the security check:\n\n{security}",
        "Mitigation": f"{FIRST_SECURITY}\n\n{steps}" if twin else steps,
    }
    return f"# {alert.name}\n\n" + "\n\n".join(f"## {name}\n\n{text}" for name, text in parts.items()) + "\n"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def stand_in(slug: str) -> dict[str, str]:
    """What an alert says by itself, for a module whose runbook is yet to be written."""
    own = table(slug)
    first, twin = (f"{_sentence(rule.says)}." for rule in (own.rules["first"], own.rules["twin"]))
    told = f"Meaning: {own.names['incident']}.\n\nImpact: users wait, or are not served."
    return {"": told, LOOKS: first, SECURITY: twin, ACTIONS: first, WORKED: "The alert is silent.", RECOVERY: "None."}
