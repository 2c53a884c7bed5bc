"""The org-scoped dialect: flat counts, no cursor, and the ID of the organization in each path."""

from threading import Thread

import httpx
import pytest

from anthropic_exporter import errors
from anthropic_exporter.api import times
from anthropic_exporter.records import Bucket, Organization, Reading, UsageRow, Workspace
from api.harness import Upstream, bucket, error, id_page, me, ok

DAY = 1795132800  # 2026-11-20T00:00:00Z
HOUR = 3600
ORG = {"id": "org_01Harbour", "name": "Harbour Tools", "created_at": "2025-01-01T00:00:00Z"}
OTHER = {"id": "org_02Depot", "name": "Depot", "created_at": "2025-01-01T00:00:00Z"}
LIST = "/v1/organizations"
USAGE = "/v1/organizations/{id}/usage_report/messages"


def row(**more):
    return {
        "model": "claude-sonnet-5-5",
        "workspace_id": "wrkspc_01",
        "service_tier": "batch",
        "input_tokens": 10,
        "output_tokens": 50,
        "cache_creation_input_tokens": 25,
        "cache_read_input_tokens": 40,
    } | more


def at(hour):
    return times.render(DAY + hour * HOUR)


def hours(*numbers, **more):
    return [bucket(at(number), at(number + 1), row(**more)) for number in numbers]


class Gateway:
    """Answers by path; ``pages`` are the answers of the report, one after another."""

    def __init__(self, *pages, organizations=(ORG,), known=404, wanted="", assumed=False):
        self.pages = list(pages)
        self.organizations, self.known = list(organizations), known
        self.upstream = Upstream(self)
        self.api = self.upstream.api
        self.api._home.wanted, self.api._home.assumed = wanted, assumed

    def __call__(self, request):
        path = request.url.path
        if path == f"{LIST}/me":
            return ok(me()) if self.known == 200 else error(self.known)
        if path == LIST:
            return ok({"data": self.organizations})
        if path.endswith("/workspaces"):
            return ok({"data": [{"id": "wrkspc_01", "name": "search"}]})
        page = self.pages.pop(0)
        return page if isinstance(page, httpx.Response) else ok({"data": page, "has_more": False})

    def read(self, dimensions=("model", "workspace_id", "service_tier", "speed"), *, end=3, width="1h"):
        return self.api.scoped_usage_report(
            starting_at=DAY, ending_at=DAY + end * HOUR, width=width, dimensions=dimensions
        )

    @property
    def paths(self):
        return [request.url.path for request in self.upstream.sent]


def test_a_report_becomes_records_and_one_number_of_cache_writes_is_of_five_minutes():
    gateway = Gateway([*hours(0), bucket(at(1), at(2)), *hours(2, workspace_id=None)])
    assert gateway.read() == Reading(
        [
            Bucket(
                DAY,
                DAY + HOUR,
                [UsageRow(("claude-sonnet-5-5", "wrkspc_01", "batch", "none"), (10, 25, 0, 40, 50), 0, None)],
            ),
            Bucket(DAY + HOUR, DAY + 2 * HOUR, []),
            Bucket(
                DAY + 2 * HOUR,
                DAY + 3 * HOUR,
                [UsageRow(("claude-sonnet-5-5", "default", "batch", "none"), (10, 25, 0, 40, 50), 0, None)],
            ),
        ],
        None,
    )
    assert gateway.paths == [f"{LIST}/me", LIST, f"{LIST}/org_01Harbour/usage_report/messages"]
    assert gateway.upstream.sent[-1].url.params.multi_items() == [
        ("starting_at", "2026-11-20T00:00:00Z"),
        ("ending_at", "2026-11-20T03:00:00Z"),
        ("bucket_width", "1h"),
    ]
    assert gateway.upstream.seen.drifts == []
    assert gateway.upstream.seen.requests[-1] == (USAGE, "200")


def test_an_answer_that_ends_early_is_asked_to_go_on_although_it_says_that_there_is_no_more():
    gateway = Gateway(hours(0, 1), hours(2), [])
    assert [found.starting_at for found in gateway.read(end=9).buckets] == [DAY, DAY + HOUR, DAY + 2 * HOUR]
    asked = [request.url.params["starting_at"] for request in gateway.upstream.sent[2:]]
    assert asked == [at(0), at(2), at(3)]


