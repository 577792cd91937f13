"""``course detect``: tournaments of rules, their export to Prometheus, and rules run over one's own data.

Beside `detect/` and not in it, because ``course --help`` may not load numpy.
"""

from __future__ import annotations

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
    _show(contest.tournament(book.module, book.rules, seeds_of(seeds), book.finds), book)


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
    from course_lib.detect.table import known

    slugs = built()
    if mode is not None:
        _known(slugs, mode)
    return rule_file.load(path, {slug: known(slug) for slug in slugs}, mode)


@app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(help="Where to write; files of the same names are written over.", metavar="DIR")
    ],
    mode: Mode = None,
    base_url: Annotated[str, typer.Option(help="What runbooks/ and dashboards/ are found under, for alerts.")] = "..",
) -> None:
    """Write our alerts for Prometheus: rules, tests for promtool, runbook pages, maps to other systems, Sigma rules."""
    from course_lib.detect import export

    if not base_url.strip("/") or len(base_url.split()) != 1:
        raise DetectError(
            f"--base-url {base_url!r}: give an address or a path without blanks, such as https://wiki.example"
        )
    files = export.write(folder, _modes(mode), base_url.rstrip("/"))
    typer.echo(f"{len(files)} files: {folder}")
    typer.echo("check them with: promtool check rules rules/*.yaml && promtool test rules tests/*.yaml")


@app.command()
def traces(
    folder: Annotated[Path, typer.Argument(help="Where to write.", metavar="DIR")],
    seeds: Annotated[str, typer.Option(help="Seeds, such as 0:200; each brings a day of each kind.")] = "0:20",
    mode: Mode = None,
) -> None:
    """Write days as OpenMetrics text, incidents and look-alikes in folders of their own, and the answer key apart."""
    from course_lib.detect import export

    files = export.write_traces(folder, _modes(mode), seeds_of(seeds))
    typer.echo(f"{len(files)} files: {folder}; what began when stands in {folder / 'key'} alone")


@app.command("run")
def run_rules(
    rules: Rules,
    prometheus: Annotated[
        list[str] | None, typer.Option(help="A saved query_range answer, as FILE or SIGNAL=FILE; may be repeated.")
    ] = None,
    csv: Annotated[
        list[str] | None, typer.Option("--csv", help="A CSV of times and values, as FILE or SIGNAL=FILE.")
    ] = None,
    counter: Annotated[
        list[str] | None, typer.Option(help="A signal that is a counter; names that end in _total are anyway.")
    ] = None,
) -> None:
    """Run rules over your own history, and say when they would have paged."""
    from course_lib.detect import own_data, rule_file

    files = [*(prometheus or ()), *(csv or ())]
    if not files:
        raise DetectError("give your data: --prometheus RESPONSE.json, or --csv FILE")
    book = rule_file.load(rules)
    wanted = frozenset().union(*(rule.signals for rule in book.rules.values()))
    history = own_data.load([own_data.source(file) for file in files], wanted, frozenset(counter or ()))
    for line in own_data.report(book.rules, history):
        typer.echo(line)


def _modes(mode: str | None) -> list[str]:
    from course_lib.detect import export

    services = export.services(built())
    if mode in built() and mode not in services:
        raise DetectError(f"--mode {mode}: no service of its own to watch; there are {', '.join(services)}")
    return _known(services, mode) if mode else services


def _known(slugs: list[str], mode: str) -> list[str]:
    from course_lib.detect.soundness import closest

    if mode not in slugs:
        raise DetectError(f"--mode {mode}: no such module; {closest(mode, slugs)}")
    return [mode]


def built() -> list[str]:
    """Return the slugs of the modules that are built and have a table of detection."""
    from course_lib import manifest

    return [module.slug for module in manifest.load().built if (TABLES / f"{module.slug}.py").is_file()]


TABLES = Path(__file__).parent / "detect"


def _show(result: Tournament, book: RuleBook) -> None:
    from rich.console import Console
    from rich.table import Table

    counts = ", ".join(f"{trace.shape[0]} {WORDS[kind][trace.shape[0] > 1]}" for kind, trace in
                       result.days.traces.items())  # fmt: skip
    shown = Table(title=f"{book.module}: {result.days.count} days: {counts}", title_justify="left", box=None,
                  pad_edge=False)  # fmt: skip
    for heading in ("rule", "score", "to detect", "found", "right pages", "false a week", "pages each"):
        shown.add_column(heading, justify="left" if heading == "rule" else "right", no_wrap=True)
    for row in result.frame.itertuples():
        shown.add_row(row.rule, f"{row.score:.0f}", _soon(row.to_detect), f"{row.recall:.0%}",
                      _number(100 * row.precision, " %"), f"{row.false_pages_a_week:.0f}",
                      f"{row.pages_an_incident:.1f}")  # fmt: skip
    Console(highlight=False).print(shown)
    for name in book.rules:
        typer.echo(out_of_reach(result, name, book.places[name]) or best_words(result, name))


WORDS = {"incident": ("incident", "incidents"), "lookalike": ("look-alike", "look-alikes"),
         "twin": ("attack", "attacks"), "quiet": ("of nothing", "of nothing")}  # fmt: skip


def _soon(seconds: float) -> str:
    from course_lib.detect.own_data import spell

    if seconds != seconds:
        return "never"
    return f"{seconds:.0f} s" if abs(seconds) < 7200 else spell(seconds)


def _number(value: float, unit: str) -> str:
    return "never" if value != value else f"{value:.0f}{unit}"


def out_of_reach(result: Tournament, name: str, place: str) -> str:
    """Say that no day comes to a rule's threshold, and how near; nothing where one does."""
    from course_lib.detect import contest

    rule = result.rules[name]
    near = contest.nearest(rule, result.days)
    if near > rule.above if rule.above is not None else near < rule.below:
        return ""
    seen = "there was nothing to compare" if near != near else f"{near:.4g} is the nearest to it"
    return f"{place}: rule {name}: no reading of any day is {rule.wants}; {seen}"


def best_words(result: Tournament, name: str) -> str:
    """Say at which threshold a rule would do best: most found, fewest false, soonest."""
    import numpy as np

    curve = result.curve(name)
    day = result.days.table.until
    gain = curve.recall - curve.false_share - 1e-6 * np.nan_to_num(curve.to_detect, nan=day) / day
    best = int(np.argmax(gain))
    count = len(curve.threshold)
    over = f"{name}: over {count} threshold{'s' * (count != 1)}, "
    if not curve.recall[best]:
        return f"{over}none finds anything"
    return (
        f"{over}{curve.threshold[best]:.4g} does best: "
        f"{curve.recall[best]:.0%} found, {curve.false_share[best]:.0%} of other days paged"
    )
