"""``course runbook``: check a page, or have a literal-minded reader carry it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from course_lib.runbooks.executor import Report
    from course_lib.runbooks.page import Page

app = typer.Typer(help="Runbooks that a literal-minded reader carries out.", no_args_is_help=True)

Runbook = Annotated[str, typer.Argument(help="A page of yours (a file), or one of the course's, such as retry_storm.")]
Where = Annotated[str | None, typer.Option(help="The incident; by default the one of the page's name.")]


@app.command()
def check(file: Runbook, scenario: Where = None) -> None:
    """Read a page as it will be carried out: each line that cannot be is named. Exit code 2 if there is one."""
    from course_lib.runbooks import page as pages

    page = pages.load(file)
    drill = _drill(page, scenario, "incident")
    pages.check(page, drill.units, drill.roles, drill.until)
    typer.echo(f"{page.path.name}: {len(page.steps)} steps, all of which can be carried out in {drill.scenario.id}")


@app.command()
def run(
    file: Runbook,
    scenario: Where = None,
    seed: Annotated[int, typer.Option(min=0, help="Which of the possible days.")] = 7,
    day: Annotated[str, typer.Option(help="incident; quiet, which only looks like one; again: it comes twice.")] = (
        "incident"
    ),
) -> None:
    """Carry out a page on one day, word by word. Exit code 0: users are well, or it rightly did nothing; 1: not."""
    from course_lib.runbooks import executor
    from course_lib.runbooks import page as pages

    page = pages.load(file)
    report = executor.run(page, _drill(page, scenario, day), seed)
    for line in transcript(report):
        typer.echo(line)
    raise typer.Exit(0 if report.well else 1)


def transcript(report: Report) -> list[str]:
    """What was done, line by line, and what came of it."""
    done = [f"{_clock(said.at):>6}  line {said.line:>3}  {said.text}" for said in report.said]
    return [*done, f"{report.outcome}: {report.why}"]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _drill(page: Page, name: str | None, day: str):
    from course_lib.incidents import scenario
    from course_lib.incidents.engine import DAYS
    from course_lib.runbooks.page import PageError
    from course_lib.runbooks.world import Drill

    if day not in DAYS:
        raise PageError(f"--day {day}: give one of {', '.join(DAYS)}")
    return Drill(scenario.load(name or page.path.stem), day)
