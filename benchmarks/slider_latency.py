"""How fast a dragged slider is: from the mouse event to the painted pixel, in a real browser on a real JupyterLab.

    python -m benchmarks.slider_latency                 # every built module's panel, a 20 ms stand-in, a 0 ms model
    python -m benchmarks.slider_latency --panel course_lib.lessons.retry_storm:PANEL --drags 6

Method. A tiny chart beside the others codes the drawn position as a colour. A requestAnimationFrame loop reads that
pixel and stamps the time after the frame in which it changed. Each mouse event that moved the slider is answered by the
first frame that shows its value *or a later one*; the response is that frame's time less the event's own time stamp.
"Ahead" drags start at rest, when the sweep is in the browser; "cold" ones right after a change of seed, when it is not.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from benchmarks.coded_panel import dragged
from course_lib.manifest import ManifestError, load
from tests.browser.rig import Browser, Lab, NotebookPage, missing

RESULTS = Path(__file__).parent / "results" / "slider_latency.json"
STAND_INS = ("tests.browser.stand_in_panel:PANEL", "tests.browser.stand_in_panel:INSTANT")
BARS = {"p50": 60.0, "p95": 100.0, "last": 150.0, "full": 250.0}
STEPS, PAUSE = 20, 0.030

SPAN = """
handle => {
    const {noUiSlider: slider} = handle.closest('.noUi-target'), {min, max} = slider.options.range;
    return [Number(min), Number(slider.get(true)), Number(max)];
}
"""

WATCH = """
([root, control]) => {
    const handle = root.querySelector(`[data-control="${control}"] .noUi-handle`);
    const canvases = [...root.querySelectorAll('canvas')], pixel = canvases.at(-1).getContext('2d');
    const scroller = root.closest('.jp-WindowedPanel-outer') ?? document.scrollingElement;
    const seen = {inputs: [], frames: [], full: [], blank: 0, heights: new Set(), scrolls: new Set()};
    // The slider's own numbers: those in aria attributes have one decimal, and the text may be in per cent.
    const {noUiSlider: slider} = handle.closest('.noUi-target'), {min, max} = slider.options.range;
    const code = () => Math.round((Number(slider.get(true)) - min) / (max - min) * 250);
    const afterPaint = act => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => act(performance.now());
        channel.port2.postMessage(0);
    };
    let last = code(), shown = -1, on = true;
    const move = event => { if (code() !== last) seen.inputs.push([event.timeStamp, last = code()]); };
    const drawn = ({detail}) => {
        if (detail.rested) requestAnimationFrame(() => afterPaint(now => seen.full.push([now, detail.key])));
    };
    const small = new OffscreenCanvas(24, 16).getContext('2d', {willReadFrequently: true});
    const look = () => {
        small.clearRect(0, 0, 24, 16);
        small.drawImage(canvases[0], 0, 0, 24, 16);
        seen.blank += !small.getImageData(0, 0, 24, 16).data.some(value => value);
        seen.heights.add(root.offsetHeight);
        seen.scrolls.add(scroller.scrollTop);
    };
    const frame = () => {
        const red = pixel.getImageData(pixel.canvas.width / 2, pixel.canvas.height / 2, 1, 1).data[0];
        if (red !== shown) { shown = red; afterPaint(now => seen.frames.push([now, red])); }
        if (window.__courseLook) look();
        if (on) requestAnimationFrame(frame);
    };
    window.addEventListener('mousemove', move);
    root.addEventListener('course-drawn', drawn);
    frame();
    window.__courseStop = () => {
        on = false;
        window.removeEventListener('mousemove', move);
        root.removeEventListener('course-drawn', drawn);
        const now = [...root.querySelectorAll('canvas')];
        const kept = now.length === canvases.length && canvases.every((canvas, i) => canvas === now[i]);
        return {...seen, heights: [...seen.heights], scrolls: [...seen.scrolls], kept, drawn: root.dataset.drawn};
    };
}
"""


def responses(inputs: Sequence[Sequence[float]], frames: Sequence[Sequence[float]]) -> list[float]:
    """Return for each input the milliseconds until its value or a later one was painted; infinity for never.

    Parameters
    ----------
    inputs : sequence of (event time in ms, code of the slider's new position)
    frames : sequence of (time after paint in ms, code on the pixel)
    """
    answered, done = [float("inf")] * len(inputs), 0
    for time, code in frames:
        newest = max((i for i in range(done, len(inputs)) if inputs[i][1] == code and inputs[i][0] <= time), default=-1)
        for i in range(done, newest + 1):
            answered[i] = time - inputs[i][0]
        done = max(done, newest + 1)
    return answered


def measure(page: NotebookPage, control: str, drags: int, cold: bool) -> dict[str, list[float]]:
    """Drag a slider to and fro; return the responses, the last input's, and the full picture's, in milliseconds."""
    result: dict[str, list[float]] = {"response": [], "last": [], "full": []}
    for _ in range(drags):
        _prepare(page, cold)
        page.page.evaluate(WATCH, [page.panel().element_handle(), control])
        page.drag(control, to=_far_end(page, control), steps=STEPS, pause=PAUSE)
        page.wait_rested()
        page.page.wait_for_timeout(80)
        seen = page.page.evaluate("() => window.__courseStop()")
        times = responses(seen["inputs"], seen["frames"])
        result["response"] += times
        result["last"].append(times[-1])
        result["full"].append(_full(seen))
    return result


def _far_end(page: NotebookPage, control: str) -> str:
    """Return the end of the slider's track that is further away."""
    handle = page.panel().locator(f'[data-control="{control}"] .noUi-handle')
    low, now, high = handle.evaluate(SPAN)
    return "max" if now - low <= high - now else "min"


def _full(seen: dict[str, Any]) -> float:
    """Return the milliseconds from the last input to the painted full picture of the settings it led to."""
    return next((at for at, key in seen["full"] if key == seen["drawn"]), float("inf")) - seen["inputs"][-1][0]


def _prepare(page: NotebookPage, cold: bool) -> None:
    """Take a new seed, for which nothing is at hand, and unless the drag is to be cold let the sweep go ahead."""
    page.page.wait_for_timeout(500)
    page.panel().locator(".course-presets button", has_text="surprise me").click()
    if not cold:
        page.wait_rested()
        page.page.wait_for_timeout(1200)


def look(page: NotebookPage, control: str) -> dict[str, Any]:
    """Drag once more and look at every frame: blank ones, changes of height or scroll, nodes replaced."""
    page.page.evaluate("() => { window.__courseLook = true; }")
    page.page.evaluate(WATCH, [page.panel().element_handle(), control])
    for end in ("min", "max"):
        page.drag(control, to=end, steps=STEPS, pause=PAUSE)
    page.wait_rested()
    seen = page.page.evaluate("() => { window.__courseLook = false; return window.__courseStop(); }")
    jumps = {"heights": len(seen["heights"]), "scrolls": len(seen["scrolls"])}
    return {"blank": seen["blank"], **jumps, "nodes kept": seen["kept"]}


def summary(seen: dict[str, list[float]]) -> dict[str, float]:
    """Return the figures that the bars are about, in milliseconds."""
    p50, p95 = np.percentile(seen["response"], [50, 95])
    figures = {"p50": p50, "p95": p95, "last": max(seen["last"]), "full": float(np.median(seen["full"]))}
    return {name: round(float(value), 1) for name, value in figures.items()} | {"inputs": len(seen["response"])}


def notebook(panel: str) -> nbformat.NotebookNode:
    """Return a notebook that shows one panel with the coding chart added."""
    module, name = panel.split(":")
    source = f"from {module} import {name}\nfrom benchmarks.coded_panel import coded\ncoded({name}).show()"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source, id="panel")]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def panels() -> list[str]:
    """Return the panels to measure: of every built module that has one, then the stand-ins."""
    try:
        slugs = [module.slug for module in load().modules if module.built]
    except ManifestError:
        slugs = []
    lessons = [f"course_lib.lessons.{slug}" for slug in slugs]
    own = [f"{lesson}:PANEL" for lesson in lessons if importlib.util.find_spec(lesson)]
    return [*own, *STAND_INS]


