from decimal import Decimal

import pytest

from anthropic_exporter.simulate.endpoints.analytics import DIMENSIONS, FILTERS
from anthropic_exporter.simulate.instants import DAY, HOUR, floor, rfc3339
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import LIVELY, Switches
from simulate.harness import DEFAULT, EVERYTHING, HEADERS, NOW, account, line, tokens
from simulate.shapes import ANALYTICS_COST, ANALYTICS_USAGE, mismatch

TODAY = floor(NOW, DAY)
EXPORT = floor(NOW, 4 * HOUR)  # 08:00
RANGE = {"starting_at": rfc3339(TODAY - DAY), "ending_at": rfc3339(TODAY)}
DAILY = RANGE | {"time_bucket_width": "1d", "limit": 1000}
USAGE, COST = "analytics/usage", "analytics/cost"
PERSON = line("claude-opus-5-5", DEFAULT, account_id="user_01A", inference_geo="us", product="claude_console")
MACHINE = line("claude-sonnet-5", api_key_id="apikey_01A", service_account_id="svac_01A", service_tier="batch")
KEYED = line("claude-sonnet-5", api_key_id="apikey_01B", speed="fast", inference_geo="global")
CODE = line(None, api_key_id="apikey_01B", service_tier=None, context_window=None, product=None, kind="code_execution")


@pytest.fixture
def four(fake):
    at = TODAY - DAY + 2 * HOUR
    fake.serve(
        ScriptedOrganization(
            [
                Event(at, PERSON, 100, output=50, requests=3),
                Event(at, MACHINE, 1000, web_searches=2, requests=5),
                Event(at + 10 * HOUR, KEYED, 10, 1, 1, 1, 2000, requests=1),
                Event(at, CODE, requests=4, milli_hours=1200),
            ],
            discount=Decimal("0.9"),
        )
    )
    return fake


def rows(fake, path=USAGE, **params):
    return fake.ask(path, **(DAILY | params))["data"]


@pytest.mark.parametrize("path", [USAGE, COST])
@pytest.mark.parametrize("dimensions", [(), EVERYTHING, ("actor", "product", "actor_type", "organization_id")])
def test_an_answer_has_the_documented_shape(fake, company, path, dimensions):
    fake.serve(company)
    answer = fake.ask(path, **DAILY, group_by__=dimensions)
    assert answer["data"]
    assert mismatch(answer, ANALYTICS_USAGE if path == USAGE else ANALYTICS_COST) == ""


def test_without_grouping_and_width_the_range_is_one_row(four):
    asked = {"starting_at": rfc3339(TODAY - DAY + 100), "ending_at": rfc3339(TODAY + 100)}
    (row,) = four.ask(USAGE, **asked)["data"]
    assert (row["starting_at"], row["ending_at"]) == (rfc3339(TODAY - DAY), rfc3339(TODAY))
    assert row["usage"]["total_tokens"] == 3163
    assert row["usage"]["requests"] == 13
    assert set(row["group"].values()) == {None}


def test_only_combinations_with_usage_have_a_row(four):
    found = rows(four, time_bucket_width="1h", group_by__="model")
    assert len(found) == 4
    assert len(rows(four, starting_at=rfc3339(TODAY), ending_at=rfc3339(TODAY + HOUR))) == 0


def test_the_default_workspace_has_its_real_id_and_an_unset_region_is_null(four):
    found = {(row["group"]["workspace_id"], row["group"]["inference_geo"]) for row in rows(four, group_by__=EVERYTHING)}
    assert (DEFAULT, "us") in found
    assert (MACHINE.workspace_id, None) in found


def test_usage_is_attributed_to_a_user_then_a_service_account_then_a_key(four):
    assert [row["group"]["actor"] for row in rows(four, group_by__="actor")] == [
        {"type": "api_actor", "api_key_id": "apikey_01B"},
        {"type": "service_account_actor", "service_account_id": "svac_01A"},
        {"type": "user_actor", "user_id": "user_01A", "email_address": None, "name": None, "deleted": True},
    ]


@pytest.mark.parametrize("name", ["models", "workspace_ids", "service_tiers", "speeds", "products", "api_key_ids"])
def test_a_filter_leaves_only_what_it_names(four, name):
    dimension = FILTERS[f"{name}[]"][0]
    (row,) = rows(four, **{f"{name}__": getattr(PERSON, dimension) or ""})
    matching = [each for each in (PERSON, MACHINE, KEYED) if getattr(each, dimension) == getattr(PERSON, dimension)]
    expected = {PERSON: 150, MACHINE: 1000, KEYED: 2013}
    assert row["usage"]["total_tokens"] == sum(expected[each] for each in matching)


