"""``course detect``: tournaments of rules, their export to Prometheus, and rules run over one's own data.

Beside `detect/` and not in it, because ``course --help`` may not load numpy.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from course_lib.detect.contest import Tournament
    from course_lib.detect.rule_file import RuleBook

app = typer.Typer(help="Alert rules: try them, take them home, run them over your own data.", no_args_is_help=True)

Rules = Annotated[Path, typer.Argument(help="A file of rules; docs/detection.md shows one.", metavar="RULES")]
Mode = Annotated[str | None, typer.Option("--mode", help="The module, by slug, such as retry_storm.")]


class DetectError(ValueError):
    """A command that cannot be carried out, told in one line."""


@app.command()
def tournament(
    rules: Rules,
    mode: Mode = None,
    seeds: Annotated[str, typer.Option(help="Seeds, such as 0:40; each brings five days.")] = "0:12",
) -> None:
    """Run your rules over seeded incidents, look-alikes, attacks and nothing at all, beside ours."""
    from course_lib.detect import contest

    book = _book(rules, mode)
    if book.module is None:
        raise DetectError(f"{rules}: say whose signals these are: --mode SLUG, or 'module: SLUG' in the file")
    _show(contest.tournament(book.module, book.rules, seeds_of(seeds), book.finds), book.module)


def seeds_of(text: str) -> range:
    """Return the seeds that somebody means.

    Examples
    --------
    >>> seeds_of("0:200"), seeds_of("7")
    (range(0, 200), range(7, 8))
    """
    first, colon, end = text.partition(":")
    try:
        seeds = range(int(first), int(end) if colon else int(first) + 1)
    except ValueError:
        raise DetectError(f"--seeds {text}: give two whole numbers, such as 0:200, or one") from None
    if not seeds or seeds[0] < 0:
        raise DetectError(f"--seeds {text}: holds no seed; give the first, 0 or more, and the one after the last")
    return seeds


def _book(path: Path, mode: str | None) -> RuleBook:
    from course_lib.detect import rule_file

    slugs = built()
    if mode is not None and mode not in slugs:
        from course_lib.detect.soundness import closest

        raise DetectError(f"--mode {mode}: no such module; {closest(mode, slugs)}")
    from course_lib.detect.table import table

    units = {slug: _units(slug) for slug in slugs}
    return rule_file.load(path, units, {slug: table(slug).until for slug in slugs}, mode)


def built() -> list[str]:
    """Return the slugs of the modules that are built."""
    from course_lib import manifest

    return [module.slug for module in manifest.load().built]


def _units(slug: str) -> dict[str, str]:
    """Signals of a module and their units, without a run."""
    from course_lib.detect.table import table

    model = importlib.import_module(f"course_lib.models.{slug}").MODEL
    more = {name: unit for name, (unit, _) in table(slug).extra.items()}
    return {name: signal.unit for name, signal in model.signals.items()} | more


def _show(result: Tournament, slug: str) -> None:
    from rich.console import Console
    from rich.table import Table

    counts = ", ".join(f"{trace.shape[0]} {WORDS[kind]}" for kind, trace in result.days.traces.items())
    shown = Table(title=f"{slug}: {result.days.count} days: {counts}", title_justify="left", box=None, pad_edge=False)
    for heading in ("rule", "score", "to detect", "found", "right pages", "false a week", "pages each"):
        shown.add_column(heading, justify="left" if heading == "rule" else "right", no_wrap=True)
    for row in result.frame.itertuples():
        shown.add_row(row.rule, f"{row.score:.0f}", _number(row.to_detect, " s"), f"{row.recall:.0%}",
                      _number(100 * row.precision, " %"), f"{row.false_pages_a_week:.0f}",
                      f"{row.pages_an_incident:.1f}")  # fmt: skip
    Console(highlight=False).print(shown)
    for name in result.rules:
        if name not in ("our alert", "first signal", "false reading", "our twin"):
            typer.echo(best_words(result, name))


WORDS = {"incident": "incidents", "lookalike": "look-alikes", "twin": "attacks", "quiet": "of nothing"}


def _number(value: float, unit: str) -> str:
    return "never" if value != value else f"{value:.0f}{unit}"


def best_words(result: Tournament, name: str) -> str:
    """Say at which threshold a rule would do best: most found, fewest false, soonest."""
    import numpy as np

    curve = result.curve(name)
    gain = curve.recall - curve.false_share - 1e-6 * np.nan_to_num(curve.to_detect, nan=1e6)
    best = int(np.argmax(gain))
    return (
        f"{name}: over {len(curve.threshold)} thresholds, {curve.threshold[best]:.4g} does best: "
        f"{curve.recall[best]:.0%} found, {curve.false_share[best]:.0%} of other days paged"
    )
