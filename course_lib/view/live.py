"""The live chart: an Altair specification embedded once, whose data change in place.

The browser's side is `charts.js` and `live.js`. Numbers travel as one columnar buffer of 32-bit floats; the page's Vega
bundle travels once per kernel in a widget of its own and, like all of this, works without a network.
"""

from __future__ import annotations

import functools
import uuid
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from course_lib.view.picture import Picture, pack

HERE = Path(__file__).parent
VEGA_LITE = "6.4"


def script(*files: Path) -> str:
    """Return one JavaScript module of what draws (`charts.js`) and the files that use it."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (HERE / "charts.js", *files))


def named() -> dict[str, str]:
    """Return a new model's id, for itself and for its script."""
    own = uuid.uuid4().hex
    return {"model_id": own, "own": own}


class VegaBundle(anywidget.AnyWidget):
    """Vega, Vega-Lite and vega-embed as one JavaScript module: about 0.9 MB, so one a kernel."""

    _esm = "export default { render() {} };"
    source = traitlets.Unicode().tag(sync=True)


@functools.cache
def vega_bundle() -> VegaBundle:
    """Return this kernel's bundle; made by vl-convert in about a second, when first needed."""
    return VegaBundle(source=bundle_source())


def bundle_source() -> str:
    """Return the bundle's source, from the course's cache when this version of it was made before."""
    import vl_convert

    from course_lib.view.prediction import learner_folder, write_whole

    cached = learner_folder() / f"vega-lite-{VEGA_LITE}-{vl_convert.__version__}.js"
    try:
        return cached.read_text(encoding="utf-8")
    except OSError:
        source = vl_convert.javascript_bundle("export { vegaEmbed };", vl_version=VEGA_LITE)
        write_whole(cached, source)
        return source


class LiveChart(anywidget.AnyWidget):
    """Charts, the controls around them, and what stands beside them.

    Attributes
    ----------
    own : str
        The model's id, by which its script finds it; see `hear` in `charts.js`.
    specs : list of dict
        Vega-Lite specifications on named data, from `style.themed`.
    layout_data : dict
        What the page shows besides charts: controls, presets, readouts, challenges, assumptions. See `live.js`.
    controls : list of ipywidgets
        The sliders and other controls, in order; `live.js` places and listens to them.
    seed : int
        Part of the settings; "surprise me" changes it in the browser.
    fresh : bool
        Just run; the page takes note of it and sets it back, so that a reload does not scroll.
    first : dict
        The pictures to start with: a list of ``{header, buffer, kind}``.
    """

    _esm = script(HERE / "live.js")
    _css = HERE / "live.css"
    own = traitlets.Unicode().tag(sync=True)
    specs = traitlets.List().tag(sync=True)
    layout_data = traitlets.Dict().tag(sync=True)
    controls = traitlets.List().tag(sync=True, **ipywidgets.widget_serialization)
    vega = traitlets.Instance(VegaBundle).tag(sync=True, **ipywidgets.widget_serialization)
    seed = traitlets.Int().tag(sync=True)
    fresh = traitlets.Bool(True).tag(sync=True)
    first = traitlets.List().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(vega=vega_bundle(), **named(), **traits)

    def send_picture(self, kind: str, keys: list[str], picture: Picture, **more: Any) -> None:
        """Send pictures to the page, filed under their keys.

        Parameters
        ----------
        kind : {"frame", "ahead", "full", "map"}
        keys : list of str
        picture : Picture
            Of ``len(keys)`` settings.
        **more
            JSON-ready additions to the message.
        """
        header, buffer = pack(keys, picture)
        self.send({"type": "picture", "kind": kind, "header": header, **more}, buffers=[buffer])


def first_picture(kind: str, key: str, picture: Picture) -> dict[str, Any]:
    """Return a picture as an item of `LiveChart.first`."""
    header, buffer = pack([key], picture)
    return {"kind": kind, "header": header, "buffer": buffer}
