"""What is computed next, and in which thread: no browser needed."""

import dataclasses
import itertools
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.view import forerun
from course_lib.view.forerun import Forerunner, MapSweep, Planner, map_base
from course_lib.view.picture import pack, unpack
from tests.browser.stand_in_panel import INSTANT, PANEL


@pytest.fixture
def planner():
    return Planner(PANEL, PANEL.settings(), rest=0.1)


def work_off(planner, now, most=500):
    """Do all that there is to do at a moment; return the jobs."""
    jobs = []
    while (job := planner.job(now)) is not None and len(jobs) < most:
        jobs.append(job)
        planner.done(job, 0.01)
    assert len(jobs) < most, "the planner never comes to rest"
    return jobs


def test_at_rest_everything_is_swept_once(planner):
    jobs = work_off(planner, now=0.0)
    assert [job.kind for job in jobs[:2]] == ["frame", "full"]
    assert jobs[-1].kind == "map"
    swept = [settings for job in jobs if job.kind in ("frame", "ahead") for settings in job.settings]
    assert len(swept) == len(set(swept)), "nothing is computed twice"
    for control in PANEL.main_sliders:
        for position in range(len(PANEL.controls[control].positions)):
            assert PANEL.settings().moved(control, position) in swept
    assert all(PANEL.settings(preset) in swept for preset in PANEL.presets)
    assert work_off(planner, now=9.0) == []


def test_a_drag_over_swept_ground_asks_for_nothing(planner):
    work_off(planner, now=0.0)
    for step in range(20):
        planner.change(PANEL.settings().moved(0, step), now=10 + 0.02 * step)
        assert planner.job(10 + 0.02 * step) is None
        assert planner.wait(10 + 0.02 * step) == pytest.approx(0.1)
    assert planner.job(10.5).kind == "full"


def test_new_ground_comes_first_with_the_way_ahead(planner):
    work_off(planner, now=0.0)
    base = PANEL.settings().moved(2, 10)
    planner.change(base, now=10.0)  # swept: nothing to do
    planner.change(base.moved(0, 31), now=10.01)
    job = planner.job(10.01)
    assert job.kind == "frame"
    assert job.settings == tuple(base.moved(0, position) for position in range(31, 40))
    planner.change(base.moved(0, 20), now=10.02)
    assert planner.job(10.02).settings[1] == base.moved(0, 19), "and turns round with the drag"


def test_the_control_under_the_pointer_is_swept_first(planner):
    planner.attend(3)
    jobs = work_off(planner, now=0.0)
    first = next(job for job in jobs if job.kind == "ahead")
    assert {settings.positions[3] for settings in first.settings} != {PANEL.settings().positions[3]}
    planner.attend(5)
    assert planner.attended == (3,), "a control that is not swept is no reason to change"


def test_pieces_shrink_for_a_slow_model(planner):
    job = planner.job(0.0)
    planner.done(job, 1.0)
    planner.done(planner.job(0.0), 1.0)
    for _ in range(20):
        job = planner.job(0.0)
        planner.done(job, 0.05 * len(job.settings))
    assert planner.piece == 4


def test_choices_never_share_a_batch(planner):
    for job in work_off(planner, now=0.0):
        fixed = {tuple(settings.positions[4:]) for settings in job.settings}
        assert len(fixed) == 1


def test_a_swept_frame_is_what_the_kernel_would_compute():
    several = [PANEL.settings().moved(0, position) for position in range(0, 51, 10)]
    swept = unpack(*pack([s.key for s in several], PANEL.pictures(several)))
    for settings in several:
        alone = unpack(*pack([settings.key], PANEL.pictures([settings])))[settings.key]
        for column, values in alone.data["run"].items():
            np.testing.assert_array_equal(swept[settings.key].data["run"][column], values)
        np.testing.assert_array_equal(list(swept[settings.key].numbers.values()), list(alone.numbers.values()))


def test_a_map_made_in_pieces_is_the_map_made_at_once():
    base = map_base(PANEL, PANEL.settings())
    pieces, whole = MapSweep(PANEL, base), MapSweep(PANEL, base)
    while not pieces.advance(50):
        assert len(pieces.outcomes) % 50 == 0
    assert whole.advance(len(whole.cells))
    assert pieces.outcomes == whole.outcomes
    assert 0 < np.mean(whole.outcomes) < 1


class Page:
    """Stands in for the browser: takes what the thread sends."""

    def __init__(self, panel):
        self.jobs, self.errors, self.threads = [], [], set()
        self.planner = Planner(panel, panel.settings(), rest=0.02)
        self.forerunner = Forerunner(self.planner, self.take, self.fail)

    def take(self, job, picture):
        self.jobs.append((job, picture))
        self.threads.add(threading.current_thread().name)

    def fail(self, job, error):
        self.errors.append((job, str(error)))

    def wait(self, condition, seconds=10.0):
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "nothing came"
            time.sleep(0.005)


