"""Shared builders: every panel has a title, a description, a unit and words for when there is nothing to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import bargauge as bargauge_builder
from grafana_foundation_sdk.builders import common as common_builder
from grafana_foundation_sdk.builders import dashboard as dashboard_builder
from grafana_foundation_sdk.builders import prometheus as prometheus_builder
from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import statetimeline as statetimeline_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.models import common, dashboard, prometheus

from .config import CALM, DAY_STEP, MONTH, PLAIN, RATE_STEP

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
Steps = Sequence[tuple[float | None, str]]
Panel = Any  # the builders of panels share methods, not a type


@dataclass(frozen=True)
class Query:
    """One PromQL expression.

    Args:
        legend: the name of each series, with ``{{label}}``.
        step: the least distance of points; "" leaves it to Grafana.
    """

    expr: str
    legend: str = ""
    step: str = ""


def rated(expr: str, legend: str) -> Query:
    """Return a query with ``$__rate_interval``, which the step makes long enough for late data."""
    return Query(expr, legend, RATE_STEP)


def daily(expr: str, legend: str) -> Query:
    """Return a query with one point for each UTC day."""
    return Query(expr, legend, DAY_STEP)


@dataclass(frozen=True)
class Text:
    """The words of a panel."""

    title: str
    description: str
    nothing: str = "no data"


def thresholds(steps: Steps) -> dashboard_builder.ThresholdsConfig:
    """Return absolute thresholds; the first step has no value."""
    return (
        dashboard_builder.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=value, color=color) for value, color in steps])
    )


def steps_of(steps: Steps) -> list[dict[str, Any]]:
    """Return the steps of thresholds as an override has them."""
    return [{"color": shade, "value": value} for value, shade in steps]


def colour(mode: dashboard.FieldColorModeId, fixed: str | None = None) -> dashboard_builder.FieldColor:
    """Return a colour mode."""
    built = dashboard_builder.FieldColor().mode(mode)
    return built.fixed_color(fixed) if fixed else built


BY_ORDER = dashboard.FieldColorModeId.PALETTE_CLASSIC  # by name, two of a dozen models would often look alike
BY_VALUE = dashboard.FieldColorModeId.THRESHOLDS
FIXED = dashboard.FieldColorModeId.FIXED


def words(texts: Mapping[str, tuple[str, str]]) -> list[dashboard.ValueMap]:
    """Return value mappings from value to (text, colour)."""
    options = {
        value: dashboard.ValueMappingResult(text=text, color=shade, index=index)
        for index, (value, (text, shade)) in enumerate(texts.items())
    }
    return [dashboard.ValueMap(options=options)]


def words_from(least: float, text: str, shade: str) -> list[dashboard.RangeMap]:
    """Return a mapping from every value from so much on to a text."""
    result = dashboard.ValueMappingResult(text=text, color=shade, index=2)
    return [dashboard.RangeMap(options=dashboard.DashboardRangeMapOptions(from_val=least, to=None, result=result))]


YES_NO = words({"1": ("yes", "green"), "0": ("no", "red")})


def targets(queries: Sequence[Query], *, instant: bool, table: bool = False) -> list[Any]:
    """Return the queries as Grafana has them, called A, B and so on."""
    return [
        _target(query, ref, instant=instant, table=table) for ref, query in zip(ascii_uppercase, queries, strict=False)
    ]


def _target(query: Query, ref: str, *, instant: bool, table: bool) -> prometheus_builder.Dataquery:
    built = prometheus_builder.Dataquery().ref_id(ref).expr(query.expr).datasource(DATASOURCE)
    built = built.editor_mode(prometheus.QueryEditorMode.CODE)
    built = built.instant() if instant else built.range()
    built = built.format(prometheus.PromQueryFormat.TABLE if table else prometheus.PromQueryFormat.TIME_SERIES)
    built = built.legend_format(query.legend) if query.legend else built
    return built.interval(query.step) if query.step else built


def _base(panel: Panel, text: Text, unit: str) -> Panel:
    return (
        panel.title(text.title).description(text.description).no_value(text.nothing).unit(unit).datasource(DATASOURCE)
    )


def _last() -> common_builder.ReduceDataOptions:
    return common_builder.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def stat(
    text: Text,
    unit: str,
    *queries: Query,
    steps: Steps = PLAIN,
    decimals: int | None = None,
    mappings: list[Any] | None = None,
    names: bool = False,
    horizontal: bool = False,
) -> Panel:
    """Return one number, or one for each series."""
    # Instant, so that a value ends with its source and is not the last one that was ever seen.
    panel = _base(stat_builder.Panel(), text, unit).targets(targets(queries, instant=True))
    panel = panel.thresholds(thresholds(steps)).color_scheme(colour(BY_VALUE)).reduce_options(_last())
    panel = panel.color_mode(common.BigValueColorMode.VALUE)
    panel = panel.graph_mode(common.BigValueGraphMode.NONE).justify_mode(common.BigValueJustifyMode.AUTO)
    panel = panel.text_mode(common.BigValueTextMode.VALUE_AND_NAME if names else common.BigValueTextMode.VALUE)
    panel = panel.orientation(common.VizOrientation.HORIZONTAL if horizontal else common.VizOrientation.AUTO)
    panel = panel.mappings(mappings) if mappings else panel
    return panel if decimals is None else panel.decimals(decimals)


def bars(
    text: Text,
    unit: str,
    query: Query,
    *,
    steps: Steps = CALM,
    most: float | None = None,
    decimals: int | None = None,
) -> Panel:
    """Return horizontal bars, in the order of the query."""
    panel = _base(bargauge_builder.Panel(), text, unit).targets(targets([query], instant=True))
    panel = panel.thresholds(thresholds(steps)).color_scheme(colour(BY_VALUE)).reduce_options(_last())
    panel = panel.orientation(common.VizOrientation.HORIZONTAL).display_mode(common.BarGaugeDisplayMode.BASIC)
    panel = panel.value_mode(common.BarGaugeValueMode.TEXT).show_unfilled(True).min(0)
    panel = panel.name_placement(common.BarGaugeNamePlacement.LEFT).sizing(common.BarGaugeSizing.MANUAL)
    panel = panel.min_viz_height(14).max_viz_height(28).min_viz_width(8)
    panel = panel.text(common_builder.VizTextDisplayOptions().value_size(14))
    panel = panel if most is None else panel.max(most)
    return panel if decimals is None else panel.decimals(decimals)


def lines(
    text: Text,
    unit: str,
    *queries: Query,
    stacked: bool = False,
    steps: Steps | None = None,
    most: float | None = None,
    least: float | None = 0,
    legend: bool = True,
    calcs: Sequence[str] = (),
    side: bool = False,
    decimals: int | None = None,
) -> Panel:
    """Return lines over time, or areas that are stacked."""
    panel = _base(timeseries_builder.Panel(), text, unit).targets(targets(queries, instant=False))
    panel = panel.color_scheme(colour(BY_ORDER)).line_width(1 if stacked else 2)
    panel = panel.fill_opacity(35 if stacked else 0).show_points(common.VisibilityMode.NEVER)
    panel = panel.line_interpolation(common.LineInterpolation.LINEAR).span_nulls(False)
    panel = panel.tooltip(_tooltip()).legend(_legend(show=legend, calcs=calcs, side=side))
    if stacked:
        panel = panel.stacking(common_builder.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if steps is not None:
        style = common_builder.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds(thresholds([*steps])).thresholds_style(style)
    panel = panel if least is None else panel.min(least)
    panel = panel if most is None else panel.axis_soft_max(most)
    return panel if decimals is None else panel.decimals(decimals)


def day_bars(
    text: Text,
    unit: str,
    *queries: Query,
    calcs: Sequence[str] = (),
    side: bool = False,
    since: str | None = MONTH,
) -> Panel:
    """Return stacked bars, one for each UTC day of the last month whatever range is chosen."""
    panel = lines(text, unit, *queries, stacked=True, calcs=calcs, side=side)
    panel = panel.draw_style(common.GraphDrawStyle.BARS).fill_opacity(75).line_width(0).bar_width_factor(0.7)
    panel = panel.bar_alignment(common.BarAlignment.CENTER)
    return panel if since is None else panel.time_from(since)


def states(text: Text, unit: str, query: Query, mappings: list[dashboard.ValueMap]) -> Panel:
    """Return a band for each series that shows what state it was in."""
    panel = _base(statetimeline_builder.Panel(), text, unit).targets(targets([query], instant=False))
    panel = panel.mappings(mappings).color_scheme(colour(BY_VALUE)).thresholds(thresholds(PLAIN))
    panel = panel.show_value(common.VisibilityMode.NEVER).row_height(0.8).fill_opacity(70).line_width(0)
    return panel.legend(_legend(show=False)).tooltip(_tooltip()).merge_values(True)


def _tooltip() -> common_builder.VizTooltipOptions:
    return common_builder.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)


def _legend(*, show: bool, calcs: Sequence[str] = (), side: bool = False) -> common_builder.VizLegendOptions:
    legend = common_builder.VizLegendOptions().show_legend(show).calcs(list(calcs))
    legend = legend.placement(common.LegendPlacement.RIGHT if side else common.LegendPlacement.BOTTOM)
    return legend.display_mode(common.LegendDisplayMode.TABLE if calcs else common.LegendDisplayMode.LIST)


@dataclass(frozen=True)
class Override:
    """What is different about the series of one name; a pattern if ``regexp``."""

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    regexp: bool = False


def override(panel: Panel, *overrides: Override) -> Panel:
    """Return the panel with overrides put in."""
    for each in overrides:
        properties = [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in each.properties.items()]
        put = panel.override_by_regexp if each.regexp else panel.override_by_name
        panel = put(each.name, properties)
    return panel


TOKEN_COLOURS = {
    "uncached_input": "blue",
    "cache_read": "green",
    "cache_creation": "yellow",
    "cache_creation_5m": "yellow",
    "cache_creation_1h": "orange",
    "output": "purple",
}


def token_types(panel: Panel) -> Panel:
    """Return the panel with the same colour for a type of token everywhere."""
    return override(
        panel,
        *(Override(name, {"color": {"fixedColor": shade, "mode": "fixed"}}) for name, shade in TOKEN_COLOURS.items()),
    )


FAMILY_COLOURS = {"opus": "purple", "sonnet": "blue", "haiku": "green", "fable": "orange"}


def models(panel: Panel) -> Panel:
    """Return the panel with shades of one colour for the models of a family, the same in every graph."""
    return override(
        panel,
        *(
            Override(f"/{family}/", {"color": {"fixedColor": shade, "mode": "shades"}}, regexp=True)
            for family, shade in FAMILY_COLOURS.items()
        ),
    )


MARKS = {
    "custom.drawStyle": "points",
    "custom.pointSize": 7,
    "custom.showPoints": "always",
    "custom.stacking": {"group": "B", "mode": "none"},
    "custom.fillOpacity": 0,
    "color": {"fixedColor": "text", "mode": "fixed"},
}
"""Makes a series of a bar panel points of their own."""
