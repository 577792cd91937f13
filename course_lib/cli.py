"""The ``course`` command. Each command is one call into the part that does the work."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib import detect_command
from course_lib.incidents import command as incidents_command
from course_lib.postmortem import command as postmortem_command
from course_lib.runbooks import command as runbooks_command

if TYPE_CHECKING:
    from course_lib.home.checking import Report, TaskResult
    from course_lib.manifest import Course

USER_ERROR, NOT_WRITTEN = 2, 3
LONGEST = 500  # characters of a message at each end
PAPER = ".md"
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    help="Twelve ways distributed systems fail: study, check and grade.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(incidents_command.app, name="drill")
app.add_typer(runbooks_command.app, name="runbook")
app.add_typer(detect_command.app, name="detect")
app.add_typer(postmortem_command.app, name="postmortem")


def main() -> None:
    """Run the command line: what goes wrong is one line on stderr, exit code 2, or 3 for a file of the system's."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a letter shows a question mark in its place.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")
    try:
        app()
    except OSError as error:
        if error.filename is None:
            raise
        _complain(f"{error.filename}: {error.strerror}")
        sys.exit(NOT_WRITTEN)
    except Exception as error:
        if not type(error).__module__.startswith("course_lib."):
            raise
        sys.exit(_complain(error))


@app.command("list")
def list_modules() -> None:
    """Show the twelve modules: built or not, minutes, and your progress, the post-mortem's too; and your drills."""
    from course_lib import progress

    course = _course()
    known = progress.load(course)
    _print(_table_of_modules(course, known))
    if known.drills:
        _print(_table_of_drills(known))


@app.command()
def check(
    notebooks: Annotated[
        list[str], typer.Argument(help="Your notebooks or post-mortems (*.md), or module numbers such as 01.")
    ],
    all_hints: Annotated[bool, typer.Option("--all-hints", help="Show the last hint too, nearly the answer.")] = False,
) -> None:
    """Check your answers with nbval: points per task, what missed, and a hint; and post-mortems against their runs.

    Runs on this machine without isolation: check only notebooks you trust. Exit code 0: all right; 1: not yet; 2: a
    file that cannot be checked; 3: checked, but progress could not be written.
    """
    course, code = _course(), 0
    for path in _each_notebook(course, notebooks):
        if isinstance(path, ValueError):
            code = max(code, _complain(path))
        elif path.suffix.lower() == PAPER:
            code = max(code, _check_paper(course, path))
        else:
            code = max(code, _check_one(course, path, all_hints))
    raise typer.Exit(code)


@app.command()
def doctor() -> None:
    """Look at each package, the kernel, the widgets and the renderer: OK, or the one command that mends it."""
    from course_lib.home import doctor

    broken = 0
    for finding in doctor.examine(_course()):
        broken += not finding.ok
        mark, mend = ("OK  ", "") if finding.ok else ("FAIL", f"\n      mend with: {finding.mend}")
        typer.echo(f"{mark}  {finding.name}: {finding.detail}{mend}")
    raise typer.Exit(1 if broken else 0)


@app.command()
def reset(
    module: Annotated[str, typer.Argument(help="Number or slug, such as 01 or retry_storm, or a notebook of yours.")],
    lesson: Annotated[bool, typer.Option("--lesson", help="The lesson rather than the lab.")] = False,
    keep_answers: Annotated[bool, typer.Option("--keep-answers", help="Carry your answers over.")] = False,
) -> None:
    """Make a fresh copy of a lab; your old one is kept beside it, and hints begin anew."""
    from course_lib import progress
    from course_lib.home import work

    course = _course()
    module, part, path, answers = work.to_reset(course, module, "lesson" if lesson else "lab", keep_answers)
    fresh = work.reset(module, part, answers=answers, at=path)
    if fresh.kept:
        typer.echo(f"kept your old one as {_short(fresh.kept)}")
    typer.echo(f"fresh copy: {_short(fresh.path)}" + (f", with {_count(answers, 'answer')}" if keep_answers else ""))
    if not keep_answers:
        progress.forget_attempts(course, module, part)