@pytest.mark.parametrize(
    ("params", "total"),
    [
        ({"inference_geos__": "not_available"}, 1000),
        ({"api_key_ids__": ["", "apikey_01A"]}, 1150),
        ({"actor_ids__": "apikey_01A"}, None),  # used by a service account, so attributed to that
        ({"actor_ids__": "svac_01A"}, 1000),
        ({"actor_types__": ["user_actor", "service_account_actor"]}, 1150),
        ({"rbac_group_ids__": "rbac_group_01A"}, None),
    ],
)
def test_filters_have_their_own_words_for_what_is_unset(four, params, total):
    assert [row["usage"]["total_tokens"] for row in rows(four, **params)] == ([] if total is None else [total])


def test_rows_are_ranked(four):
    def models(**params):
        found = rows(four, group_by__=("model", "api_key_id"), **params)
        return [(row["group"]["model"], row["group"]["api_key_id"]) for row in found]

    person, machine, keyed, code = ((each.model, each.api_key_id) for each in (PERSON, MACHINE, KEYED, CODE))
    assert models() == [keyed, machine, person, code]
    assert models(order="asc") == [code, person, machine, keyed]
    assert models(order_by="requests") == [machine, code, person, keyed]
    assert models(order_by="uncached_input_tokens")[0] == machine
    assert models(order_by="time", time_bucket_width="1h") == [keyed, machine, person, code]
    assert models(order_by="time", order="asc", time_bucket_width="1h") == [machine, person, code, keyed]


def test_list_price_and_discount(four):
    found = {row["group"]["model"]: row["cost"] for row in rows(four, COST, group_by__="model")}
    assert found["claude-opus-5-5"]["list_amount"] == "0.154000"  # (100 * 4 + 50 * 20) USD per million, US
    assert found["claude-opus-5-5"]["amount"] == "0.138600"
    assert found["claude-opus-5-5"]["requests"] == 3
    assert found[None] == {"amount": "6.000000", "list_amount": "6.000000", "currency": "USD", "requests": 4}


def test_cost_fans_out_by_component(four):
    def components(*names):
        found = rows(four, COST, group_by__=names)
        assert {row["cost"]["requests"] for row in found} == {None}
        return {(row["group"]["cost_type"], row["group"]["token_type"]) for row in found}

    assert components("cost_type") == {("tokens", None), ("web_search", None), ("code_execution", None)}
    token_types = components("token_type")
    assert {cost_type for cost_type, _ in token_types} == {"tokens"}
    assert len(token_types) == 5
    assert components("cost_type", "token_type") == token_types | {("web_search", None), ("code_execution", None)}


def test_fan_out_rows_are_not_counted_by_the_limit(four):
    answer = four.ask(COST, **(DAILY | {"limit": 1}), group_by__=("api_key_id", "cost_type", "token_type"))
    assert answer["has_more"] is True
    assert {row["group"]["api_key_id"] for row in answer["data"]} == {"apikey_01B"}
    assert len(answer["data"]) == 6


def test_fan_out_adds_up_to_the_combined_amount(fake, company):
    fake.serve(company)
    combined = rows(fake, COST, group_by__="api_key_id")
    split = rows(fake, COST, group_by__=("api_key_id", "cost_type", "token_type"))

    def by_key(found, name):
        return account([row["group"] | row["cost"] for row in found], "api_key_id", of=name)

    assert by_key(combined, "amount") == by_key(split, "amount")
    assert by_key(combined, "list_amount") == by_key(split, "list_amount")


def test_requests_of_a_cost_row_are_those_that_were_charged(fake):
    priority, standard = line(service_tier="priority"), line()
    fake.serve(ScriptedOrganization(Event(TODAY - DAY, each, 1000, requests=2) for each in (priority, standard)))
    assert [row["cost"]["requests"] for row in rows(fake, COST, group_by__="model")] == [2]
    assert [row["usage"]["requests"] for row in rows(fake, group_by__="model")] == [4]


