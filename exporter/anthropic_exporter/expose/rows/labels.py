"""The label sets that several families share, named as in the table of metrics."""

ORGANIZATION = ("organization_id",)

#: Stands for the labels of ``usage.group_by``, which the configuration decides; the catalogue puts them in
#: its place.
USAGE_LABELS = "usage.group_by"

U = (*ORGANIZATION, USAGE_LABELS)
K = (*ORGANIZATION, "api_key_id", "model", "service_tier")
W = (*ORGANIZATION, "workspace_id", "model")

#: The calendar windows (UTC) that gauges exist for, and how a sentence names them.
WINDOWS = {
    "today": "since 00:00 UTC today",
    "yesterday": "of the previous UTC day",
    "month_to_date": "since the first of this month, UTC",
    "previous_month": "of the previous UTC month",
}
