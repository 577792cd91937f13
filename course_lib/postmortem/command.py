"""``course postmortem``: the frame, the check, and the pages to learn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

#: Points of a hundred from which a post-mortem is called finished.
PASS = 70

app = typer.Typer(help="Post-mortems: the frame of one, and a check against its sealed run.", no_args_is_help=True)
Run = Annotated[Path, typer.Option("--run", help="The sealed run that it tells of, such as RUN.json of a drill.")]


class WriteError(ValueError):
    """Why a file was not written, in one line."""


@app.command()
def new(
    run: Run,
    out: Annotated[Path | None, typer.Option(help="The file to write; printed without it.")] = None,
) -> None:
    """Write the frame of a post-mortem for a run: its sections, and nothing that you should find."""
    from course_lib.postmortem import replay, template

    text = template.frame(replay.load(run))
    if out is None:
        typer.echo(text, nl=False)
        return
    _write(out, text)
    typer.echo(f"{out}: fill it in, then: course postmortem check {out} --run {run}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The post-mortem, Markdown with front matter.")],
    run: Run,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check a post-mortem against its sealed run: points, and each finding with its line and what to write instead.

    Offline and without a language model. Exit code 0: finished (70 points or more); 1: not yet; 2: a file that cannot
    be read.
    """
    from course_lib.postmortem import check as checking

    report = checking.check(file, run)
    if as_json:
        typer.echo(json.dumps(checking.plain(report), ensure_ascii=False, indent=1))
    else:
        for line in checking.lines(report):
            typer.echo(line)
    raise typer.Exit(0 if report.grade.total >= PASS else 1)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise WriteError(f"{path} is there already, and is left as it is; name another file") from None
