"""Tables of several queries: one row for each set of labels, one column for each query."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import common as common_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.models import common, dashboard

from .config import PLAIN
from .panels import DATASOURCE, Panel, Query, Steps, Text, steps_of, targets, thresholds


@dataclass(frozen=True)
class Column:
    """A column: a label, or the value of the query that stands in the same place among the queries.

    Args:
        expr: PromQL whose value is shown; "" for a label.
        label: the label that is shown.
        cell: "" for plain text, "gauge" for a bar, "text" or "background" to colour by the steps.
        words: value to (text, colour).
        nothing: what an empty cell says.
        shown: whether there is such a column; its query brings rows that no other has.
    """

    header: str
    expr: str = ""
    label: str = ""
    unit: str = ""
    width: int | None = None
    cell: str = ""
    steps: Steps = PLAIN
    most: float | None = None
    decimals: int | None = None
    words: tuple[tuple[str, str, str], ...] = ()
    nothing: str = "-"
    shown: bool = True


_CELLS = {
    "gauge": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
    "text": {"type": "color-text"},
    "background": {"type": "color-background", "mode": "basic"},
}


def table(
    text: Text,
    columns: Sequence[Column],
    *,
    hidden: Sequence[str] = (),
    sort: str = "",
    descending: bool = True,
    unit: str = "short",
) -> Panel:
    """Return a table. Rows of several queries are one where the labels agree that all queries have.

    Args:
        hidden: labels of the queries that are not shown.
        sort: the header to sort by.
    """
    values = [column for column in columns if column.expr]
    panel: Panel = (
        table_builder.Panel().title(text.title).description(text.description).no_value(text.nothing).unit(unit)
    )
    panel = panel.datasource(DATASOURCE).thresholds(thresholds(PLAIN)).show_header(True)
    panel = panel.cell_height(common.TableCellHeight.SM).filterable(False)
    panel = panel.targets(targets([Query(column.expr) for column in values], instant=True, table=True))
    panel = panel.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    sources = {
        column.label or ("Value" if len(values) == 1 else f"Value #{ascii_uppercase[values.index(column)]}"): column
        for column in columns
    }
    unseen = [source for source, column in sources.items() if not column.shown]
    organize = {
        "excludeByName": dict.fromkeys(["Time", *hidden, *unseen], True),
        "indexByName": {source: place for place, source in enumerate(sources)},
        "renameByName": {source: column.header for source, column in sources.items()},
    }
    panel = panel.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=organize))
    for column in columns:
        panel = panel.override_by_name(column.header, _properties(column))
    if sort:
        panel = panel.sort_by([common_builder.TableSortByFieldState().display_name(sort).desc(descending)])
    return panel


def _properties(column: Column) -> list[dashboard.DynamicConfigValue]:
    found: dict[str, Any] = {}
    if column.unit:
        found["unit"] = column.unit
    if column.decimals is not None:
        found["decimals"] = column.decimals
    if column.width is not None:
        found["custom.width"] = column.width
    if column.label:
        found["custom.align"] = "left"
    if column.cell:
        found["custom.cellOptions"] = _CELLS[column.cell]
        found["thresholds"] = {"mode": "absolute", "steps": steps_of(column.steps)}
        found["color"] = {"mode": "thresholds"}
    if column.cell == "gauge":
        found |= {"min": 0, "max": 1 if column.most is None else column.most}
    # noValue alone would colour an empty cell by the lowest step.
    empty = {"text": column.nothing, "color": "text", "index": len(column.words)}
    found["mappings"] = [{"type": "special", "options": {"match": "null+nan", "result": empty}}]
    if column.words:
        options = {
            value: {"text": shown, "index": index} | ({"color": shade} if shade else {})
            for index, (value, shown, shade) in enumerate(column.words)
        }
        found["mappings"].insert(0, {"type": "value", "options": options})
    found["noValue"] = column.nothing
    return [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in found.items()]
