"""The bundle and the widget's traits, without a browser."""

import json

import numpy as np
import pytest
import vl_convert

from course_lib.view import live, live_panel
from course_lib.view.picture import unpack
from tests.browser.stand_in_panel import PANEL


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text("")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    return tmp_path / ".course"


def test_the_bundle_is_made_once_per_version(folder, monkeypatch):
    made = []
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda *parts, **options: made.append(options) or "bundle")
    assert [live.bundle_source(), live.bundle_source()] == ["bundle", "bundle"]
    assert made == [{"vl_version": live.VEGA_LITE}]
    monkeypatch.setattr(vl_convert, "__version__", "99")
    live.bundle_source()
    assert len(made) == 2


def test_a_read_only_folder_costs_time_and_nothing_else(folder, monkeypatch):
    folder.write_text("in the way")
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda *parts, **options: "bundle")
    assert live.bundle_source() == "bundle"


def test_the_bundle_draws_what_altair_writes():
    schema = PANEL.specs[0]["$schema"]
    major, minor = schema.rsplit("/v", 1)[1].split(".")[:2]
    assert (int(major), int(minor)) <= tuple(map(int, live.VEGA_LITE.split(".")))
    assert live.VEGA_LITE in vl_convert.get_vegalite_versions()


def test_a_first_picture_arrives_whole():
    settings = PANEL.settings()
    picture = PANEL.pictures([settings]).at(0)
    item = live.first_picture("frame", settings.key, picture)
    json.dumps(item["header"])
    arrived = unpack(item["header"], item["buffer"])[settings.key]
    np.testing.assert_array_equal(arrived.data["run"]["naive"], picture.data["run"]["naive"].astype("f4"))


def test_first_pictures_cover_every_dataset_of_the_charts():
    pictures = live_panel._start_pictures(PANEL, PANEL.settings())
    held = {name for picture in pictures.values() for name in picture.data} | {"here"}
    assert set(live_panel.page(PANEL)["datasets"]) <= held
