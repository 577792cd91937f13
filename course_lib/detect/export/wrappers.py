"""The same rules in other clothes: for the operator, as a mixin, and as a dashboard."""

from __future__ import annotations

from typing import Any


def prometheus_rule(slug: str, group: dict[str, Any]) -> dict[str, Any]:
    """Return the custom resource of the Prometheus operator."""
    name = f"course-{slug.replace('_', '-')}"
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "labels": {"role": "alert-rules"}},
        "spec": {"groups": [group]},
    }


def mixin(groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Return alerts and recording rules apart, as monitoring mixins have them; JSON is valid jsonnet."""

    def part(kind: str, name: str) -> dict[str, Any]:
        chosen = [{**group, "name": f"{group['name']}{name}", "rules": [r for r in group["rules"] if kind in r]}
                  for group in groups]  # fmt: skip
        return {"groups": chosen}

    return {"prometheusAlerts": part("alert", "-alerts"), "prometheusRules": part("record", "-rules")}


def dashboard(slug: str, group: dict[str, Any]) -> dict[str, Any]:
    """Return a Grafana dashboard: a panel for each recorded series."""
    records = [rule["record"] for rule in group["rules"] if "record" in rule]
    panels = [
        {
            "id": n + 1,
            "type": "timeseries",
            "title": record,
            "gridPos": {"h": 8, "w": 12, "x": 12 * (n % 2), "y": 8 * (n // 2)},
            "targets": [{"refId": "A", "expr": record, "legendFormat": "{{service}}"}],
        }
        for n, record in enumerate(records)
    ]
    return {"uid": group["name"], "title": slug.replace("_", " ").capitalize(), "schemaVersion": 39, "panels": panels}
