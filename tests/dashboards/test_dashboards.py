"""The dashboards: fresh, complete, and about nothing but what the catalogue has."""

import json
import re
import subprocess

import pytest

from anthropic_exporter.expose import catalogue
from dashboards.boards import (
    BOARDS,
    FOLDER,
    GENERATOR,
    IMPORT_FOLDER,
    grouped,
    made,
    panels,
    queries,
    selectors,
    used_variables,
    variables,
)

UIDS = {
    "anthropic-overview",
    "anthropic-cost",
    "anthropic-usage",
    "anthropic-keys",
    "anthropic-limits",
    "anthropic-claude-code",
    "anthropic-exporter",
}
TARGET = {"job": '=~"$job"', "instance": '=~"$instance"'}
FAMILIES = {family.name: family for family in catalogue.families()}
#: What Prometheus and its client library add.
FOREIGN = {"up", "scrape_duration_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"}
#: Windows that are meant, and why ``$__rate_interval`` would not do.
FIXED_WINDOWS = {
    "24h": "the last 24 hours are the question",
    "1d": "one bar is one UTC day",
    "7d": "billed counters move once a day",
    "30d": "the last 30 days are the question",
    "6h": "late data arrives in clumps of hours",
    "1h": "an hour is the question, or what counts as new",
    "15m": "how long a change is seen as an event",
}
RANGED = {"rate", "increase", "resets", "changes", "last_over_time"}
NAMES = {"workspace_id": "workspace_name", "api_key_id": "api_key_name", "rate_limit_group": "rate_limit_group_name"}


@pytest.fixture(params=sorted(UIDS))
def board(request):
    return BOARDS[request.param]


def family_of(metric):
    if metric in FAMILIES:
        return FAMILIES[metric]
    name = re.sub(r"_(bucket|sum|count)$", "", metric)
    return FAMILIES[name] if name in FAMILIES and FAMILIES[name].kind == "histogram" else None


def is_counter(metric):
    family = family_of(metric)
    return metric.endswith("_total") if family is None else family.kind != "gauge"


def test_the_committed_files_are_what_the_generator_makes():
    done = subprocess.run([*GENERATOR, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_there_are_the_promised_dashboards_and_no_others():
    assert {board["uid"] for board in BOARDS.values()} == UIDS == set(BOARDS)
    assert {file.stem for file in IMPORT_FOLDER.glob("*.json")} == UIDS


def test_a_dashboard_cannot_be_edited_shows_utc_and_links_to_the_others(board):
    assert board["editable"] is False
    assert board["timezone"] == "utc"
    assert board["tags"] == ["anthropic"]
    assert [(link["type"], link["tags"], link["includeVars"]) for link in board["links"]] == [
        ("dashboards", ["anthropic"], True)
    ]


def test_the_data_source_is_chosen_once_and_used_everywhere(board):
    chosen = variables(board)["datasource"]
    assert (chosen["label"], chosen["type"], chosen["query"]) == ("Data source", "datasource", "prometheus")
    wanted = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels(board):
        assert panel["datasource"] == wanted
        assert all(target["datasource"] == wanted for target in panel["targets"])
    asked = [variable for variable in board["templating"]["list"] if variable["type"] == "query"]
    assert all(each["datasource"] == wanted for each in [*asked, *board["annotations"]["list"]])


def test_variables_take_all_follow_the_time_range_and_are_every_one_that_is_used(board):
    known = variables(board)
    assert list(known)[:4] == ["datasource", "job", "instance", "organization_id"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".+")
            assert variable["refresh"] == 2
    for where, expr in queries(board):
        assert used_variables(expr) <= set(known), where
    used = {name for _, expr in queries(board) for name in used_variables(expr)}
    assert used | {"datasource"} == set(known)


def test_a_panel_says_what_it_shows_in_which_unit_and_what_it_means_when_there_is_nothing(board):
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)
    for panel in panels(board):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]