def test_priority_has_usage_and_no_cost(fake):
    fake.serve(ScriptedOrganization([Event(TODAY - DAY, line(service_tier="priority"), 1000, requests=1)]))
    assert len(rows(fake)) == 1
    assert rows(fake, COST) == []


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("path", [USAGE, COST])
def test_pages_of_any_size_hold_the_same_rows(fake, company, path, size):
    fake.serve(company)
    asked = DAILY | {"group_by__": EVERYTHING}
    assert list(fake.walk(path, **(asked | {"limit": size}))) == fake.ask(path, **asked)["data"]


@pytest.mark.parametrize("width", ["1h", "1m"])
def test_widths_agree(fake, company, width):
    fake.serve(company)
    group = {"group_by__": EVERYTHING}
    fine = fake.walk(USAGE, **(DAILY | {"time_bucket_width": width}), **group)

    def added(found):
        names = ("output_tokens", "requests", "total_tokens")
        flat = [row["group"] | row["usage"] for row in found]
        return [account(flat, *EVERYTHING, of=name) for name in names]

    assert added(list(fine)) == added(rows(fake, **group))


def test_both_generations_agree_on_a_settled_day(fake, company):
    fake.serve(company, LIVELY)
    day = {"starting_at": "2026-11-10T00:00:00Z", "ending_at": "2026-11-11T00:00:00Z"}
    legacy = fake.ask("usage_report/messages", **day, group_by__=EVERYTHING)["data"][0]["results"]
    analytics = [row for row in fake.walk(USAGE, **day, group_by__=EVERYTHING) if row["group"]["model"]]
    default = company.inventory(NOW).default_workspace_id

    def key(row, inference_geo):
        return (row["workspace_id"] or default, row["api_key_id"], row["model"], row["service_tier"], inference_geo)

    assert {key(row, row["inference_geo"]): tokens(row) for row in legacy} == {
        key(row["group"], row["group"]["inference_geo"] or "not_available"): tokens(row["usage"]) for row in analytics
    }


def test_data_is_served_from_the_last_export(fake):
    fake.serve(ScriptedOrganization([Event(at, line(), 5) for at in (EXPORT - 60, EXPORT)]))
    asked = {"starting_at": rfc3339(TODAY), "ending_at": rfc3339(NOW), "time_bucket_width": "1h"}
    answer = fake.ask(USAGE, **asked)
    assert answer["data_refreshed_at"] == rfc3339(EXPORT)
    assert [row["starting_at"] for row in answer["data"]] == [rfc3339(EXPORT - HOUR)]
    fake.clock.now = EXPORT + 4 * HOUR
    answer = fake.ask(USAGE, **asked)
    assert answer["data_refreshed_at"] == rfc3339(EXPORT + 4 * HOUR)
    assert len(answer["data"]) == 2


def test_no_export_covers_what_is_newer(four):
    answer = four.ask(USAGE, starting_at=rfc3339(EXPORT), ending_at=rfc3339(NOW))
    assert answer == {"data": [], "has_more": False, "next_page": None, "data_refreshed_at": None}


def test_the_bucket_that_the_export_cuts_can_be_left_out(fake):
    fake.serve(ScriptedOrganization([Event(TODAY, line(), 5)]))
    asked = {"starting_at": rfc3339(TODAY), "ending_at": rfc3339(TODAY + DAY), "time_bucket_width": "1d"}
    assert len(fake.ask(USAGE, **asked)["data"]) == 1
    fake.simulator.switch(analytics_open_bucket=False)
    assert fake.ask(USAGE, **asked)["data"] == []


def test_a_late_event_revises_a_row(fake):
    fake.serve(ScriptedOrganization([Event(TODAY - DAY, line(), 5, visible_at=NOW + 4 * HOUR)]))
    assert rows(fake) == []
    fake.clock.now = NOW + 8 * HOUR
    assert len(rows(fake)) == 1


def test_a_cursor_expires_with_its_export(fake, company):
    fake.serve(company, Switches(refresh_step=600))
    asked = DAILY | {"limit": 2, "group_by__": "model"}
    page = fake.ask(USAGE, **asked)["next_page"]
    assert fake.get(USAGE, **asked, page=page).status_code == 200
    fake.clock.now += 600
    assert fake.refusal(USAGE, **asked, page=page)[0] == 410
    assert fake.get(USAGE, **asked).status_code == 200


def test_a_cursor_is_bound_to_its_query(four):
    page = four.ask(USAGE, **(DAILY | {"limit": 1}), group_by__="model")["next_page"]
    assert four.refusal(USAGE, **DAILY, group_by__="model", page=page)[0] == 400
    assert four.refusal(COST, **(DAILY | {"limit": 1}), group_by__="model", page=page)[0] == 400


