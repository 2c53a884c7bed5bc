"""The variant for grafana.com and for import by hand: it asks for the data source and says what it needs."""

import copy
from typing import Any

GRAFANA = "10.4.0"
_INPUT = {
    "name": "DS_PROMETHEUS",
    "label": "Prometheus",
    "description": "The Prometheus that scrapes anthropic-exporter",
    "type": "datasource",
    "pluginId": "prometheus",
    "pluginName": "Prometheus",
}
_NAMES = {"bargauge": "Bar gauge", "stat": "Stat", "statetimeline": "State timeline", "table": "Table"}


def importable(found: dict[str, Any]) -> dict[str, Any]:
    """Return the dashboard with ``__inputs`` and ``__requires``, its data source preset to what is chosen then."""
    made = copy.deepcopy(found)
    for variable in made["templating"]["list"]:
        if variable["type"] == "datasource":
            variable["current"] = {"selected": True, "text": "${DS_PROMETHEUS}", "value": "${DS_PROMETHEUS}"}
    kinds = sorted({panel["type"] for panel in made["panels"]} - {"row"})
    made["__inputs"] = [_INPUT]
    made["__elements"] = {}
    made["__requires"] = [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA},
        {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
        *({"type": "panel", "id": kind, "name": _NAMES.get(kind, "Time series"), "version": ""} for kind in kinds),
    ]
    made["id"] = None
    return made