def test_panels_have_their_place_and_number(board):
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    numbers = [panel["id"] for panel in board["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_number_ends_with_its_source_and_is_not_the_last_one_ever_seen(board):
    for panel in panels(board):
        if panel["type"] in {"stat", "bargauge", "table"}:
            assert all(target["instant"] for target in panel["targets"]), panel["title"]


def test_every_query_selects_job_instance_and_organization(board):
    for where, expr in queries(board):
        found = selectors(expr)
        assert found, where
        for selector in found:
            assert TARGET.items() <= selector.matchers.items(), (where, selector)
            family = family_of(selector.metric)
            if family is not None and "organization_id" in family.labels:
                assert selector.matchers["organization_id"] == '=~"$organization_id"', (where, selector)


def test_every_metric_and_label_is_in_the_catalogue(board):
    for where, expr in queries(board):
        labels = {"job", "instance", "le", *made(expr)}
        for selector in selectors(expr):
            family = family_of(selector.metric)
            assert family is not None or selector.metric in FOREIGN, (where, selector.metric)
            mine = {*family.labels} if family else set()
            assert set(selector.matchers) <= {*mine, *TARGET}, (where, selector)
            labels |= mine
        assert grouped(expr) <= labels, where
        for panel in panels(board):
            for target in panel["targets"]:
                if target["expr"] == expr:
                    assert set(re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))) <= labels, where


def test_variables_ask_for_what_is_in_the_catalogue(board):
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            text = variable["query"]["query"]
            metric = re.search(r"anthropic_\w+", text)[0]
            assert set(re.findall(r"(\w+)=~", text)) <= {*FAMILIES[metric].labels, *TARGET}
            asked = re.search(r"label_values\([^,{]+(?:{.*})?, (\w+)\)", text)
            assert not asked or asked[1] in {*FAMILIES[metric].labels, *TARGET}


def test_a_counter_is_never_shown_as_it_is(board):
    for where, expr in queries(board):
        for selector in selectors(expr):
            if is_counter(selector.metric):
                assert selector.function in {"rate", "increase", "resets"}, (where, selector)
            elif selector.window:
                assert selector.function in {"changes", "last_over_time"}, (where, selector)


def test_a_window_is_the_rate_interval_or_one_that_is_meant(board):
    for where, expr in queries(board):
        for selector in selectors(expr):
            if selector.window:
                assert selector.function in RANGED
                assert selector.window in {"$__rate_interval", *FIXED_WINDOWS}, (where, selector)


def test_rates_look_back_at_least_twenty_minutes_because_data_arrives_late(board):
    ours = [
        (panel["title"], target)
        for panel in panels(board)
        for target in panel["targets"]
        if "$__rate_interval" in target["expr"]
    ]
    for title, target in ours:  # Grafana makes the interval at least four of these
        assert target["interval"] in {"5m", "15m"}, title


def test_a_join_takes_one_series_for_each_id(board):
    for where, expr in queries(board):
        for labels, joined in re.findall(r"group_left \(([^)]*)\)\s*(\S+ \S+)", expr):
            assert not labels or joined == "topk by", (where, labels, joined)


def test_ids_are_shown_by_their_names(board):
    for panel in panels(board):
        for target in panel["targets"]:
            shown = set(re.findall(r"{{(\w+)}}", target.get("legendFormat", "")))
            assert not shown & set(NAMES), panel["title"]
        if panel["type"] == "table":
            organize = next(each for each in panel["transformations"] if each["id"] == "organize")["options"]
            assert not set(NAMES) & set(organize["renameByName"]), panel["title"]


def test_news_is_marked_in_the_graphs(board):
    assert [annotation["name"] for annotation in board["annotations"]["list"]] == [
        "New models",
        "New API keys",
        "Rate limit changes",
        "Spend limit changes",
        "Budget changes",
    ]


def test_where_the_question_is_so_far_spend_is_shown_and_not_the_bill():
    tiles = {panel["title"]: panel["targets"][0]["expr"] for panel in panels(BOARDS["anthropic-overview"])}
    assert "anthropic_spend_today_usd" in tiles["Spent today"]
    for title in ("Spent this month", "This month by workspace", "This month by model"):
        assert "anthropic_spend_month_to_date_usd" in tiles[title]


def test_the_variant_for_import_asks_for_the_data_source_and_is_the_same_otherwise(board):
    variant = json.loads((IMPORT_FOLDER / f"{board['uid']}.json").read_text())
    assert [each["name"] for each in variant.pop("__inputs")] == ["DS_PROMETHEUS"]
    needed = {each["id"] for each in variant.pop("__requires")}
    assert needed == {"grafana", "prometheus", *(panel["type"] for panel in panels(board))}
    assert variants_data_source(variant) == "${DS_PROMETHEUS}"
    variables(variant)["datasource"].pop("current")
    original = json.loads((FOLDER / f"{board['uid']}.json").read_text())
    variables(original)["datasource"].pop("current", None)
    assert {key: value for key, value in variant.items() if key not in {"__elements", "id"}} == original


def variants_data_source(variant):
    return variables(variant)["datasource"]["current"]["value"]
