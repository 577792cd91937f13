"""Drills of two people or a class, and the replay of one, in JupyterLab: what each sees, and what they may."""

import json
import re

import pytest

from course_lib.incidents import fleet, fleet_board, seal
from course_lib.incidents import scenario as scenarios
from course_lib.incidents.fleet import Policy
from course_lib.incidents.session import Session
from course_lib.incidents.world import World
from tests.browser.responder import Guess, Responder

pytestmark = pytest.mark.weekly

SEED = 21
SOON = 10_000
"""ms within which one page shows what was done on the other: it asks every 800, and waits so long for a busy kernel."""


def cell(call):
    return {"go": f"from course_lib.incidents import drill\ndrill.{call}"}


@pytest.fixture(scope="module")
def consoles(open_cells):
    """Return a function that opens one console a call of `drill`, each in a page of its own; the pages are kept."""
    pages = []

    def open_(*calls):
        while len(pages) < len(calls):
            pages.append(open_cells(cell("ROLES")))
        for page, call in zip(pages, calls, strict=False):
            page.run_cell("go", cell(call)["go"])
            assert page.errors() == []
        return [Responder(page) for page in pages[: len(calls)]]

    return open_


def both_themes(responder, file):
    """Take a picture in light and one in dark."""
    for name, end in (("JupyterLab Dark", "-dark"), ("JupyterLab Light", "")):
        responder.page.theme(name)
        responder.page.screenshot(file.with_name(f"{file.name}{end}.png"))


def sees(responder, part, words):
    """Wait until a part of a console says something that was done elsewhere."""
    responder.root.locator(f".drill-{part}").get_by_text(words).first.wait_for(timeout=SOON)


def blocked(responder):
    """Why the form that is open cannot be sent; closes it."""
    form = responder.root.locator(".drill-sheet form")
    assert form.locator("[data-submit]").first.is_disabled()
    why = form.locator(".drill-why").inner_text()
    form.get_by_role("button", name="cancel").click()
    return why


def follows(responder, other):
    """Wait until a console's clock stands where another's does."""
    script = "at => Number(document.querySelector('.course-console').dataset.seconds) === at"
    responder.page.page.wait_for_function(script, arg=other.now, timeout=SOON)
    responder.settle()


def test_commander_and_operator_on_one_drill(lab, consoles, shots):
    """The commander says what it is and orders, the operator carries it out; each sees the other's steps at once."""
    call = f"start('split_brain', seed={SEED}, size=15, role='{{}}')"
    commander, operator = consoles(call.format("commander"), call.format("operator"))
    fence = scenarios.load("split_brain").action("fence_east").label

    operator.button("diagnosis").click()
    assert "the commander says what it is" in blocked(operator)
    operator.button("status update").click()
    assert "the commander speaks to the outside" in blocked(operator)
    operator.choose("fence_east")
    assert "say first what you think it is" in blocked(operator)

    commander.button("acknowledge").first.click()
    sees(operator, "alerts", "acknowledged, since")
    commander.step(30)
    follows(operator, commander)
    operator.button("Step 15 seconds on").click()
    operator.root.get_by_text("The commander's console moves the clock.").wait_for()
    operator.button("2 times real time").click()
    operator.root.locator(".course-problem").wait_for(state="hidden")

    commander.diagnosis(Guess())
    sees(operator, "timeline", "diagnosis, a guess")
    operator.choose("fence_east")
    assert f"the commander has not ordered '{fence}'" in blocked(operator)
    commander.choose("fence_east")
    assert commander.root.locator("[data-submit]").inner_text() == "order it"
    commander.root.locator("[data-submit]").click()
    commander.sent()
    sees(operator, "guide", f"Ordered at {commander.text('clock strong')}: {fence}")
    both_themes(operator, shots / "pair-operator")
    operator.button("carry it out").click()
    assert operator.root.locator("[data-submit]").inner_text() == "do it"
    operator.root.locator("[data-submit]").click()
    operator.sent()
    sees(commander, "timeline", f"decided: {fence} (operator)")
    both_themes(commander, shots / "pair-commander")

    commander.step(60)
    commander.verify(type("Said", (), {"mode": "recovered", "signals": ("leaders",)}))
    commander.hand_over()
    operator.root.locator('.drill-debrief[data-drawn="true"]').wait_for(timeout=SOON)
    file = lab.folder / "work" / "drills" / f"pair-split_brain-{SEED}.json"
    assert seal.verify(file) == []
    by = [(entry["kind"], entry["facts"]["who"]) for entry in json.loads(file.read_text())["log"]]
    said = [(kind, "commander") for kind in ("ack", "diagnosis", "note", "verify")]
    assert by == [*said[:3], ("action", "operator"), said[3]]
    assert [*commander.page.complaints, *operator.page.complaints] == []


