"""``course drill``: the incident-response simulator from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The incident-response simulator: drills, their sealed logs and their debriefs.")


@app.command("run")
def run(
    scenario: Annotated[str, typer.Argument(help="A scenario's id, or a YAML file of your own.")],
    actions: Annotated[Path, typer.Option(help="The action log, JSON: a list of entries with at, kind, action.")],
    out: Annotated[Path, typer.Option(help="The sealed run to write.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the drill.")] = 0,
    learner: Annotated[str, typer.Option(help="Whose run it is; may be left out.")] = "",
) -> None:
    """Play an action log without a console; the same call writes the same file."""
    from course_lib.incidents import engine, seal
    from course_lib.incidents import scenario as scenarios
    from course_lib.incidents.truth import Run

    played = scenarios.load(scenario)
    done = Run(played, seed, seal.read_log_file(actions, played), learner)
    sealed = seal.write(done, out)
    lost = engine.harm(played, done.played())
    typer.echo(f"{played.id}, seed {seed}: {len(sealed['log'])} entries, {lost:,.0f} user-minutes lost: {out}")


@app.command("verify")
def verify(runs: Annotated[list[Path], typer.Argument(help="Sealed runs.")]) -> None:
    """Check that sealed runs are whole and that the models still say what they say. Exit code 1: some are not."""
    from course_lib.incidents import seal

    broken = 0
    for path in runs:
        wrong = seal.verify(path)
        broken += bool(wrong)
        for line in wrong or ["whole, and what scenario, seed and log give"]:
            typer.echo(f"{path}: {line}")
    raise typer.Exit(1 if broken else 0)