def test_a_range_that_has_nothing_more_ends_a_report_and_one_that_has_nothing_is_said():
    nothing = error(400, message="ending date must be after starting date")
    assert len(Gateway(hours(0, 1), nothing).read().buckets) == 2
    with pytest.raises(errors.EmptyRange):
        Gateway(nothing).read()


def test_a_cursor_is_followed_where_there_is_one_all_the_same():
    page = ok({"data": hours(0), "has_more": True, "next_page": "page_2"})
    gateway = Gateway(page, hours(1, 2))
    assert len(gateway.read().buckets) == 3
    assert gateway.upstream.sent[-1].url.params["page"] == "page_2"


@pytest.mark.parametrize("field", ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"])
def test_a_row_without_its_counts_is_not_read(field):
    short = row()
    del short[field]
    gateway = Gateway([bucket(at(0), at(1), short)])
    with pytest.raises(errors.SchemaError, match=field):
        gateway.read(end=1)
    assert (USAGE, "missing_field", field) in gateway.upstream.seen.drifts


def test_what_is_new_is_counted_and_read_over():
    gateway = Gateway(hours(0, service_tier="turbo", surprise=1))
    assert gateway.read(end=1).buckets[0].rows[0].labels[2] == "turbo"
    assert set(gateway.upstream.seen.kinds) == {("unknown_field", "surprise"), ("unknown_value", "service_tier=turbo")}


def test_minutes_are_not_asked_for():
    with pytest.raises(ValueError, match="1m"):
        Gateway().read(width="1m")


def test_workspaces_have_names_and_nothing_else():
    gateway = Gateway()
    assert gateway.api.scoped_workspaces() == [Workspace("wrkspc_01", "search", False, None, ())]
    assert gateway.upstream.seen.drifts == []


@pytest.mark.parametrize("status", [200, 403])
def test_where_me_is_known_the_dialect_is_not_believed(status):
    gateway = Gateway(known=status)
    with pytest.raises(errors.NotSupported, match="so it is not org-scoped"):
        gateway.api.scoped_organization()
    assert gateway.paths == [f"{LIST}/me"]
    with pytest.raises(errors.NotSupported):
        gateway.read()
    assert gateway.paths == [f"{LIST}/me"]


def test_where_the_settings_say_so_me_is_not_asked():
    gateway = Gateway(hours(0, 1, 2), known=200, assumed=True)
    gateway.read()
    assert f"{LIST}/me" not in gateway.paths


def test_a_failure_of_me_decides_nothing():
    gateway = Gateway(known=529)
    with pytest.raises(errors.Unavailable):
        gateway.api.scoped_organization()
    gateway.known = 404
    assert gateway.api.scoped_organization() == Organization("org_01Harbour", "Harbour Tools")


def test_one_of_several_organizations_has_to_be_chosen():
    gateway = Gateway(organizations=(ORG, OTHER))
    with pytest.raises(errors.BadRequest, match="2 of 2 organizations listed") as caught:
        gateway.api.scoped_organization()
    assert caught.value.advice == "set organizations[].organization_id to one of org_01Harbour, org_02Depot"
    assert Gateway(organizations=(ORG, OTHER), wanted="org_02Depot").api.scoped_organization().name == "Depot"
    with pytest.raises(errors.BadRequest, match="0 of 2 organizations listed are org_03"):
        Gateway(organizations=(ORG, OTHER), wanted="org_03").api.scoped_organization()
    with pytest.raises(errors.NotSupported, match="the list is empty"):
        Gateway(organizations=()).api.scoped_organization()


def test_a_long_list_is_read_to_its_end():
    def handler(request):
        if request.url.path == f"{LIST}/me":
            return error(404)
        return ok(id_page([OTHER])) if "after_id" in request.url.params else ok(id_page([ORG], more=True))

    upstream = Upstream(handler)
    upstream.api._home.wanted = "org_02Depot"
    assert upstream.api.scoped_organization().id == "org_02Depot"


def test_many_at_once_ask_for_the_list_once():
    gateway = Gateway(*([hours(0)] * 8))
    threads = [Thread(target=lambda: gateway.read(end=1)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert gateway.paths.count(LIST) == 1
