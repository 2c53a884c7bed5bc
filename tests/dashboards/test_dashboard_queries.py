"""The queries of the dashboards in Prometheus: they parse, and they mean what their panels say."""

import json
import subprocess

import pytest
import yaml

from dashboards.boards import BOARDS, filled, panels, queries, selectors, variables

ORG = 'job="j", instance="a", organization_id="o"'


def promtool(folder, *arguments, document):
    file = folder / "file.yml"
    file.write_text(yaml.safe_dump(document))
    done = subprocess.run(["promtool", *arguments, str(file)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def expression(uid, title, ref="A"):
    panel = next(panel for panel in panels(BOARDS[uid]) if panel["title"] == title)
    return filled(next(target["expr"] for target in panel["targets"] if target["refId"] == ref))


def evaluate(folder, expr, series, expected, at="10m", interval="1m"):
    """Compare an expression with ``{labels: value}``; series is a mapping from name to values."""
    case = {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": expr, "eval_time": at, "exp_samples": [{"labels": k, "value": v} for k, v in expected.items()]},
            # Only what is before the last of these is loaded, and some look ahead.
            {"expr": "vector(1)", "eval_time": "3000m", "exp_samples": [{"labels": "{}", "value": 1}]},
        ],
    }
    return promtool(folder, "test", "rules", document={"rule_files": [], "tests": [case]})


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("uid", sorted(BOARDS))
def test_prometheus_understands_every_query(uid, tmp_path):
    asked = [filled(expr) for _, expr in queries(BOARDS[uid])]
    for variable in variables(BOARDS[uid]).values():
        text = filled(json.dumps(variable.get("query")))
        if "query_result(" in text:
            asked.append(json.loads(text)["query"].removeprefix("query_result(").removesuffix(")"))
    assert "$__" not in "".join(asked)
    rules = [{"record": f"r:m:{number}", "expr": expr} for number, expr in enumerate(asked)]
    status, said = promtool(tmp_path, "check", "rules", document={"groups": [{"name": "g", "rules": rules}]})
    assert (status, f"{len(asked)} rules found" in said) == (0, True), said


def test_the_reader_of_selectors_sees_metric_matchers_window_and_function():
    found = selectors(
        'sum by (a) (rate(m_total{x=~"$x", y!="}"}[$__rate_interval] offset -$lag)) / on (a) (n > bool 2)'
    )
    assert [(s.metric, s.matchers, s.window, s.function) for s in found] == [
        ("m_total", {"x": '=~"$x"', "y": '!="}"'}, "$__rate_interval", "rate"),
        ("n", {}, "", ""),
    ]


@pytest.mark.needs("promtool")
def test_a_workspace_with_two_names_or_none_is_shown_once(tmp_path):
    joined = expression("anthropic-overview", "This month by workspace")
    series = {
        f'anthropic_spend_month_to_date_usd{{{ORG}, workspace_id="w1", model="m"}}': "5x20",
        f'anthropic_spend_month_to_date_usd{{{ORG}, workspace_id="__other__", model="m"}}': "2x20",
        f'anthropic_workspace_info{{{ORG}, workspace_id="w1", workspace_name="before", status="active"}}': "1x20",
        'anthropic_workspace_info{job="j", instance="b", organization_id="o", workspace_id="w1",'
        ' workspace_name="after", status="active"}': "1x20",
    }
    counted = f"count by (workspace_id) ({joined})"
    expected = {'{workspace_id="w1"}': 1, '{workspace_id="__other__"}': 1}
    assert evaluate(tmp_path, counted, series, expected)[0] == 0
    named = f"sum by (workspace_name) ({joined} == 2)"
    assert evaluate(tmp_path, named, series, {'{workspace_name="__other__"}': 2})[0] == 0


def budget(name, spent, limit, forecast):
    labels = f'{ORG}, budget="{name}", period="month"'
    found = {
        f"anthropic_budget_spent_usd{{{labels}}}": f"{spent}x20",
        f"anthropic_budget_usd{{{labels}}}": f"{limit}x20",
    }
    return found if forecast is None else found | {f"anthropic_budget_forecast_usd{{{labels}}}": f"{forecast}x20"}


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    ("series", "expected"),
    [
        pytest.param(budget("a", 10, 100, 90) | budget("b", 1, 2, 2), {"{}": 0}, id="all inside"),
        pytest.param(budget("a", 10, 100, 90) | budget("b", 1, 2, 3), {"{}": 1}, id="one is expected to be exceeded"),
        pytest.param(budget("a", 101, 100, None), {"{}": 1}, id="exceeded, and no forecast is known"),
        pytest.param(budget("a", 101, 100, 140), {"{}": 1}, id="exceeded and expected counts once"),
        pytest.param({}, {}, id="no budgets"),
    ],
)
def test_the_verdict_on_budgets_counts_those_at_risk(tmp_path, series, expected):
    status, said = evaluate(tmp_path, expression("anthropic-overview", "Inside budget?"), series, expected)
    assert status == 0, said