@pytest.mark.parametrize("path", [USAGE, COST])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({}, "starting_at: Field required", id="no start"),
        pytest.param({"starting_at": "2025-12-31T00:00:00Z"}, "before 2026-01-01", id="before the first day"),
        pytest.param(
            {"starting_at": rfc3339(NOW - 40 * DAY), "ending_at": rfc3339(NOW)}, "31 days", id="more than 31 days"
        ),
        pytest.param(RANGE | {"ending_at": RANGE["starting_at"]}, "ending date must be after", id="empty range"),
        pytest.param(
            {"starting_at": rfc3339(TODAY - DAY), "time_bucket_width": "1h"}, "ending_at: Field required", id="no end"
        ),
        pytest.param(
            {"starting_at": rfc3339(NOW - DAY - 60), "ending_at": rfc3339(NOW), "time_bucket_width": "1m"},
            "24 hours",
            id="too many minutes",
        ),
        pytest.param(RANGE | {"limit": 1001}, "less than or equal to 1000", id="limit"),
        pytest.param(RANGE | {"order_by": "time"}, "order_by: time requires", id="time without width"),
        pytest.param(RANGE | {"order_by": "size"}, "order_by: Input should be", id="order"),
        pytest.param(RANGE | {"group_by__": DIMENSIONS[:6]}, "more than 5", id="six dimensions"),
        pytest.param(RANGE | {"exclude_deleted_users": "true"}, "requires group_by[]=actor", id="deleted users"),
        pytest.param(RANGE | {"context_window__": "0-200k"}, "Unknown query parameter", id="singular"),
        pytest.param(RANGE | {"products__": "toaster"}, "products[]: Input should be", id="product"),
    ],
)
def test_a_wrong_query_is_refused(four, path, params, message):
    status, said = four.refusal(path, **params)
    assert status == 400
    assert message in said


def test_a_year_is_the_longest_look_back(fake):
    now = TODAY + 90 * DAY
    fake.serve(ScriptedOrganization(), now=now)
    asked = {"ending_at": rfc3339(now - 364 * DAY)}
    assert fake.get(USAGE, starting_at=rfc3339(now - 365 * DAY), **asked).status_code == 200
    assert fake.refusal(USAGE, starting_at=rfc3339(now - 365 * DAY - 1), **asked)[0] == 400


def test_cost_type_and_token_type_are_not_counted_as_dimensions(four):
    names = (*DIMENSIONS[:5], "cost_type", "token_type")
    assert four.get(COST, **RANGE, group_by__=names).status_code == 200
    assert four.refusal(USAGE, **RANGE, group_by__="cost_type")[0] == 400


@pytest.mark.parametrize("status", [400, 404])
def test_the_beta_header_is_required(four, status):
    four.simulator.switch(missing_beta_status=status)
    headers = HEADERS | {"anthropic-beta": "something-else-2026-01-01"}
    assert four.client.get(USAGE, params=RANGE, headers=headers).status_code == status
    both = HEADERS | {"anthropic-beta": f"something-else-2026-01-01, {HEADERS['anthropic-beta']}"}
    assert four.client.get(USAGE, params=RANGE, headers=both).status_code == 200


def test_the_report_says_what_the_simulator_holds(fake, company):
    fake.serve(company, LIVELY)
    start = TODAY - 3 * DAY
    held = fake.simulator.totals(start, NOW, "analytics")["published"]
    asked = {"starting_at": rfc3339(start), "ending_at": rfc3339(NOW), "time_bucket_width": "1h", "limit": 1000}
    names = ("workspace_id", "api_key_id", "model", "service_tier")
    usage = [row["group"] | row["usage"] for row in fake.walk(USAGE, **asked, group_by__=names)]
    assert account(usage, *names, of="requests") == account(held["requests"], *names, of="requests")
    assert sum(row["total_tokens"] for row in usage) == sum(row["tokens"] for row in held["tokens"])
    cost = [
        row["group"] | row["cost"] for row in fake.walk(COST, **asked, group_by__=(*names, "cost_type", "token_type"))
    ]
    keys = ("workspace_id", "api_key_id", "cost_type", "token_type")
    assert account(cost, *keys, of="amount") == account(held["cost"], *keys, of="billed")
    assert account(cost, *keys, of="list_amount") == account(held["cost"], *keys, of="list")
