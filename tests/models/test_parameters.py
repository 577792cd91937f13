"""What a field of a model's parameters says of itself."""

import dataclasses

import pytest

from course_lib.models import cache_stampede, hot_partition, retry_storm
from course_lib.models.drills import retry_chain, stampede_drill
from course_lib.models.parameters import OPERATOR, WORLD

MODELS = [retry_storm, cache_stampede, hot_partition, retry_chain, stampede_drill]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_field_says_what_it_is_and_who_changes_it(model):
    for field in dataclasses.fields(model.Parameters):
        about = field.metadata
        assert about["meaning"] and about["source"] and about["by"] in (WORLD, OPERATOR), field.name
        assert about["choices"] or about["low"] < about["high"], field.name
    kinds = {field.name: field.metadata["kind"] for field in dataclasses.fields(model.Parameters)}
    assert kinds["dt"] == "fixed"


@pytest.mark.parametrize(
    ("model", "world", "operator"),
    [
        (retry_storm, "arrival_rate", "max_retries"),
        (cache_stampede, "trigger", "stale_while_revalidate"),
        (hot_partition, "viral_share", "salts"),
    ],
)
def test_the_world_and_the_operator_are_told_apart(model, world, operator):
    by = {field.name: field.metadata["by"] for field in dataclasses.fields(model.Parameters)}
    assert (by[world], by[operator]) == (WORLD, OPERATOR)