@pytest.mark.needs("promtool")
def test_nothing_to_count_is_zero_while_the_exporter_is_there_and_unknown_when_it_is_not(tmp_path):
    expr = expression("anthropic-keys", "Policies violated")
    there = {f"anthropic_exporter_credential_valid{{{ORG}}}": "1x20"}
    assert evaluate(tmp_path, expr, there, {"{}": 0})[0] == 0
    assert evaluate(tmp_path, expr, {}, {})[0] == 0


@pytest.mark.needs("promtool")
def test_a_reset_of_counters_is_seen_but_not_that_of_new_year(tmp_path):
    expr = expression("anthropic-exporter", "Counter resets")
    labels = f'{ORG}, workspace_id="w", model="m", service_tier="s", inference_geo="g", speed="n", token_type="output"'
    fallen = {f"anthropic_usage_tokens_total{{{labels}}}": "100x200 5x60"}
    epoch = 'anthropic_exporter_epoch_timestamp_seconds{job="j", instance="a"}'
    assert evaluate(tmp_path, expr, fallen | {epoch: "0x300"}, {"{}": 1}, at="220m")[0] == 0
    assert evaluate(tmp_path, expr, fallen | {epoch: "0x199 12000x100"}, {"{}": 0}, at="220m")[0] == 0


@pytest.mark.needs("promtool")
def test_the_bar_of_a_day_is_what_was_used_from_its_midnight_to_the_next(tmp_path):
    labels = f'{ORG}, workspace_id="w", model="m", service_tier="s", inference_geo="g", speed="n", token_type="output"'
    # Ten an hour on the first day, nothing on the second.
    series = {f"anthropic_estimated_cost_usd_total{{{labels}}}": "0+1x240 240x300"}
    expr = f"round({expression('anthropic-overview', 'Spend per day')})"
    assert evaluate(tmp_path, expr, series, {'{model="m"}': 240}, at="0m", interval="6m")[0] == 0
    assert evaluate(tmp_path, expr, series, {}, at="1440m", interval="6m")[0] == 0


def month(today, yesterday, settled, so_far="1000"):
    labels = f'{ORG}, workspace_id="w", model="m"'
    found = {
        f"anthropic_spend_today_usd{{{labels}}}": f"{today}x20",
        f"anthropic_estimated_cost_yesterday_usd{{{labels}}}": f"{yesterday}x20",
        f"anthropic_spend_month_to_date_usd{{{labels}}}": f"{so_far}x20",
    }
    return found if settled is None else found | {f"anthropic_cost_settled_timestamp_seconds{{{ORG}}}": f"{settled}x20"}


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    ("series", "expected"),
    [
        pytest.param(month(5, 70, 86_400 * 9), {"{}": 5}, id="yesterday is settled"),
        pytest.param(month(5, 70, 86_400 * 8), {"{}": 75}, id="yesterday is not settled yet"),
        pytest.param(month(5, 70, 86_400 * 7), {}, id="the bill is late"),
        pytest.param(month(5, 70, None), {"{}": 1000}, id="no bill at all"),
    ],
)
def test_an_estimate_is_what_of_this_month_the_bill_has_not_settled(tmp_path, series, expected):
    expr = expression("anthropic-overview", "Still an estimate")
    # The tests of promtool begin at 1970: a quarter past midnight on the tenth of January.
    series = {name: f"_x863 {values}" for name, values in series.items()}
    status, said = evaluate(tmp_path, expr, series, expected, at="12975m", interval="15m")
    assert status == 0, said


@pytest.mark.needs("promtool")
def test_what_was_spent_last_month_is_no_estimate_of_this_month(tmp_path):
    expr = expression("anthropic-overview", "Still an estimate")
    assert evaluate(tmp_path, expr, month(5, 70, -86_400), {"{}": 5}, at="15m")[0] == 0
