"""``course postmortem``: the frame, the check, and the pages to learn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Post-mortems: the frame of one, and a check against its sealed run.", no_args_is_help=True)
Run = Annotated[Path, typer.Option("--run", help="The sealed run that it tells of, such as RUN.json of a drill.")]
Out = Annotated[Path | None, typer.Option(help="The file to write; printed without it.")]


class WriteError(ValueError):
    """Why a file was not written, in one line."""


@app.command()
def new(
    run: Run,
    out: Out = None,
) -> None:
    """Write the frame of a post-mortem for a run: its sections, and nothing that you should find."""
    from course_lib.postmortem import replay, template

    _give(template.frame(replay.load(run)), out, f"fill it in, then: course postmortem check {out} --run {run}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The post-mortem, Markdown with front matter.")],
    run: Annotated[Path | None, typer.Option("--run", help="Its sealed run, where none of its name is beside.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check a post-mortem against its sealed run: points, and each finding with its line and what to write instead.

    The run is the one of its name beside it, or of its scenario and seed among your drills, or the one that you name.
    Offline and without a language model. Exit code 0: finished (70 points or more); 1: not yet; 2: a file that cannot
    be read.
    """
    from course_lib import manifest, progress
    from course_lib.postmortem import beside
    from course_lib.postmortem import check as checking

    run = run or beside.run_of(file)
    report = checking.check(file, run)
    trouble = ""
    try:  # before anything is printed: whoever reads in a pager may leave it early
        checking.note(manifest.load(), report, run)
    except (manifest.ManifestError, progress.ProgressError) as error:
        trouble = f"course: {error}"
    if as_json:
        typer.echo(json.dumps(checking.plain(report), ensure_ascii=False, indent=1))
    else:
        for line in checking.lines(report):
            typer.echo(line)
    if trouble:
        typer.echo(trouble, err=True)
    raise typer.Exit(0 if report.finished else 1)


@app.command()
def exercise(
    out: Annotated[Path, typer.Option(help="The folder to write document and run into.")] = Path("exercise"),
    key: Annotated[bool, typer.Option("--key", help="Print what was planted, once you have looked.")] = False,
) -> None:
    """Write a post-mortem with twenty planted faults, and its run; `--key` tells them."""
    from course_lib.postmortem import exercise as given

    if key:
        for number, one in enumerate(given.key(), start=1):
            typer.echo(f"{number:2}. line {one.line}, {one.rule}: {one.wrong}")
        return
    paper, run = out / f"{given.NAME}.md", out / f"{given.NAME}.json"
    _write(paper, given.faulty())
    _write(run, json.dumps(given.sealed().plain, ensure_ascii=False) + "\n")
    typer.echo(f"{paper}: find its twenty faults. Then compare: course postmortem check {paper}")
    typer.echo("What was planted: course postmortem exercise --key; a finished one: course postmortem model")


@app.command()
def model(out: Out = None) -> None:
    """Write a finished post-mortem, of the exercise's run."""
    from course_lib.postmortem import exercise as given

    _give(given.model(), out, "a finished post-mortem, of the run of `course postmortem exercise`")


@app.command()
def review(
    file: Annotated[Path, typer.Argument(help="The post-mortem that somebody else wrote.")],
    out: Out = None,
) -> None:
    """Write a form to review somebody's post-mortem: what a reader can judge and the grader cannot."""
    from course_lib.postmortem import document
    from course_lib.postmortem import review as reviewing

    _give(reviewing.form(document.load(file)), out, "answer it, and give it to whoever wrote the document")


def _give(text: str, out: Path | None, next_step: str) -> None:
    """Write a text to a file and say what to do with it, or print it where none is named."""
    if out is None:
        typer.echo(text, nl=False)
        return
    _write(out, text)
    typer.echo(f"{out}: {next_step}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise WriteError(f"{path} is there already, and is left as it is; name another file") from None
