"""The frame of a post-mortem: what every run's page has, and nothing that its author should find."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING

from course_lib.postmortem.replay import Sealed

if TYPE_CHECKING:
    from jinja2 import Template


def frame(sealed: Sealed) -> str:
    """The frame for one run: whose it is, what could be improved, and the sections, empty.

    Parameters
    ----------
    sealed : Sealed
    """
    of = sealed.run.scenario
    return made("frame.md.j2").render(
        scenario=of.id,
        title=of.title,
        seed=sealed.run.seed,
        learner=sealed.run.learner,
        improvements=of.improvements,
        signals=[one.signal for one in of.telemetry],
    )


def made(name: str) -> Template:
    """One of the pages that are filled in, such as ``frame.md.j2``."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("course_lib.postmortem", "pages")
    blocks = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=False, **blocks).get_template(name)


def page(name: str) -> str:
    """One of the pages that come with the course as they are, such as ``model.md``."""
    return importlib.resources.files("course_lib.postmortem").joinpath("pages", name).read_text(encoding="utf-8")