def test_the_thread_starts_with_a_page_and_ends_with_it():
    page = Page(INSTANT)
    assert page.forerunner._thread is None
    page.forerunner.watch()
    page.wait(lambda: page.planner.job(time.monotonic()) is None)
    assert page.threads == {"course-forerunner"}
    page.forerunner.unwatch()
    page.wait(lambda: page.forerunner._thread is None)
    held = len(page.jobs)
    page.forerunner.watch()
    page.wait(lambda: len(page.jobs) > held), "a page that comes back is served anew"
    page.forerunner.unwatch()


def test_results_leave_in_the_order_they_were_asked_for():
    page = Page(INSTANT)
    page.forerunner.watch()
    for position in range(40):
        page.forerunner.tell(
            lambda planner, at=position: planner.change(INSTANT.settings("healthy").moved(0, at), time.monotonic())
        )
        time.sleep(0.002)
    newest = INSTANT.settings("healthy").moved(0, 39)
    page.wait(lambda: newest in page.planner.filled)
    asked = [
        job.settings[0].positions[0]
        for job, _ in page.jobs
        if job.kind == "frame" and job.settings[0] != INSTANT.settings()
    ]
    assert asked == sorted(asked)
    page.forerunner.unwatch()


@pytest.fixture
def one_frame(monkeypatch):
    """Nothing is swept ahead: the frame, then the full picture at rest."""
    monkeypatch.setattr(Planner, "_ahead", lambda planner: None)
    monkeypatch.setattr(Planner, "_map", lambda planner: None)


def test_rest_that_comes_between_two_looks_at_the_clock_is_not_slept_through(one_frame, monkeypatch):
    """The planted failure of a busy machine: between any two looks, more than half of what counts as rest goes by."""
    page, clock = Page(INSTANT), itertools.count(100.0, 0.6 * 0.02)
    page.planner.changed_at = 100.0
    monkeypatch.setattr(forerun, "time", SimpleNamespace(monotonic=lambda: next(clock), perf_counter=time.perf_counter))
    page.forerunner.watch()
    page.wait(lambda: page.planner.filled)
    page.forerunner.unwatch()


def test_a_page_that_comes_while_a_picture_is_on_its_way_gets_it_too(one_frame):
    """JupyterLab takes a panel out of the page and puts it back: what was sent in between, nobody there has heard."""
    page = Page(INSTANT)
    take, page.late = page.forerunner.send, []

    def send(job, picture):
        take(job, picture)
        if job.kind == "full" and not page.late:
            page.late.append(len(page.jobs))
            page.forerunner.watch()

    page.forerunner.send = send
    page.forerunner.watch()
    page.wait(lambda: page.late and page.planner.filled)
    page.forerunner.stop()
    assert [job.kind for job, _ in page.jobs[page.late[0] :]] == ["frame", "full"]


def test_a_page_that_holds_too_much_starts_afresh_and_gets_the_present_picture_again(one_frame, monkeypatch):
    monkeypatch.setattr(forerun, "MOST_FRAMES", 15)
    page, cleared = Page(INSTANT), []
    page.forerunner.overflow = lambda: cleared.append(len(page.jobs))
    page.forerunner.watch()
    for at in range(0, 50, 10):
        there = INSTANT.settings("healthy").moved(0, at)
        page.forerunner.tell(lambda planner, there=there: planner.change(there, time.monotonic()))
        page.wait(lambda there=there: there in page.planner.filled)
    page.forerunner.unwatch()
    assert cleared
    after = [job for job, _ in page.jobs[cleared[-1] :]]
    assert {"frame", "full"} <= {job.kind for job in after}, "what was cleared was not sent again"


def refuse(values, seed):
    if np.any(values["load"] > 100):
        raise ValueError("load too high")
    return INSTANT.run(values, seed)


def test_a_refusal_is_told_once_and_spoils_nothing_else():
    page = Page(dataclasses.replace(INSTANT, run=refuse))
    page.forerunner.watch()
    page.wait(lambda: page.planner.job(time.monotonic()) is None)
    assert page.errors == [], "the sweep over refused ground is nobody's business"
    spoiled = next(settings for settings in page.planner.spoiled if settings.positions[0] <= 40)
    refused = INSTANT.settings(load=120)
    for settings in (refused, spoiled):
        page.forerunner.tell(lambda planner, to=settings: planner.change(to, time.monotonic()))
        page.wait(lambda to=settings: to in page.planner.filled)
    assert [(job.settings[0], text) for job, text in page.errors if job.kind == "frame"] == [(refused, "load too high")]
    drawn = {settings for job, _ in page.jobs if job.kind == "frame" for settings in job.settings}
    assert spoiled in drawn and refused not in drawn
    page.forerunner.unwatch()


def test_a_refused_frame_is_not_followed_by_its_spread(planner):
    frame = planner.job(0.0)
    assert frame.kind == "frame" and planner.failed(frame)
    kinds = [job.kind for job in work_off(planner, now=9.0)]
    assert "full" not in kinds and "frame" not in kinds


def test_a_refused_map_leaves_the_spread_to_be_computed(planner):
    jobs = work_off(planner, now=0.0)
    assert not planner.failed(jobs[-1]) and jobs[-1].kind == "map"
    planner.change(jobs[-1].settings[0], now=1.0)
    assert "full" in [job.kind for job in work_off(planner, now=9.0)]
