"""What the checks of lab 09 rest on."""

from __future__ import annotations

from course_lib.checks.metastable_failure import _experiment, _unknown


def test_a_small_load_comes_back_however_few_users_chance_sends():
    """On these seeds a tenth fewer than usual come in the quarter of a minute that is looked at."""
    for seed in (80, 143):
        systems, advertised = _unknown(seed)
        assert (_experiment(systems, (0.02 * advertised).round(), seed) > 0.9).all(), seed