@app.command()
def symptom(
    words: Annotated[list[str] | None, typer.Argument(help="What you see; without words, the whole index.")] = None,
) -> None:
    """Find the lesson for what you see: what a metric does, what users say, or what whoever is on call sees."""
    from course_lib.home import lookup

    for line in lookup.lines(_course(), " ".join(words or ())):
        typer.echo(line)


@app.command()
def recall(
    everything: Annotated[bool, typer.Option("--all", help="Also cards that are not due yet.")] = False,
) -> None:
    """Recall what you have learnt: the cards that are due of all lessons you have begun; q ends it."""
    from course_lib.home import start
    from course_lib.recall import terminal

    course = _course()
    asked, right = terminal.sitting(course, start.waiting(course, everything), _ask, typer.echo)
    typer.echo(f"{right} of {asked} right" if asked else "no cards for now; they come with the lessons you have begun")


@app.command("lab", context_settings=PASS_ON)
def open_lab(context: typer.Context) -> None:
    """Open the course in JupyterLab; options after it go to JupyterLab, such as --no-browser."""
    from course_lib.home import jupyter

    raise typer.Exit(jupyter.open_lab(_course(), context.args))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def present(
    context: typer.Context,
    module: Annotated[str, typer.Argument(help="Number or slug, such as 04 or hot_partition.")],
) -> None:
    """Open a lesson for the projector: large type, code folded, live panels; more options go to JupyterLab."""
    from course_lib.home import jupyter, present, work

    course = _course()
    page = present.lay_out(course, course.module(module))
    name = page.relative_to(course.root / work.FOLDER).as_posix()
    raise typer.Exit(jupyter.open_lab(course, context.args, name))


@app.command()
def collect(
    download: Annotated[
        Path, typer.Argument(help="Of Canvas, Moodle, Gradescope, Blackboard or Brightspace: the ZIP or its folder.")
    ],
    out: Annotated[Path, typer.Option(help="The folder of submissions to make.")],
    roster: Annotated[Path | None, typer.Option(help="roster.csv: which learner a number or name is.")] = None,
) -> None:
    """Sort a learning management system's download into a folder for each learner, for `course grade`."""
    from course_lib.grading import command

    found = command.collect(download, out, command.own_course(_course()), roster)
    files = sum(map(len, found.learners.values()))
    typer.echo(f"{files} notebook{'s' * (files != 1)} of {_count(found.learners, 'learner')}: {out}")
    for line in found.notices:
        typer.echo(line)


@app.command()
def grade(
    submissions: Annotated[
        Path, typer.Argument(help="Folder with a folder or a notebook for each learner, or a download as a ZIP.")
    ],
    out: Annotated[Path, typer.Option(help="The gradebook's folder; earlier verdicts in it are kept.")],
    key: Annotated[Path | None, typer.Option(help="The course key; made on first use.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Due dates and lateness.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core by default.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler to send the work to.")] = None,
    live_every: Annotated[int, typer.Option(min=0, help="Also run a real kernel for every n-th; 0: never.")] = 20,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Grade even where learners' code is not isolated.")] = False,
) -> None:
    """Grade a class: marks, feedback pages, a report, and files for Canvas, Moodle, Gradescope and CI.

    Exit code 0: every submission was graded, whether or not it passed; 1: some could not be; 2: a mistake in the call.
    """
    from course_lib.grading import command

    how = command.Options(key, policy, workers, scheduler, unsafe, live_every, progress=sys.stderr.isatty())
    batch = command.grade(submissions, out, command.own_course(_course()), how)
    for line in command.summary(batch, out):
        typer.echo(line)
    raise typer.Exit(batch.exit_code)


