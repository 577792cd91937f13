"""Sliders, choices and switches: positions, texts, and errors for people."""

import dataclasses

import ipywidgets
import pytest

from course_lib.view.controls import Choice, Slider, Switch, number_text, position_of


def test_positions_are_exact():
    assert Slider("p", "p", 0, 1, 0.1).positions[3] == 0.3
    assert Slider("n", "n", 0, 10, 1).positions == tuple(range(11))
    assert all(isinstance(value, int) for value in Slider("n", "n", 0, 10, 1).positions)


def test_a_position_is_found_through_rounding_noise():
    slider = Slider("p", "p", 0, 1, 0.1)
    assert position_of(slider, 0.1 + 0.2) == 3
    assert position_of(Switch("s", "s"), True) == 1
    assert position_of(Choice("c", "c", ("a", "b")), "b") == 1


def test_a_value_between_positions_is_refused_by_name():
    with pytest.raises(ValueError, match=r"load = 0\.25: the panel's positions are 0 x, 0\.1 x, 0\.2 x, …, 1 x"):
        position_of(Slider("load", "load", 0, 1, 0.1, "x"), 0.25)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"low": 1, "high": 1, "step": 1}, "low < high"),
        ({"low": 0, "high": 1, "step": 0.3}, "no whole number of steps"),
        ({"low": 0, "high": 1, "step": 0.001}, "1001 positions"),
        ({"values": (3, 2)}, "must rise"),
    ],
)
def test_an_impossible_slider_says_what_is_wrong(settings, wrong):
    with pytest.raises(ValueError, match=f"slider load: .*{wrong}"):
        Slider("load", "load", **settings)


@dataclasses.dataclass
class Parameters:
    rate: float = dataclasses.field(
        default=1.0, metadata={"unit": "1/s", "low": 0.0, "high": 4.0, "meaning": "Calls a second."}
    )


def test_a_slider_takes_unit_and_range_from_the_model():
    slider = Slider.of(Parameters, "rate", "rate", step=0.5, high=2.0)
    assert (slider.unit, slider.low, slider.high, slider.hint) == ("1/s", 0.0, 2.0, "Calls a second.")
    assert slider.texts[:3] == ["0 1/s", "0.5 1/s", "1 1/s"]


@pytest.mark.parametrize(
    ("control", "position", "kind", "value"),
    [
        (Slider("n", "n", 0, 10, 1), 4, ipywidgets.IntSlider, 4),
        (Slider("p", "p", 0, 1, 0.25), 3, ipywidgets.FloatSlider, 0.75),
        (Slider("v", "v", values=(1, 10, float("inf"))), 2, ipywidgets.SelectionSlider, float("inf")),
        (Choice("c", "c", ("a", "b")), 1, ipywidgets.Dropdown, "b"),
        (Switch("s", "s"), 1, ipywidgets.Checkbox, True),
    ],
)
def test_every_control_is_an_ipywidget(control, position, kind, value):
    widget = control.widget(position)
    assert type(widget) is kind
    assert widget.value == value == control.positions[position]
    assert position_of(control, widget.value) == position


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 s"), (4e-14, "0 s"), (0.05, "0.05 s"), (999.96, "1,000 s"), (123456, "123,000 s"), (-1.25, "-1.25 s")],
)
def test_numbers_read_well(value, text):
    assert number_text(value, "s") == text
