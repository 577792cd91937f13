"""``course drill``: the incident-response simulator from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from course_lib.incidents.score import Score

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
Own = Annotated[str, typer.Option("--scenario", help="The YAML file, where the scenario is your own.")]


class OpensByDefault(TyperGroup):
    """``course drill retry_storm`` is ``course drill open retry_storm``: a word that is no command is a scenario."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command in front where none is named."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["open", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=OpensByDefault,
    help="The incident-response simulator: `course drill` draws a drill and opens it; name a scenario for that one.",
)


@app.command("open", context_settings=PASS_ON)
def open_drill(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="A scenario's id or YAML file; without one, a drill is drawn.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, another day; drawn unless given.")] = None,
    size: Annotated[int, typer.Option(help="Minutes of the service's time, at most: 5, 15 or 30.")] = 15,
    pair: Annotated[bool, typer.Option("--pair", help="Two notebooks on one drill: commander and operator.")] = False,
    in_class: Annotated[
        bool, typer.Option("--class", help="A board for the projector, and the game master's own notebook.")
    ] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Make the notebooks, and leave JupyterLab be.")] = False,
) -> None:
    """Make a drill's notebook in work/drills and open it; more options go to JupyterLab, such as --no-browser."""
    from course_lib import manifest
    from course_lib.home import drills
    from course_lib.incidents import drill

    if scenario.startswith("-"):  # an option for JupyterLab
        context.args.insert(0, scenario)
        scenario = ""
    if pair and in_class:
        raise drill.DrillError("--pair and --class: a drill is for two people or for a class, so give one of them")
    given = drill.given(scenario, seed, size)
    roles = ("commander", "operator") if pair else ("master", "board") if in_class else ("",)
    course = manifest.load()
    name = drill.place(scenario, given["seed"], roles[0]).stem
    notebooks = drills.lay_out(course, name, given, roles)
    for path in notebooks:
        typer.echo(f"{path.relative_to(course.root)}")
    if not no_open:
        raise typer.Exit(drills.open_lab(course, notebooks[0], context.args))


@app.command("replay", context_settings=PASS_ON)
def replay(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="A sealed run, yours or one that somebody sent you.")],
    scenario: Own = "",
    no_open: Annotated[bool, typer.Option("--no-open", help="Make the notebook, and leave JupyterLab be.")] = False,
) -> None:
    """Step through a finished drill, forward and back."""
    from course_lib import manifest
    from course_lib.home import drills
    from course_lib.incidents import drill, seal

    seal.load(run, drill.own(scenario))
    course = manifest.load()
    path = drills.lay_out_replay(course, run, scenario)
    typer.echo(f"{path.relative_to(course.root)}")
    if not no_open:
        raise typer.Exit(drills.open_lab(course, path, context.args))


@app.command("run")
def run(
    scenario: Annotated[str, typer.Argument(help="A scenario's id, or a YAML file of your own.")],
    actions: Annotated[Path, typer.Option(help="The action log, JSON: a list of entries with at, kind, action.")],
    out: Annotated[Path, typer.Option(help="The sealed run to write.")],
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the drill.")] = 0,
    learner: Annotated[str, typer.Option(help="Whose run it is; may be left out.")] = "",
) -> None:
    """Play an action log without a console, and score it; the same call writes the same file."""
    from course_lib.incidents import scenario as scenarios
    from course_lib.incidents import score, seal
    from course_lib.incidents.truth import Run

    played = scenarios.load(scenario)
    done = Run(played, seed, seal.read_log_file(actions, played), learner)
    sealed = seal.write(done, out)
    entries = len(sealed["log"])
    typer.echo(f"{played.id}, seed {seed}: {entries} entr{'y' if entries == 1 else 'ies'}: {out}")
    _say(score.score(done))


@app.command("verify")
def verify(runs: Annotated[list[Path], typer.Argument(help="Sealed runs.")], scenario: Own = "") -> None:
    """Check that sealed runs are whole and what the models say, and score them. Exit code 1: some are not."""
    from course_lib.incidents import drill, score, seal

    broken, own = 0, drill.own(scenario)
    for path in runs:
        wrong = seal.verify(path, own)
        broken += bool(wrong)
        for line in wrong or ["whole, and what scenario, seed and log give"]:
            named = line.startswith((f"{path}:", f"{path.name}:"))
            typer.echo(line if named else f"{path}: {line}")
        if not wrong:
            _say(score.score(seal.load(path, own), seal.handed_over(path)))
    raise typer.Exit(1 if broken else 0)


def _say(scored: Score) -> None:
    for line in scored.lines():
        typer.echo(f"  {line}")
    typer.echo(f"  {scored.sum:g} of 100")