@app.command()
def fleet(
    policies: Annotated[Path, typer.Argument(help="CSV: service,retries,backoff,budget; one line a learner.")],
    again: Annotated[Path | None, typer.Argument(help="The second vote, to compare.")] = None,
    out: Annotated[Path, typer.Option(help="The page for the projector.")] = Path("fleet.html"),
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Another seed, another day.")] = 0,
) -> None:
    """Run a class as a fleet: each owns one service's retry policy, and all share one backend."""
    from course_lib.incidents import fleet, fleet_board

    votes = [fleet.run(fleet.read(path), seed) for path in (policies, again) if path]
    for line in [*fleet.lines(votes[-1]), *(fleet.compared(*votes) if again else ())]:
        typer.echo(line)
    _print(_table(fleet.HEADINGS, fleet.table(votes[-1])))
    fleet_board.write(votes, out)
    typer.echo(f"for the projector: {out}")


@app.command()
def site(out: Annotated[Path, typer.Option(help="Folder to write, made anew.")] = Path("site")) -> None:
    """Write lessons and labs as pages whose sliders move without a kernel; they open as files, too."""
    from course_lib.website import build

    pages = build.build(_course(), out)
    typer.echo(f"{len(pages)} page{'s' * (len(pages) != 1)} and an index: {out / 'index.html'}")


def _ask(question: str, letters: str) -> str:
    """Ask until one of some letters is typed; q, or the end of the input, stops."""
    while True:
        try:
            typed = input(f"{question} [{'/'.join(letters)}/q] ").strip().lower()
        except EOFError:
            return "q"
        if typed and typed in (*letters, "q"):
            return typed


def _course() -> Course:
    from course_lib import manifest

    return manifest.load()


def _each_notebook(course: Course, names: Iterable[str]) -> Iterable[Path | ValueError]:
    """Yield the files that the words mean, and for a word that means none, why."""
    from course_lib.home import work
    from course_lib.manifest import ManifestError

    for name in names:
        if name.lower().endswith(PAPER):
            yield Path(name)
            continue
        try:
            yield from work.notebooks_of(course, name)
        except ManifestError as error:
            yield error
        else:
            yield from _papers_of(course, name)


def _papers_of(course: Course, name: str) -> Iterable[Path]:
    """The learner's post-mortems, where a word means the module that asks for one."""
    asking = course.asks_for_paper
    if asking is None or Path(name).exists() or course.module(name) != asking:
        return []
    from course_lib.incidents import drill_file
    from course_lib.manifest import WORK
    from course_lib.postmortem import beside

    mine = course.root / WORK
    return beside.papers([mine, mine / drill_file.FOLDER, mine / "postmortems"])


def _check_paper(course: Course, path: Path) -> int:
    from course_lib import progress
    from course_lib.postmortem import beside, shipped
    from course_lib.postmortem import check as checking

    try:
        run = beside.run_of(path)
        report = checking.check(path, run)
    except ValueError as error:
        if not type(error).__module__.startswith("course_lib."):
            raise
        return _complain(error)
    for line in checking.lines(report):
        typer.echo(line)
    if shipped.is_of_exercise(run):
        typer.echo("  note: not counted, as its run is the exercise's, whose finished document is there to be read")
    elif shipped.is_shipped(run):
        typer.echo("  note: the run comes with the course; in a class, hand in one that you played yourself")
    try:
        checking.note(course, report, run)
    except progress.ProgressError as error:
        _complain(error)
        return NOT_WRITTEN
    return 0 if report.finished else 1


def _check_one(course: Course, path: Path, all_hints: bool) -> int:
    from course_lib import progress
    from course_lib.home import checking, start
    from course_lib.notebook_file import NotebookError

    try:
        report = checking.check(course, path)
    except NotebookError as error:
        return _complain(error)
    results = [progress.Result(r.task, r.state, r.points, r.source) for r in report.results]
    known = progress.with_results(progress.load(course), report.module, results)
    _show(report, {r.task: known.standing(report.module.slug, r.task).attempts for r in report.results}, all_hints)
    if report.passed and (step := start.next_step(course, known)):
        typer.echo(f"  next: {start.step_words(*step)}")
    try:
        progress.record(course, report.module, results)
    except progress.ProgressError as error:
        _complain(error)
        return NOT_WRITTEN
    return 0 if report.passed else 1


