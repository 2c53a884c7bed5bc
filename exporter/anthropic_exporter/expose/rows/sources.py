"""Where a value comes from and how often it is read, as HELP tells it, where several endpoints can serve one purpose.

Which one does is on the landing page; HELP names all of them, so that it is the same everywhere.
"""

_USAGE = (
    "GET /v1/organizations/usage_report/messages, /v1/organizations/analytics/usage or"
    " /v1/organizations/{id}/usage_report/messages, polled every 60s by default"
)
_KEY_USAGE = (
    "GET /v1/organizations/usage_report/messages or /v1/organizations/analytics/usage per API key, polled every 5m by"
    " default"
)
_COST = "GET /v1/organizations/analytics/cost or /v1/organizations/cost_report, polled every 10m by default"

USAGE = f" ({_USAGE})."
KEY_USAGE = f" ({_KEY_USAGE})."
COST = f" ({_COST})."
SPEND = f" (billed: {_COST}; estimated: {_USAGE})."
ORGANIZATION = " (GET /v1/organizations/me or /v1/organizations, polled every 10m by default)."
WORKSPACES = " (GET /v1/organizations/workspaces or /v1/organizations/{id}/workspaces, polled every 10m by default)."
