"""``backfill``: what it writes, what it refuses, and how it goes on after a break."""

import json
import re
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from anthropic_exporter.commands.backfill_flags import HEADERS
from anthropic_exporter.commands.backfill_watch import duration, size
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Event
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import DAY, HOUR
from commands.spending_company import LABS, MONTH, NEW_KEY, NOW, OLD_KEY, spending_company
from ledger.instants import at
from simulate.harness import line

STATELESS = ("--state.path=:memory:", "--label=job=anthropic", "--label=instance=pinned")
TOKENS = "anthropic_usage_tokens_total"


@pytest.fixture
def backfill(company, tmp_path, monkeypatch):
    """Return what runs the command, and gives its exit status, what it told, and the files."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))

    def start(switches=None, settings="", organization=None):
        fake, command = company(switches, settings, organization)

        def run(*arguments, folder="history", stateless=True):
            where = () if "--remote-write" in " ".join(arguments) else (f"--output-dir={tmp_path / folder}",)
            told = command("backfill", *where, *(STATELESS if stateless else ()), *arguments)
            return (*told, {file.name: file.read_text() for file in sorted((tmp_path / folder).glob("*.openmetrics"))})

        return fake, run

    return start


def samples(files):
    """Return all samples by name and labels, in order of time. The strict parser also checks the format."""
    found = {}
    for text in files.values():
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                key = (sample.name, *sorted(sample.labels.items()))
                found.setdefault(key, []).append((float(sample.timestamp), sample.value))
    return found


def of(found, name, **labels):
    return [values for key, values in found.items() if key[0] == name and labels.items() <= set(key[1:])]


def test_files_are_openmetrics_of_one_slice_each_with_the_series_of_the_exporter(backfill):
    _, run = backfill()
    status, out, err, files = run("--from=2026-06-18", "--until=2026-07-11")
    assert (status, err) == (0, "")
    assert list(files) == ["2026-06-10T12.openmetrics", "2026-06-30T18.openmetrics"]
    assert all(text.endswith("# EOF\n") and "_created" not in text for text in files.values())
    assert "promtool tsdb create-blocks-from openmetrics --max-block-duration=486h" in out
    assert "2026-06-18 to 2026-07-11T00:00:00Z" in out
    found = samples(files)
    for values in found.values():
        assert all(old < new for (old, _), (new, _) in pairwise(values))
    (output,) = of(found, TOKENS, model="claude-opus-4-8", token_type="output")
    assert output[:2] == [(at("2026-06-20T10:00"), 0), (at("2026-06-20T11:00"), 300_003)]
    assert output[-1][0] == at("2026-07-11")
    (requests,) = of(found, "anthropic_usage_requests_total", model="claude-opus-4-8")
    assert requests[-1][1] == 7
    (key,) = of(found, "anthropic_api_key_usage_tokens_total", api_key_id=OLD_KEY.id, token_type="output")
    assert key == output
    assert all({("job", "anthropic"), ("instance", "pinned")} <= set(key[1:]) for key in found)
    (names,) = of(found, "anthropic_api_key_info", api_key_id=NEW_KEY.id, api_key_name="labs-dev")
    assert {value for _, value in names} == {1}
    assert of(found, "anthropic_workspace_info", workspace_name="=labs|1")
    (billed,) = of(
        found, "anthropic_cost_yesterday_usd", model="claude-sonnet-4-6", workspace_id="wrkspc_01LabsOfTheCommandTests"
    )
    assert [moment for moment, _ in billed] == [at("2026-07-10T12:00")]


def test_every_file_that_a_shell_sees_in_the_folder_is_history(backfill, tmp_path):
    """People load the folder with `for file in DIR/*`."""
    _, run = backfill()
    assert run("--from=2026-07-01", "--until=2026-07-10")[0] == 0
    seen = [each for each in (tmp_path / "history").iterdir() if not each.name.startswith(".")]
    assert {each.suffix for each in seen} == {".openmetrics"}


def test_its_counters_end_where_those_of_the_exporter_begin(backfill):
    """The first values of an exporter are what it has recomputed, so the last ones of the history are the same."""
    _, run = backfill(Switches(visibility_delay=0, refresh_step=1))
    _, _, _, files = run("--from=2026-07-01", "--until=2026-07-15", "--step=1d")
    found = samples(files)
    usd = sum(values[-1][1] for values in of(found, "anthropic_cost_usd_total"))
    assert usd > 0
    (june,) = of(found, TOKENS, model="claude-opus-4-8", token_type="uncached_input")
    assert june[0] == (MONTH, 1_000_001)
    assert june[-1] == (at("2026-07-15"), 3_000_004)


def test_a_run_that_breaks_on_a_full_disk_goes_on_without_reading_again_what_is_finished(backfill, tmp_path):
    fake, run = backfill()
    flags = ("--from=2026-06-01", "--until=2026-07-15", "--step=2h")
    _, _, _, whole = run(*flags, folder="whole")
    folder = tmp_path / "history"
    folder.mkdir()
    (folder / "2026-06-30T18.part").symlink_to("/dev/full")
    status, _, err, part = run(*flags)
    assert status == 1
    assert f"{folder}: No space left on device; what is finished is kept, run it again to go on" in err
    assert part == {name: text for name, text in whole.items() if name < "2026-06-30T18"}
    assert len(part) == 2
    assert sorted(each.name for each in folder.iterdir() if each.name not in part) == [".journal.json"]
    before = len(fake.world.log)
    status, out, _, files = run(*flags)
    assert status == 0
    assert f"going on after {len(part)} of {len(whole)} slices" in out
    assert files == whole
    hourly = [entry.query for entry in list(fake.world.log)[before:] if "bucket_width=1h" in entry.query]
    assert hourly
    assert all("starting_at=2026-06-30" in query or "starting_at=2026-07" in query for query in hourly)
    status, out, _, again = run(*flags)
    assert (status, again) == (0, whole)
    assert "nothing is left to do" in out


def test_a_slice_that_was_read_before_the_upstream_failed_is_not_lost(backfill):
    """It is still being written when the read of the next one fails."""
    organization = spending_company()
    too_much = Event(at("2026-07-11"), line("claude-opus-4-8", DEFAULT_WORKSPACE.id), output=10**30)
    organization.record(too_much)
    _, run = backfill(organization=organization)
    flags = ("--from=2026-06-01", "--until=2026-07-15", "--step=2h")
    status, _, err, part = run(*flags)
    assert status == 1
    assert "run it again to go on" in err
    assert list(part) == ["2026-05-21T06.openmetrics", "2026-06-10T12.openmetrics"]
    assert all(text.endswith("# EOF\n") for text in part.values())
    status, out, _, again = run(*flags)
    assert (status, again) == (1, part)
    assert "going on after 2 of 3 slices" in out


def test_a_folder_that_takes_no_files_is_refused_before_anything_is_read(backfill, tmp_path):
    fake, run = backfill()
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / ".journal.part").symlink_to("/dev/full")
    status, _, err, _ = run("--from=2026-07-01", "--until=2026-07-10")
    assert status == 2
    assert f"{tmp_path / 'history'} cannot be written to: No space left on device" in err
    assert not fake.world.log


def test_another_run_does_not_go_on_where_its_settings_differ(backfill):
    _, run = backfill()
    assert run("--from=2026-07-01", "--until=2026-07-10")[0] == 0
    status, _, err, _ = run("--from=2026-07-02", "--until=2026-07-10")
    assert status == 2
    assert "holds a run with --from 2026-07-01, found 2026-07-02" in err


def test_a_run_that_has_written_nothing_binds_no_other(backfill):
    _, run = backfill(
        Switches(visibility_delay=0, faults=("unauthorized",), fault_paths=("/v1/organizations/usage_report",))
    )
    assert run("--from=2026-07-01", "--until=2026-07-10")[0] == 1
    _, run = backfill()
    assert run("--from=2026-07-02", "--until=2026-07-10")[0] == 0


def test_a_folder_with_something_else_is_refused(backfill, tmp_path):
    _, run = backfill()
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "precious.txt").write_text("mine")
    status, _, err, _ = run("--from=2026-07-01", "--until=2026-07-10")
    assert status == 2
    assert "expected an empty directory or one of an unfinished backfill" in err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--from=2026-13-01"], "--from: expected a date like 2026-01-31, found '2026-13-01'"),
        (["--from=2026-07-01", "--until=soon"], "--until: expected a date like 2026-01-31, found 'soon'"),
        (
            ["--from=2026-07-10", "--until=2026-07-01"],
            "--until: expected a day after --from 2026-07-10, found 2026-07-01",
        ),
        (["--from=2026-07-16", "--until=2026-07-17"], "--from: 2026-07-16 has not begun"),
        (["--from=2026-07-01", "--until=2026-07-16"], "--until: 2026-07-16 is not over and settled"),
        (["--from=2026-07-01", "--until=auto"], "--until auto: --state.path keeps no state; give a date"),
        (
            ["--from=2026-07-01", "--until=2026-07-10", "--label=job"],
            "--label: expected NAME=VALUE as in job=anthropic, found 'job'",
        ),
        (
            ["--from=2026-07-01", "--until=2026-07-10", "--label=model=x"],
            "--label: model is a label that the series have already",
        ),
        (["--from=2026-07-01", "--until=2026-07-10", "--label=job=twice"], "--label: job is given twice"),
        (
            ["--from=2026-07-01", "--until=2026-07-10", "--step=5m"],
            "--step: expected one of 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, found '5m'",
        ),
        (
            ["--from=2026-07-01", "--until=2026-07-10", "--remote-write=http://x"],
            "expected one of --output-dir and --remote-write",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(backfill, flags, message, tmp_path):
    fake, run = backfill()
    both = (f"--output-dir={tmp_path / 'history'}",) if "--remote-write" in flags[-1] else ()
    status, _, err, files = run(*flags, *both)
    assert status == 2
    assert message in err
    assert not files
    assert not fake.world.log


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://there", "expected a URL that begins with https:// or http://"),
        ("http://me:secret@there/write", "a credential is never a flag"),
    ],
)
def test_a_bad_target_is_refused(backfill, url, message):
    _, run = backfill()
    status, _, err, _ = run("--from=2026-07-01", "--until=2026-07-10", f"--remote-write={url}")
    assert status == 2
    assert message in err
    assert "secret" not in err


def test_bad_headers_are_refused_without_repeating_them(backfill, monkeypatch):
    _, run = backfill()
    monkeypatch.setenv(HEADERS, "Authorization: Bearer hush")
    status, _, err, _ = run("--from=2026-07-01", "--until=2026-07-10", "--remote-write=http://127.0.0.1:9/write")
    assert status == 2
    assert f"{HEADERS}: expected NAME=VALUE,NAME=VALUE" in err
    assert "hush" not in err


def test_counters_that_begin_later_are_named(backfill):
    _, run = backfill(settings="counters: {since: 2026-07-05}")
    status, _, err, _ = run("--from=2026-07-01", "--until=2026-07-10")
    assert status == 2
    assert "counters begin on 2026-07-05 (counters.since), found 2026-07-01" in err


def test_what_the_analytics_reports_do_not_have_is_refused(backfill):
    fake, run = backfill(Switches(visibility_delay=0, generation="analytics"))
    status, _, err, _ = run("--from=2025-12-31", "--until=2026-07-10")
    assert status == 2
    assert "usage comes from /v1/organizations/analytics/usage, which has nothing before 2026-01-01" in err
    assert all("2025" not in entry.query for entry in fake.world.log)


def test_auto_needs_an_exporter_that_has_shown_something(backfill, tmp_path):
    _, run = backfill()
    state = f"--state.path={tmp_path / 'none.db'}"
    status, _, err, _ = run("--from=2026-07-01", "--until=auto", state, stateless=False)
    assert status == 2
    assert "there is no state file; let the exporter run first, or give a date" in err
    assert not (tmp_path / "none.db").exists()


def test_before_any_exporter_has_run_it_ends_with_the_last_whole_day(backfill, tmp_path):
    _, run = backfill()
    state = f"--state.path={tmp_path / 'none.db'}"
    status, _, err, files = run("--from=2026-07-01", state, stateless=False)
    assert status == 0, err
    assert f"no exporter has run with {tmp_path / 'none.db'}, so this ends at" in err
    assert files
    assert not (tmp_path / "none.db").exists()


def test_an_upstream_that_fails_is_told_with_what_to_do(backfill):
    _, run = backfill(
        Switches(visibility_delay=0, faults=("unauthorized",), fault_paths=("/v1/organizations/usage_report",))
    )
    status, _, err, files = run("--from=2026-07-01", "--until=2026-07-10")
    assert status == 1
    assert re.search(r"error: .*401.*run it again to go on", err)
    assert not files


def test_both_generations_tell_the_same_tokens(backfill):
    found = {}
    for generation in ("legacy", "analytics"):
        _, run = backfill(Switches(visibility_delay=0, generation=generation, refresh_step=1))
        _, _, err, files = run("--from=2026-06-25", "--until=2026-07-15", "--step=6h", folder=generation)
        assert err == ""
        found[generation] = {key: values for key, values in samples(files).items() if "tokens_total" in key[0]}
    assert found["legacy"] == found["analytics"]


@pytest.mark.parametrize("settings", ["", "organizations: [{source: org-scoped}]\n"], ids=["auto", "chosen"])
def test_an_org_scoped_organization_has_the_history_that_its_dialect_tells(backfill, settings):
    """It knows workspace, model and tier, one kind of cache write, and no requests, keys or cost."""
    flags = ("--from=2026-06-15", "--until=2026-07-15", "--step=6h")
    _, run = backfill(Switches(visibility_delay=0, generation="org-scoped"), settings)
    status, _, err, files = run(*flags, folder="scoped")
    assert status == 0
    assert [line.split(": ")[2] for line in err.splitlines()] == [
        f"{name} is not offered, and not written" for name in ("api_key_usage", "cost")
    ]
    told = samples(files)
    assert not [key for key in told if "_api_key_" in key[0] or key[0].startswith("anthropic_cost_")]
    assert of(told, "anthropic_workspace_info", workspace_id=LABS.id, workspace_name=LABS.name)
    _, run = backfill(Switches(visibility_delay=0, generation="legacy"))
    legacy = samples(run(*flags, folder="legacy")[3])
    assert merged(told)
    assert merged(told) == merged(legacy)


def merged(found):
    """Return tokens by time, workspace, model and tier, with one kind of cache write."""
    sums = defaultdict(Counter)
    for key, values in found.items():
        if key[0] == TOKENS:
            labels = dict(key[1:])
            workspace = labels["workspace_id"].replace("default", DEFAULT_WORKSPACE.id)
            token_type = labels["token_type"].replace("_1h", "_5m")
            sums[workspace, labels["model"], labels["service_tier"], token_type].update(dict(values))
    return {key: +counts for key, counts in sums.items() if +counts}


def test_what_an_org_scoped_organization_does_not_have_is_refused(backfill):
    _, run = backfill(Switches(visibility_delay=0, generation="org-scoped"))
    status, _, err, files = run("--from=2025-06-14", "--until=2026-07-15")
    assert status == 2
    assert "which has nothing before 2025-06-15; found 2025-06-14" in err
    assert not files


def test_without_job_and_instance_it_says_that_these_are_other_series(company, tmp_path):
    _, command = company()
    status, _, err = command(
        "backfill", "--from=2026-07-01", "--until=2026-07-03", "--state.path=:memory:", f"--output-dir={tmp_path / 'h'}"
    )
    assert status == 0
    assert "note: without --label job=… and --label instance=… these are not the live series" in err


def test_the_journal_holds_no_key(backfill, tmp_path):
    fake, run = backfill()
    run("--from=2026-07-01", "--until=2026-07-10")
    text = (tmp_path / "history" / ".journal.json").read_text()
    assert json.loads(text)["settings"]["--from"] == "2026-07-01"
    assert fake.admin_key not in text


def test_sizes_and_times_read_at_a_glance():
    assert [size(each) for each in (0, 999, 1_234_567, 2_500_000_000)] == ["0 B", "999 B", "1.2 MB", "2.5 GB"]
    assert [duration(each) for each in (3, 150, 2 * HOUR, 0.5 * DAY)] == ["3 s", "2 min", "2.0 h", "12.0 h"]
    assert NOW > MONTH