def _complain(error: Exception | str) -> int:
    """One line on stderr; of words that fill a screen, their beginning, and the end, where the mend is."""
    said = str(error)
    if len(said) > 2 * LONGEST:
        said = f"{said[:LONGEST]} … {said[-LONGEST:]}"
    typer.echo(f"course: {said}", err=True)
    return USER_ERROR


def _show(report: Report, attempts: dict[str, int], all_hints: bool) -> None:
    what = f"{report.module.title}, {report.part} (run by nbval on this machine, not isolated)"
    typer.echo(f"{_short(report.path)}: {what}")
    for result in report.results:
        typer.echo(f"  {result.task:<20} {result.state:<14} {result.points:g} of {result.max_points:g} points")
        for line in (*_why(result), *_hint_lines(report, result, attempts[result.task], all_hints)):
            typer.echo(f"      {line.strip()}")
    for note in report.notes:
        typer.echo(f"  note: {note}")
    typer.echo(f"  {report.points:g} of {report.max_points:g} points")


def _why(result: TaskResult) -> tuple[str, ...]:
    return () if result.state == "right" else result.lines


def _hint_lines(report: Report, result: TaskResult, attempts: int, all_hints: bool) -> list[str]:
    """One more hint with each different wrong answer, the last only when it is asked for."""
    from course_lib.checks.task import offered_hints
    from course_lib.home import checking

    if result.state != "wrong":
        return []
    known = checking.hints(report.module, result.task)
    shown = known if all_hints else offered_hints(known, attempts)
    lines = [f"hint {n} of {len(known)}: {hint}" for n, hint in enumerate(shown, start=1)]
    if len(shown) < len(known) <= attempts:
        lines.append(f"hint {len(known)} of {len(known)} nearly gives it away; to see it: course check --all-hints")
    return lines


def _table_of_modules(course: Course, known) -> object:
    from rich.table import Table

    from course_lib import progress

    table = Table(title=course.title, title_justify="left", box=None, pad_edge=False)
    for heading in ("", "Module", "Lesson", "Lab", "You"):
        table.add_column(heading, no_wrap=heading != "Module")
    for module in course.modules:
        points, worth = known.points(module)
        you = f"{points:g} of {worth} points" if module.built else "not built yet"
        table.add_row(f"{module.number:02d}", module.title, f"{module.minutes} min", f"{module.lab_minutes} min", you)
        if module == course.asks_for_paper:
            mine = known.standing(module.slug, progress.PAPER).best
            table.add_row("", "its post-mortem", "", "", f"{mine:g} of {module.postmortem_points} points")
    return table


def _table_of_drills(known) -> object:
    from rich.table import Table

    table = Table(title="\nDrills you have done", title_justify="left", box=None, pad_edge=False)
    for heading in ("Scenario", "Times", "Best", "of which"):
        table.add_column(heading, no_wrap=heading != "of which")
    for name, drill in sorted(known.drills.items()):
        worth = sum(most for _, most in drill.vector.values())
        parts = ", ".join(f"{what} {_of(*points)}" for what, points in drill.vector.items() if any(points))
        table.add_row(name, str(drill.times), f"{drill.best:.0f} of {worth:.0f}", parts)
    return table


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> object:
    from rich.markup import escape
    from rich.table import Table

    table = Table(*headings, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _of(have: float, most: float) -> str:
    """Points and how many there were; what can only lose points has none to be had."""
    return f"{have:.0f}/{most:.0f}" if most else f"{have:.0f}"


def _print(renderable: object) -> None:
    from rich.console import Console

    Console(highlight=False).print(renderable)


def _count(things: Sized, what: str) -> str:
    return f"{len(things)} {what}{'s' * (len(things) != 1)}"


def _short(path: Path) -> str:
    """Path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    main()
