"""The real course.toml, and what is said of a wrong one."""

import pytest
import tiny_course

from course_lib import manifest

SLUGS = (
    "retry_storm cache_stampede split_brain hot_partition queue_overload dns_outage discovery_failure "
    "cascading_failure metastable_failure gray_failure bad_rollout repeat_incident"
).split()


def test_the_course_lists_its_twelve_modules_in_order():
    course = manifest.load()
    assert [module.slug for module in course.modules] == SLUGS
    assert [module.number for module in course.modules] == list(range(1, 13))


@pytest.mark.parametrize("module", manifest.load().modules, ids=lambda module: module.name)
def test_a_built_module_has_its_files_and_objectives(module):
    files = (module.lesson, module.lab, module.solution)
    assert [path.name for path in files if path.exists()] == ([f"{module.name}.ipynb"] * 3 if module.built else [])
    assert not module.built or 3 <= len(module.objectives) <= 5
    assert not module.built or len(module.lesson_points) == 1


def test_paths_and_names(tmp_path):
    module = tiny_course.make(tmp_path).module("tiny")
    assert module.name == "01_tiny"
    assert module.lesson == tmp_path / "notebooks" / "01_tiny.ipynb"
    assert module.lab == tmp_path / "labs" / "01_tiny.ipynb"
    assert module.solution == tmp_path / "solutions" / "01_tiny.ipynb"
    assert module.points("lab") == {"double": 10, "halve": 20}


@pytest.mark.parametrize("key", [1, "1", "01", "tiny", "01_tiny"])
def test_a_module_is_found_by_number_slug_or_name(tmp_path, key):
    assert tiny_course.make(tmp_path).module(key).slug == "tiny"


def test_an_unknown_module_is_one_line(tmp_path):
    with pytest.raises(manifest.ManifestError, match="no module is called '99'"):
        tiny_course.make(tmp_path).module("99")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("number = 2", "number = 3", "later has number 3 but stands in place 2"),
        ('slug = "later"', 'slug = "tiny"', "two modules are called tiny"),
        ('prerequisites = ["tiny"]', 'prerequisites = ["dns"]', "needs dns, which is not an earlier module"),
        ("double = 10", "greet = 10", "has task greet in its lesson and in its lab"),
        ("minutes = 5", "minutes = 0", "module tiny: minutes: Input should be greater than 0"),
        ("minutes = 5", "minuets = 5", "module tiny: minuets: Extra inputs"),
        ('title = "Doubling"\n', "", "module tiny: title: Field required"),
        ("lab_points = { double = 10, halve = 20 }", "", "tiny is built but its lab has no points"),
        ("built = true", "built = true\npostmortem_points = -1", "module tiny: postmortem_points: Input should be"),
        ('title = "Tiny course"', 'name = "Tiny course"', "unknown entry 'name'"),
        ("[[module]]", "[[module", "is not TOML"),
    ],
)
def test_a_wrong_manifest_is_one_line_that_names_the_place(tmp_path, old, new, message):
    (tmp_path / "course.toml").write_text(tiny_course.MANIFEST.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(manifest.ManifestError, match=message) as caught:
        manifest.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_two_modules_that_ask_for_a_post_mortem_are_refused(tmp_path):
    both = tiny_course.MANIFEST.replace("built =", "postmortem_points = 10\nbuilt =")
    (tmp_path / "course.toml").write_text(both, encoding="utf-8")
    with pytest.raises(manifest.ManifestError, match="tiny and later both give points for a post-mortem"):
        manifest.load(tmp_path)


def test_a_missing_manifest_is_one_line(tmp_path):
    with pytest.raises(manifest.ManifestError, match=r"course\.toml is not there"):
        manifest.load(tmp_path)


def test_the_environment_names_the_course(tmp_path, monkeypatch):
    tiny_course.make(tmp_path)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    assert manifest.load().title == "Tiny course"
