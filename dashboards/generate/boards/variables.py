"""What can be chosen at the top of a dashboard."""

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.models import dashboard

from .config import SEL, TARGET
from .panels import DATASOURCE

ALL = dashboard.VariableOption(text="All", value="$__all", selected=True)


def data_source() -> builder.DatasourceVariable:
    """Return the choice of the Prometheus that is asked."""
    return builder.DatasourceVariable("datasource").label("Data source").type("prometheus")


def job() -> builder.QueryVariable:
    """Return the scrape jobs that are this exporter."""
    return _labels("job", "Job", "label_values(anthropic_exporter_build_info, job)")


def instance() -> builder.QueryVariable:
    """Return the exporters of the job."""
    return _labels("instance", "Instance", 'label_values(anthropic_exporter_build_info{job=~"$job"}, instance)')


def organization() -> builder.QueryVariable:
    """Return the organizations, by name."""
    return _names(
        "organization_id",
        "Organization",
        f"max by (organization_id, organization_name) (anthropic_organization_info{{{TARGET}}})",
        "organization_name",
    )


def workspace() -> builder.QueryVariable:
    """Return the workspaces, by name."""
    return _names(
        "workspace_id",
        "Workspace",
        f"max by (workspace_id, workspace_name) (anthropic_workspace_info{{{SEL}}})",
        "workspace_name",
    )


def model() -> builder.QueryVariable:
    """Return the models in use this month or last."""
    return _labels("model", "Model", f"label_values(anthropic_usage_month_to_date_tokens{{{SEL}}}, model)")


def api_key() -> builder.QueryVariable:
    """Return the API keys, by name."""
    return _names(
        "api_key_id",
        "API key",
        f"max by (api_key_id, api_key_name) (anthropic_api_key_info{{{SEL}}})",
        "api_key_name",
    )


def lag() -> builder.CustomVariable:
    """Return by how much graphs of rates are moved back. ``offset -0s`` is no PromQL before Prometheus 3, so 1s."""
    return (
        builder.CustomVariable("lag")
        .label("Move back by")
        .description("Data arrives some minutes after its use. This moves graphs of rates back to where the use was.")
        .values("none : 1s, 3m : 3m, 5m : 5m, 10m : 10m")
        .options(
            [
                dashboard.VariableOption(text=text, value=value, selected=text == "none")
                for text, value in (("none", "1s"), ("3m", "3m"), ("5m", "5m"), ("10m", "10m"))
            ]
        )
        .current(dashboard.VariableOption(text="none", value="1s", selected=True))
        .multi(False)
        .include_all(False)
    )


def _labels(name: str, label: str, query: str) -> builder.QueryVariable:
    return (
        builder.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query({"query": query, "refId": f"{name}-values", "qryType": 1})
        .definition(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(ALL)
    )


def _names(name: str, label: str, expr: str, text: str) -> builder.QueryVariable:
    """Show the name, use the ID. Prometheus writes labels in alphabetical order, so the ID comes first or last."""
    first, second = sorted((name, text))
    group = {name: "value", text: "text"}
    query = f"query_result({expr})"
    return (
        _labels(name, label, query)
        .query({"query": query, "refId": f"{name}-values", "qryType": 3})
        .regex(f'/{first}="(?<{group[first]}>[^"]+)".*{second}="(?<{group[second]}>[^"]+)"/')
    )