def run(chosen: Sequence[str], drags: int, nodelay: bool = True) -> list[dict[str, Any]]:
    """Measure panels in one JupyterLab and one browser; return a row for each panel and kind of drag."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="slider-latency-") as scratch:
        books, state = Path(scratch) / "notebooks", Path(scratch) / "state"
        books.mkdir()
        with Lab(books, state, nodelay=nodelay) as lab, Browser() as browser:
            for number, panel in enumerate(chosen):
                nbformat.write(notebook(panel), books / f"{number}.ipynb")
                rows += _measure_panel(browser.open(lab, f"{number}.ipynb"), panel, drags)
    return rows


def _measure_panel(page: NotebookPage, panel: str, drags: int) -> list[dict[str, Any]]:
    module, name = panel.split(":")
    control = dragged(getattr(importlib.import_module(module), name)).name
    page.run_all()
    rows = []
    for kind in ("ahead", "cold"):
        figures = summary(measure(page, control, drags, cold=kind == "cold"))
        rows.append({"panel": panel, "slider": control, "drag": kind, **figures})
    rows[0] |= look(page, control)
    page.close()
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures as a small text table; a figure that misses its bar is marked."""
    lines = [f"{'panel':<44} {'drag':<6} {'p50':>7} {'p95':>7} {'last':>7} {'full':>7}   (ms; ! misses its bar)"]
    for row in rows:
        cells = [f"{row[name]:>6.0f}{'!' if row[name] > bar else ' '}" for name, bar in BARS.items()]
        lines.append(f"{row['panel'].removeprefix('course_lib.'):<44} {row['drag']:<6} {' '.join(cells)}")
        if "blank" in row:
            seen = f"{row['blank']} blank frames, {row['heights']} height, {row['scrolls']} scroll position"
            lines.append(f"    {seen}, nodes {'kept' if row['nodes kept'] else 'REPLACED'}")
    return "\n".join(lines)


def machine() -> str:
    """Name the machine, and how busy it was."""
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"Python {platform.python_version()}"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {python}{busy}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", action="append", metavar="MODULE:NAME", help="measure this panel only (repeatable)")
    parser.add_argument("--drags", type=int, default=6, help="drags of each kind (default 6)")
    parser.add_argument("--no-nodelay", action="store_true", help="leave the course's server extension out")
    chosen = parser.parse_args(arguments)
    if reason := missing():
        print(f"slider_latency: {reason}")
        return 1
    before = machine()
    rows = run(chosen.panel or panels(), chosen.drags, nodelay=not chosen.no_nodelay)
    print(f"Slider to pixel, {before}; bars: {', '.join(f'{name} {bar:.0f}' for name, bar in BARS.items())} ms")
    print(table(rows))
    if chosen.panel or chosen.no_nodelay:
        return 0  # a part, or another set-up: not the record
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": before, "bars": BARS, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
