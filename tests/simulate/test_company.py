from collections import Counter

from anthropic_exporter.simulate import roster
from anthropic_exporter.simulate.instants import DAY, date, floor
from anthropic_exporter.simulate.line import SEARCHES, Seen
from anthropic_exporter.simulate.prices import STANDARD
from simulate.harness import NOW

TODAY = floor(NOW, DAY)
SEEN = Seen(float("inf"), NOW, 0, revised=False)


def lines(company, days=1):
    return company.usage(TODAY - days * DAY, TODAY, SEEN)


def test_its_size_is_that_of_a_company_with_several_teams(company):
    inventory = company.inventory(NOW)
    assert len(inventory.workspaces) == 7
    assert len(inventory.api_keys) > 24
    assert len({line.model for line in lines(company)} - {None}) >= 7
    assert 25 <= len(lines(company)) <= 40


def test_usage_has_every_kind_that_reports_distinguish(company):
    seen = lines(company, 7)
    values = {
        name: {getattr(line, name) for line in seen} for name in ("service_tier", "inference_geo", "speed", "kind")
    }
    assert values["service_tier"] == {"standard", "batch", "priority", None}
    assert values["inference_geo"] == {"global", "us", "not_available"}
    assert values["speed"] == {"standard", "fast"}
    assert values["kind"] == {"messages", "code_execution", "session_usage", "subscription"}
    assert {line.context_window for line in seen} == {"0-200k", "200k-1M", None}
    assert "claude-sonnet-4-5-20250929" in {line.model for line in seen}
    assert "claude-lumen-preview" in {line.model for line in seen}
    assert all(any(counts[index] for counts in seen.values()) for index in (1, 2, SEARCHES))


def test_the_workbench_uses_no_key_and_the_default_workspace(company):
    default = company.inventory(NOW).default_workspace_id
    keyless = [line for line in lines(company) if line.api_key_id is None]
    assert keyless
    assert {(line.workspace_id, line.product) for line in keyless} == {(default, "claude_console")}


def test_every_line_refers_to_what_exists(company):
    inventory = company.inventory(NOW)
    known = {each.id for each in (*inventory.workspaces, *inventory.api_keys, *inventory.users)}
    known |= {each.id for each in inventory.service_accounts} | {None}
    for track in company._company.tracks:
        line = track.line
        # Subscriptions have no key that anybody has made.
        ids = {line.workspace_id, line.account_id, line.service_account_id}
        assert ids | ({line.api_key_id} if line.kind != "subscription" else set()) <= known, track.workload.name


def test_a_key_is_used_only_where_it_belongs_and_after_it_was_made(company):
    keys = {key.id: key for key in company.inventory(NOW).api_keys}
    for track in company._company.tracks:
        key = keys.get(track.line.api_key_id or "")
        if key is not None:
            assert key.workspace_id in {track.line.workspace_id, None}, key.name
            assert key.created_at <= track.since * DAY, key.name


def test_keys_are_of_every_status_and_some_are_never_used(company):
    keys = company.inventory(NOW).api_keys
    assert {key.status for key in keys} == {"active", "inactive", "archived", "expired"}
    used = {line.api_key_id for line in lines(company, 400)}
    assert [key.name for key in keys if key.status == "active" and key.id not in used] == [
        "support-development-playground"
    ]
    assert any((key.principal or "").startswith("svac_") for key in keys)
    assert any(key.workspace_id is None for key in keys)
    assert any(key.created_by is None for key in keys)


def test_a_key_is_always_about_to_expire(company):
    for now in (NOW, NOW + 200 * DAY, NOW + 2000 * DAY):
        ends = [
            key.expires_at - now for key in company.inventory(now).api_keys if key.expires_at and key.expires_at > now
        ]
        assert 0 < min(ends) <= 30 * DAY


def test_the_archived_workspace_has_a_history(company):
    (archived,) = [each for each in company.inventory(NOW).workspaces if each.archived_at]
    before = company.usage(date("2025-12-01"), date("2025-12-08"), SEEN)
    assert archived.id in {line.workspace_id for line in before}
    assert archived.id not in {line.workspace_id for line in lines(company)}
    assert company.inventory(date("2025-12-01")).default_workspace_id
    assert not any(each.archived_at for each in company.inventory(date("2025-12-01")).workspaces)


def test_history_is_longer_than_thirteen_months(company):
    long_ago = TODAY - 396 * DAY
    assert company.usage(long_ago, long_ago + DAY, SEEN)


def test_a_new_model_takes_over_within_a_week_in_the_middle_of_a_month(company):
    def models(day):
        start = date(day)
        return Counter({line.model: sum(counts) for line, counts in company.usage(start, start + DAY, SEEN).items()})

    assert "claude-fable-5-2" not in models("2026-11-11")
    assert {"claude-fable-5-1", "claude-fable-5-2"} <= set(models("2026-11-13"))
    assert "claude-fable-5-1" not in models("2026-11-19")


def test_nothing_exists_before_it_was_made(company):
    early = company.inventory(date("2025-09-10"))
    assert all(key.created_at <= date("2025-09-10") for key in early.api_keys)
    assert len(early.workspaces) < len(roster.WORKSPACES)


def test_every_model_that_is_used_has_a_price(company):
    models = {track.line.model for track in company._company.tracks} - {None}
    assert models <= STANDARD.keys()
