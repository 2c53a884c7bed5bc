"""Panels put on a page, with its variables, annotations and links."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from . import annotations, variables
from .config import REFRESH, TAG, Board
from .panels import Panel

WIDTH = 24


@dataclass(frozen=True)
class Line:
    """Panels side by side, of one height; each with its width in 24ths of the page."""

    height: int
    panels: Sequence[tuple[Panel, int]]


@dataclass(frozen=True)
class Section:
    """Lines under a heading; the first section of a page has none."""

    title: str
    lines: Sequence[Line]


def to_board(panel: Panel, board: Board) -> Panel:
    """Return the panel with a link to another dashboard, which keeps what was chosen."""
    url = f"/d/{board.uid}?${{__url_time_range}}&${{__all_variables}}"
    link = builder.DashboardLink(board.title).type(dashboard.DashboardLinkType.LINK).url(url)
    return panel.links([link])


def page(board: Board, description: str, chosen: Sequence[Any], sections: Sequence[Section]) -> dict[str, Any]:
    """Return the JSON of a dashboard, in Grafana's classic schema.

    Args:
        chosen: variables beside data source, job, instance and organization.
    """
    built = (
        builder.Dashboard(board.title)
        .uid(board.uid)
        .description(description)
        .tags([TAG])
        .timezone("utc")  # the days of the bill are UTC
        .readonly()
        .time(board.since, "now")
        .refresh(REFRESH)
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .version(1)
        .link(
            builder.DashboardLink("Anthropic")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
            .icon("external link")
            .tooltip("The other dashboards about Anthropic")
        )
    )
    common = (variables.data_source(), variables.job(), variables.instance(), variables.organization())
    for variable in (*common, *chosen):
        built = built.with_variable(variable)
    for event in (annotations.new_models(), annotations.new_keys(), *annotations.limit_changes()):
        built = built.annotation(event)
    _place(built, sections)
    found: dict[str, Any] = json.loads(json.dumps(built.build(), cls=JSONEncoder))
    return found


def _place(built: builder.Dashboard, sections: Sequence[Section]) -> None:
    number, top = 1, 0
    for section in sections:
        if section.title:
            place = dashboard.GridPos(x=0, y=top, w=WIDTH, h=1)
            built.with_row(builder.Row(section.title).id(number).grid_pos(place).collapsed(False))
            number, top = number + 1, top + 1
        for line in section.lines:
            left = 0
            for panel, width in line.panels:
                place = dashboard.GridPos(x=left, y=top, w=width, h=line.height)
                built.with_panel(panel.id(number).grid_pos(place))
                number, left = number + 1, left + width
            if left != WIDTH:
                raise ValueError(f"{section.title}: a line is {left} wide, not {WIDTH}")
            top += line.height


def text(found: dict[str, Any]) -> str:
    """Return the bytes that are committed: the same for the same dashboard."""
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
