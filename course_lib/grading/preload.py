"""Load, once for all workers, what their comparisons need."""

import nbval.plugin  # noqa: F401
import pytest  # noqa: F401
