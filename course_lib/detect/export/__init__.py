"""The export: rules for Prometheus with their tests, runbook pages, maps to other systems' names, Sigma, and traces.

The models' clocks run fast: their services are looked at every second or two, and are down within a minute. Scrapes
come every 15 seconds, so the export's clock runs slower by `clock.Clock.slower`, for rules and traces alike; what the
lesson's evaluator sees, Prometheus sees.
"""

from course_lib.detect.export.bundle import services, write, write_traces
from course_lib.detect.export.promql import ExportError

__all__ = ["ExportError", "services", "write", "write_traces"]
