from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.api import paging
from anthropic_exporter.api.decode import Decoder
from anthropic_exporter.api.endpoint import Call, Endpoint
from anthropic_exporter.api.paging import BY_ID, BY_TOKEN, LEGACY, REPORT, Style, walk
from anthropic_exporter.api.shapes import IdPage, LegacyPage, ReportPage, TokenPage, UserObject
from anthropic_exporter.errors import BadRequest, CursorLost, SchemaError
from api.harness import Upstream, answers, error, ok

CALL = Call(Endpoint("/v1/things"), [("limit", "1000"), ("group_by[]", "model"), ("group_by[]", "speed")])


def user(number):
    return {"id": f"user_{number}", "role": "user"}


def by_id(data, cursor):
    return {"data": data, "has_more": cursor is not None, "first_id": None, "last_id": data[-1]["id"] if data else None}


def by_token(data, cursor):
    return {"data": data, "next_page": cursor}


def legacy(data, cursor):
    return {"data": data, "has_more": cursor is not None, "next_page": cursor}


def report(data, cursor):
    return legacy(data, cursor) | {"data_refreshed_at": "2026-11-20T08:00:00Z"}


@dataclass(frozen=True)
class Paged:
    """One style: how we read it, and how upstream writes it."""

    style: Style[Any]
    page: type[Any]
    written: Callable[[list[dict[str, Any]], str | None], dict[str, Any]]
    parameter: str = "page"


STYLES = [
    pytest.param(Paged(BY_ID, IdPage, by_id, "after_id"), id="A"),
    pytest.param(Paged(BY_TOKEN, TokenPage, by_token), id="B"),
    pytest.param(Paged(LEGACY, LegacyPage, legacy), id="C"),
    pytest.param(Paged(REPORT, ReportPage, report), id="D"),
]
ALL_STYLES = pytest.mark.parametrize("paged", STYLES)


def read(upstream, style, page):
    pages = walk(upstream.reader(), CALL, Decoder(page[UserObject]), style)
    return [item.id for one in pages for item in one.data]


def served(parts, paged):
    """Serve these parts one per page, each under the cursor of the one before."""
    names = ["", *(part[-1]["id"] for part in parts[:-1])]

    def handler(request):
        at = names.index(request.url.params.get(paged.parameter, ""))
        rest = [item for item in request.url.params.multi_items() if item[0] != paged.parameter]
        assert rest == CALL.query, "all other parameters stay the same"
        return ok(paged.written(parts[at], names[at + 1] if at + 1 < len(names) else None))

    return handler


@ALL_STYLES
@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=8))
def test_any_partition_into_pages_gives_the_same_whole(paged, sizes):
    parts, count = [], 0
    for size in sizes:
        parts.append([user(number) for number in range(count, count + size)])
        count += size
    upstream = Upstream(served(parts, paged))
    assert read(upstream, paged.style, paged.page) == [f"user_{number}" for number in range(count)]
    assert len(upstream.sent) == len(sizes)


@ALL_STYLES
@given(before=st.integers(0, 3), loop=st.integers(1, 4))
def test_a_loop_of_cursors_is_noticed(paged, before, loop):
    sent = []

    def handler(_):
        at = len(sent)
        sent.append(at)
        name = at if at < before else before + (at - before) % loop
        return ok(paged.written([user(name)], f"user_{name}"))

    with pytest.raises(CursorLost, match="twice"):
        read(Upstream(handler), paged.style, paged.page)
    assert len(sent) == before + loop + 1