def test_a_class_before_the_board(consoles, shots):
    """The master's page has what is to come, the key and a question; the board has none of it and no button."""
    call = f"start('peak_sunday', seed={SEED}, size=15, role='{{}}')"
    master, board = consoles(call.format("master"), call.format("board"))
    of = scenarios.load("peak_sunday")
    secret = [inject for inject in of.injects if inject.secret]
    right = [of.action(entry.action).label for entry in of.reference if entry.kind == "action"]
    assert secret and right
    told = master.text("secrets")
    assert all(inject.text in told for inject in of.injects if inject.at > master.now or inject.secret)
    assert "Who has the page" in told and all(label in told for label in right)

    master.button("acknowledge").first.click()
    sees(board, "alerts", "acknowledged, since")
    master.diagnosis(Guess())
    sees(board, "timeline", "diagnosis, a guess")
    assert "the least that could help" in master.text("secrets").split("Ask next: ")[1].splitlines()[0]
    master.until(secret[0].at + 30)
    follows(board, master)
    sent = json.dumps(board.page.cells()) + board.page.page.content()
    for hidden in (secret[0].text, of.debrief.question, of.debrief.lesson, *[action.feedback for action in of.actions]):
        assert hidden not in sent
    assert secret[0].text in master.text("secrets"), "the master says it aloud"
    assert board.root.get_by_role("button").all_inner_texts() == ["all", "last 5 min"], "the chart's own alone"
    both_themes(master, shots / "class-master")
    both_themes(board, shots / "class-board")
    assert [*master.page.complaints, *board.page.complaints] == []


def test_a_replay_forward_and_back_shows_the_figures_of_the_run(lab, consoles, shots):
    """At each stop the charts hold the run file's telemetry so far and the timeline its entries so far, both ways."""
    call = f"start('split_brain', seed={SEED + 1}, size=15)"
    (played,) = consoles(call)
    for entry in scenarios.load("split_brain").reference:
        played.until(entry.at)
        getattr(played, entry.kind)(entry)
    played.hand_over()
    file = lab.folder / "work" / "drills" / f"split_brain-{SEED + 1}.json"
    kept = json.loads(file.read_text())

    (replay,) = consoles("replay('work/drills/" + file.name + "')")
    stops = int(replay.text("top").split(" of ")[-1].split()[0])
    seen = [shown(replay)]
    for name in ("forward ▶", "◀ back"):
        for _ in range(stops - 1):
            move(replay, name)
            seen.append(shown(replay))
            if len(seen) == stops // 2:
                both_themes(replay, shots / "replay")
        assert replay.button(name).is_disabled()
    assert stops > len(kept["log"]) and seen[:stops] == seen[stops - 1 :][::-1], "back as forward"
    replay.root.locator('[data-key="stop"]').press("End")
    replay.root.locator('.drill-debrief[data-drawn="true"]').wait_for(state="visible")
    both_themes(replay, shots / "replay-end")

    world = World(scenarios.load("split_brain"), SEED + 1)
    session = Session(world, 15)
    for now, lines, figures in seen[:stops]:
        done = [entry for entry in kept["log"] if entry["at"] <= now]
        assert lines == [session.clock(entry["at"]) for entry in reversed(done)]
        for signal, rows in figures.items():
            given = dict(zip(kept["telemetry"]["time"], kept["telemetry"][signal], strict=True))
            assert rows and all(time <= now for time, _ in rows)
            assert [value for _, value in rows] == pytest.approx([given[round(time, 6)] for time, _ in rows], rel=1e-5)
    assert replay.page.complaints == []


def move(replay, name):
    """Press a button of the replay and wait until the charts stand elsewhere."""
    was = replay.text("top")
    replay.button(name).click()
    script = "was => document.querySelector('.drill-top').innerText.replace(/\\s/g, '') !== was.replace(/\\s/g, '')"
    replay.page.page.wait_for_function(script, arg=was)
    replay.settle()


def shown(replay):
    """Where the replay stands: its clock, when what stands on the timeline was done, and the charts' figures."""
    script = """(root, names) => Object.fromEntries(names.map((name, i) =>
        [name, root.courseViews[i + 1].data('s_' + name).map(({ time, value }) => [time, value])]))"""
    names = [signal.signal for signal in scenarios.load("split_brain").telemetry]
    lines = replay.root.locator('.drill-timeline li[data-by="you"] time').all_inner_texts()
    return replay.now, lines, replay.root.evaluate(script, names)


def test_the_fleets_page_on_a_projector(browser, shots, tmp_path):
    """Twenty-four services and two votes: all of it fits the width, is drawn, and asks nobody for anything."""
    names = [f"service of {chr(65 + i)}." for i in range(24)]
    greedy = dict.fromkeys(names, Policy(3, "none", float("inf")))
    votes = [fleet.run(greedy), fleet.run(greedy | dict.fromkeys(names[:20], Policy(1, "full_jitter", 0.1)))]
    fleet_board.write(votes, tmp_path / "fleet.html")
    page, asked = browser.chromium.new_context(viewport={"width": 1280, "height": 800}).new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "fleet.html").as_uri())
    assert asked == [page.url] and page.locator("tbody tr").count() == len(names)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing to the right"
    words = page.locator("figure text").all_text_contents()
    assert {"first vote", "second vote", "nobody retries", *names} <= set(words)
    assert re.search(
        r"Restraint did not pay for (.*, ){4}\S.* and \d+ more: their own", page.locator("body").inner_text()
    )
    boxes = [box.bounding_box() for box in page.locator("figure svg").all()]
    assert len(boxes) == 3 and all(box["x"] >= 0 and box["x"] + box["width"] <= 1280 for box in boxes)
    page.screenshot(path=str(shots / "fleet.png"), full_page=True)
    page.context.close()
