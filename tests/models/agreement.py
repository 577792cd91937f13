"""How near a model must come to an independent event loop: one measure for every module."""

from __future__ import annotations

import numpy as np

STEADY, TRANSIENT, TOTAL, PEAK = 0.01, 0.05, 0.005, 0.01  # shares of the event loop's mean


def near(model, oracle, relative, absolute=0.0, what=""):
    """Means over seeds agree within the bar, give or take what the two samples' own scatter allows (95 %)."""
    model, oracle = np.asarray(model, dtype=float), np.asarray(oracle, dtype=float)
    scatter = 1.96 * np.sqrt(model.var() / model.size + oracle.var() / oracle.size)
    off = abs(model.mean() - oracle.mean())
    told = f"{what}: {model.mean():.5g}, event loop {oracle.mean():.5g}, give or take {scatter:.2g}"
    assert off <= max(relative * abs(oracle.mean()), absolute) + scatter, told