@pytest.mark.parametrize("paged", STYLES[2:])
def test_a_page_of_a_report_that_comes_again_under_another_cursor_is_noticed(paged):
    """What such pages hold would be added up twice. Lists are known by their IDs, or may well repeat themselves."""
    sent = []

    def handler(_):
        sent.append(len(sent))
        page = paged.written([user(1), user(len(sent) // 3)], "user_1")
        return ok(page | {"next_page": f"cursor_{len(sent)}"})

    with pytest.raises(CursorLost, match="page came twice"):
        read(Upstream(handler), paged.style, paged.page)
    assert len(sent) == 2


def test_equal_pages_of_a_list_are_two_pages():
    pages = [ok(by_token([user(1)], "c")), ok(by_token([user(1)], None))]
    assert read(Upstream(answers(*pages)), BY_TOKEN, TokenPage) == ["user_1", "user_1"]


@pytest.mark.parametrize("paged", STYLES[1:])
def test_pages_without_rows_are_passed_over_however_many_they_are(paged):
    pages = [ok(paged.written([], f"c{number}")) for number in range(3)]
    assert read(Upstream(answers(*pages, ok(paged.written([user(1)], None)))), paged.style, paged.page) == ["user_1"]


@ALL_STYLES
def test_a_walk_without_end_is_an_error_not_a_short_reading(paged, monkeypatch):
    monkeypatch.setattr(paging, "MAX_PAGES", 5)
    upstream = Upstream(lambda _: ok(paged.written([user(len(upstream.sent))], f"user_{len(upstream.sent)}")))
    with pytest.raises(CursorLost, match="no end"):
        read(upstream, paged.style, paged.page)
    assert len(upstream.sent) == 5


@ALL_STYLES
def test_an_expired_cursor_starts_the_walk_again(paged):
    first, last = ok(paged.written([user(1)], "user_1")), ok(paged.written([user(2)], None))
    upstream = Upstream(answers(first, error(410), first, error(410), first, last))
    assert read(upstream, paged.style, paged.page) == ["user_1", "user_2"]
    assert [paged.parameter in request.url.params for request in upstream.sent] == [False, True] * 3


@ALL_STYLES
def test_a_cursor_that_expires_each_time_is_lost(paged):
    upstream = Upstream(answers(*[ok(paged.written([user(1)], "user_1")), error(410)] * 3))
    with pytest.raises(CursorLost) as caught:
        read(upstream, paged.style, paged.page)
    assert caught.value.status == 410


@ALL_STYLES
def test_a_page_that_fails_loses_the_walk(paged):
    upstream = Upstream(answers(ok(paged.written([user(1)], "user_1")), error(400)))
    with pytest.raises(BadRequest):
        read(upstream, paged.style, paged.page)


@pytest.mark.parametrize(
    ("style", "page", "body"),
    [
        pytest.param(BY_ID, IdPage, {"data": [user(1)], "has_more": False, "last_id": "user_1"}, id="A more"),
        pytest.param(BY_ID, IdPage, {"data": [user(1)], "has_more": True, "last_id": None}, id="A null"),
        pytest.param(BY_ID, IdPage, {"data": [], "has_more": True, "last_id": "user_1"}, id="A empty"),
        pytest.param(BY_TOKEN, TokenPage, {"data": [user(1)], "next_page": None}, id="B null"),
        pytest.param(BY_TOKEN, TokenPage, {"data": [user(1)], "next_page": ""}, id="B empty"),
        pytest.param(BY_TOKEN, TokenPage, {"data": [user(1)]}, id="B absent"),
        pytest.param(LEGACY, LegacyPage, {"data": [user(1)], "has_more": False, "next_page": "x"}, id="C more"),
        pytest.param(REPORT, ReportPage, {"data": [user(1)], "has_more": False, "next_page": "x"}, id="D more"),
        pytest.param(REPORT, ReportPage, {"data": [user(1)], "has_more": True, "next_page": None}, id="D null"),
    ],
)
def test_a_walk_ends_where_its_style_says(style, page, body):
    upstream = Upstream(answers(ok(body)))
    assert len(read(upstream, style, page)) == len(body["data"])


def test_a_legacy_page_that_has_more_but_no_cursor_is_not_taken_for_the_whole():
    body = {"data": [user(1)], "has_more": True, "next_page": None}
    with pytest.raises(SchemaError, match="has_more without a next_page"):
        read(Upstream(answers(ok(body))), LEGACY, LegacyPage)


@pytest.mark.parametrize(("style", "page"), [(BY_ID, IdPage), (LEGACY, LegacyPage), (REPORT, ReportPage)])
def test_without_has_more_the_cursor_decides(style, page):
    bodies = [
        {"data": [user(1)], "last_id": "user_1", "next_page": "user_1"},
        {"data": [user(2)], "last_id": None, "next_page": None},
    ]
    assert read(Upstream(answers(*map(ok, bodies))), style, page) == ["user_1", "user_2"]


def refreshed(data, cursor, at):
    return ok(legacy(data, cursor) | {"data_refreshed_at": at})


def test_data_that_is_refreshed_during_the_walk_starts_it_again():
    one, two = "2026-11-20T08:00:00Z", "2026-11-20T12:00:00Z"
    replies = [
        refreshed([user(1)], "c", one),
        refreshed([user(9)], None, two),
        refreshed([user(1)], "c", two),
        refreshed([user(2)], None, two),
    ]
    assert read(Upstream(answers(*replies)), REPORT, ReportPage) == ["user_1", "user_2"]


def test_data_that_is_refreshed_during_each_walk_is_given_up():
    replies = [
        refreshed([user(1)], "c" if number % 2 == 0 else None, f"2026-11-20T08:00:{number:02}Z") for number in range(6)
    ]
    with pytest.raises(CursorLost, match="refreshed"):
        read(Upstream(answers(*replies)), REPORT, ReportPage)


def test_a_retry_within_a_walk_repeats_the_page_and_not_the_walk():
    upstream = Upstream(answers(ok(by_token([user(1)], "c")), httpx.ReadTimeout("late"), ok(by_token([user(2)], None))))
    assert read(upstream, BY_TOKEN, TokenPage) == ["user_1", "user_2"]
    assert [request.url.params.get("page") for request in upstream.sent] == [None, "c", "c"]
