import dataclasses
import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from anthropic_exporter.config import ListenAddress, load
from anthropic_exporter.config.effective import effective
from anthropic_exporter.config.flags import FLAGS
from anthropic_exporter.config.organizations import counted_twice
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.secrets import KeyEnv, KeyFile
from config.bad_files import BAD_FILES

CANARY = "sk-ant-admin01-canary-0123"
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC).timestamp()
ENVIRONMENT = {"HOME": "/home/somebody", "ANTHROPIC_ADMIN_KEY": CANARY}

#: The file of the documentation: every setting at its default, and examples of what has none.
[DOCUMENTED, _] = re.findall(
    r"```yaml\n(.*?)```", (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Return what writes exporter.yml into the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        Path("exporter.yml").write_text(text, encoding="utf-8")
        return {"config.file": "exporter.yml"}

    return write


def read(flags=None, environment=None, **options):
    return load(flags or {}, ENVIRONMENT if environment is None else environment, now=NOW, **options)


def refusal(flags=None, environment=None):
    with pytest.raises(ConfigError) as error:
        read(flags, environment)
    return str(error.value)


def test_a_key_is_all_that_is_needed():
    settings = read()
    assert [organization.alias for organization in settings.organizations] == ["main"]
    assert settings.organizations[0].credential.value() == CANARY
    assert settings.organizations[0].base_url == "https://api.anthropic.com"
    assert settings.state.path == "/home/somebody/.local/state/anthropic-exporter/state.db"
    assert settings.web.listen_address == (ListenAddress("", 10114),)


def test_the_documented_file_says_the_defaults(file):
    settings = read(file(DOCUMENTED))
    unset = {"budgets": (), "ownership": (), "policies": (), "config_file": None}
    assert dataclasses.replace(settings, **unset) == read()


def test_the_documented_examples_are_read(file):
    settings = read(file(DOCUMENTED))
    total, search = settings.budgets
    assert (total.usd, total.thresholds[1]) == (Decimal(20000), Decimal("0.8"))
    assert search.thresholds == total.thresholds
    [(name, pattern)] = search.match.fields
    assert name == "workspace_name"
    assert pattern.match("search-web")
    assert not pattern.search("my-search-web")
    [(tag, pattern)] = settings.ownership[1].match.workspace_tags
    assert (tag, pattern.match("4711")["cost_center"]) == ("cost-center", "4711")
    assert settings.policies[0].allowed_models[0].match("claude-haiku-4-5")


@pytest.mark.parametrize(
    ("pattern", "matches", "refuses"),
    [
        ("a|b", ["a", "b"], ["ab", "xa", "bx", "a\n"]),
        ("(?i)abc", ["ABC", "abc"], ["abcd"]),
        ("(?s)a.c", ["a\nc"], ["a\ncd"]),
        ("^a$", ["a"], ["aa", "a\n"]),
        ("", [""], ["a"]),
    ],
)
def test_a_pattern_matches_whole_values_only(file, pattern, matches, refuses):
    text = json.dumps({"budgets": [{"name": "a", "usd": 1, "match": {"model": pattern}}]})
    [(_, compiled)] = read(file(text)).budgets[0].match.fields
    assert all(compiled.search(value) for value in matches)
    assert not any(compiled.search(value) for value in refuses)


@pytest.mark.parametrize(("text", "message"), BAD_FILES, ids=[text for text, _ in BAD_FILES])
def test_a_bad_file_is_refused_with_place_expectation_and_finding(file, text, message):
    assert refusal(file(text)) == f"exporter.yml: {message}"


def test_all_problems_are_told_together(file):
    flags = file("usage: {interval: 1, enabled: 2, extra: 3}\nbudgets: [{}, {name: a, usd: x}]\nnothing: 1\n")
    lines = refusal({**flags, "log.level": "loud"}, ENVIRONMENT | {"ANTHROPIC_EXPORTER_LOG_FORMAT": "xml"}).splitlines()
    assert [line.split(": expected")[0] for line in lines] == [
        "exporter.yml: nothing",
        "exporter.yml: usage.extra",
        "exporter.yml: usage.enabled",
        "exporter.yml: usage.interval",
        "exporter.yml: budgets[0].name",
        "exporter.yml: budgets[0].usd",
        "exporter.yml: budgets[1].usd",
        "--log.level",
        "ANTHROPIC_EXPORTER_LOG_FORMAT",
    ]


def test_a_file_that_cannot_be_read_is_named_by_who_named_it(tmp_path):
    missing = tmp_path / "none.yml"
    message = f'expected a readable file, found "{missing}": No such file or directory'
    assert refusal({"config.file": str(missing)}) == f"--config.file: {message}"
    variable = "ANTHROPIC_EXPORTER_CONFIG_FILE"
    assert refusal({}, ENVIRONMENT | {variable: str(missing)}) == f"{variable}: {message}"


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "exporter.yml"
    path.write_bytes(b"\xff\xff")
    assert refusal({"config.file": str(path)}) == f"{path}: expected text in UTF-8"


@pytest.mark.parametrize("text", ["", "# nothing\n", "usage:\ncost: {}\n", "budgets: []\n"])
def test_empty_sections_are_defaults(file, text):
    assert dataclasses.replace(read(file(text)), config_file=None) == read()


def test_flag_beats_environment_beats_file_beats_default(file):
    flags = file("log: {level: error, format: json}\nweb: {telemetry_path: /file}\n")
    environment = ENVIRONMENT | {
        "ANTHROPIC_EXPORTER_LOG_LEVEL": "warning",
        "ANTHROPIC_EXPORTER_WEB_TELEMETRY_PATH": "/environment",
    }
    settings = read({**flags, "log.level": "debug"}, environment)
    assert (settings.log.level, settings.web.telemetry_path, settings.log.format) == ("debug", "/environment", "json")
    assert settings.web.enable_lifecycle is False
    assert read({}, environment).log.level == "warn"


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("false", False), ("0", False)],
)
def test_a_switch_is_set_by_its_variable(text, value):
    settings = read({}, ENVIRONMENT | {"ANTHROPIC_EXPORTER_WEB_ENABLE_LIFECYCLE": text})
    assert settings.web.enable_lifecycle is value


def test_a_switch_can_be_set_off_by_its_flag(file):
    flags = file("web: {enable_lifecycle: true}")
    assert read(flags).web.enable_lifecycle is True
    assert read({**flags, "web.enable-lifecycle": False}).web.enable_lifecycle is False


def test_a_variable_that_is_empty_is_not_set():
    assert read({}, ENVIRONMENT | {flag.environment: " " for flag in FLAGS}) == read()


@pytest.mark.parametrize(
    ("given", "addresses"),
    [
        ((":10114",), [("", 10114)]),
        (("127.0.0.1:0", "[::1]:9"), [("127.0.0.1", 0), ("::1", 9)]),
        ((":0", ":0"), [("", 0), ("", 0)]),
        (("localhost:80",), [("localhost", 80)]),
    ],
)
def test_listen_addresses_are_read(given, addresses):
    expected = tuple(ListenAddress(host, port) for host, port in addresses)
    assert read({"web.listen-address": given}).web.listen_address == expected
    variable = {"ANTHROPIC_EXPORTER_WEB_LISTEN_ADDRESS": ", ".join(given)}
    assert read({}, ENVIRONMENT | variable).web.listen_address == expected
    assert tuple(map(str, expected)) == given


def test_the_base_url_of_a_flag_is_everywhere(file):
    flags = file("organizations: [{alias: a, admin_key_env: A}, {alias: b, admin_key_env: A}]")
    environment = {"HOME": "/", "A": CANARY, "ANTHROPIC_BASE_URL": "http://127.0.0.1:8080/"}
    assert {o.base_url for o in read(flags, environment).organizations} == {"http://127.0.0.1:8080"}
    flag = {"anthropic.base-url": "ftp://x"}
    assert refusal({**flags, **flag}, environment).startswith("--anthropic.base-url: expected an https:// URL")


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"XDG_STATE_HOME": "/state", "HOME": "/home/x"}, id="XDG_STATE_HOME"),
        pytest.param({"XDG_STATE_HOME": "relative", "HOME": "/state"}, id="a relative one does not count"),
    ],
)
def test_state_is_kept_below_the_state_home(environment):
    path = Path(read({}, ENVIRONMENT | environment).state.path)
    assert path.parts[:2] == ("/", "state")
    assert path.parts[-2:] == ("anthropic-exporter", "state.db")


def test_state_can_be_kept_in_memory():
    assert read({"state.path": ":memory:"}).state.path == ":memory:"


@pytest.mark.parametrize("flag", ["state.path", "config.file", "web.config.file", "anthropic.admin-key-file"])
def test_a_home_that_nobody_has_is_refused(flag):
    assert f'--{flag}: expected the name of a file, found "~nobody.of.that.name/x"' in refusal(
        {flag: "~nobody.of.that.name/x"}, {"ANTHROPIC_ADMIN_API_KEY": "sk-ant-admin01-x"}
    )


def test_an_empty_name_of_a_file_names_none():
    settings = read(
        {"anthropic.admin-key-file": "", "config.file": ""}, {"ANTHROPIC_ADMIN_API_KEY": "sk-ant-admin01-x"}
    )
    assert settings.organizations[0].credential.value() == "sk-ant-admin01-x"


def test_names_of_files_in_the_file_are_relative_to_it(tmp_path, monkeypatch):
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "prices.yml").write_text("")
    (folder / "key").write_text(CANARY)
    (folder / "exporter.yml").write_text("organizations: [{admin_key_file: key}]\nprices: {file: prices.yml}\n")
    monkeypatch.chdir("/")
    settings = read({"config.file": str(folder / "exporter.yml")}, {"HOME": "/"})
    assert settings.prices.file == folder / "prices.yml"
    assert settings.organizations[0].credential == KeyFile(folder / "key")


class TestWhereTheKeyComesFrom:
    @pytest.fixture
    def keys(self, tmp_path):
        """Return what makes a file with a key of a name, and the path of the file."""

        def make(name):
            path = tmp_path / name
            path.write_text(f"sk-ant-admin01-canary-{name}")
            return str(path)

        return make

    def test_flag_then_file_variable_then_api_key_then_key_then_settings_file(self, file, keys):
        flags = file(f"organizations: [{{alias: main, admin_key_file: {keys('settings')}}}]")
        flags["anthropic.admin-key-file"] = keys("flag")
        environment = {
            "HOME": "/",
            "ANTHROPIC_ADMIN_KEY_FILE": keys("file"),
            "ANTHROPIC_ADMIN_API_KEY": "sk-ant-admin01-canary-api-key",
            "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-canary-key",
        }
        found = [read(flags, dict(environment))]
        del flags["anthropic.admin-key-file"]
        for name in [name for name in environment if name != "HOME"]:
            found.append(read(flags, dict(environment)))
            del environment[name]
        found.append(read(flags, dict(environment)))
        sources = [settings.organizations[0].credential.value().rpartition("canary-")[2] for settings in found]
        assert sources == ["flag", "file", "api-key", "key", "settings"]

    def test_each_of_several_organizations_has_its_own(self, file, keys):
        flags = file(
            f"organizations: [{{alias: a, admin_key_file: {keys('a')}}}, {{alias: b, admin_key_env: KEY_OF_B}}]"
        )
        settings = read(flags, ENVIRONMENT | {"KEY_OF_B": CANARY})
        assert [o.credential for o in settings.organizations] == [
            KeyFile(Path(keys("a"))),
            KeyEnv("KEY_OF_B"),
        ]

    def test_several_organizations_cannot_share_the_flag(self, file, keys):
        flags = file("organizations: [{alias: a, admin_key_env: A}, {alias: b}]")
        environment = ENVIRONMENT | {"A": CANARY}
        assert refusal(flags, environment) == (
            "organizations[1]: expected admin_key_file or admin_key_env, found neither"
        )
        flags["anthropic.admin-key-file"] = keys("flag")
        assert "organizations[1]: --anthropic.admin-key-file: expected one organization, found several" in refusal(
            flags, environment
        )

    def test_no_key_says_what_to_set_and_where_to_make_one(self):
        message = refusal({}, {"HOME": "/"})
        for hint in ("ANTHROPIC_ADMIN_API_KEY", "--anthropic.admin-key-file", "Console → Settings → Admin keys"):
            assert hint in message

    @pytest.mark.parametrize(
        ("environment", "message"),
        [
            ({"ANTHROPIC_ADMIN_API_KEY": " "}, "ANTHROPIC_ADMIN_API_KEY: expected a key, but it is empty"),
            (
                {"ANTHROPIC_ADMIN_KEY_FILE": "/nowhere"},
                "/nowhere: expected a readable file with a key, found: No such file or directory",
            ),
        ],
    )
    def test_a_key_that_cannot_be_had_is_refused(self, environment, message):
        assert refusal({}, {"HOME": "/", **environment}) == message

    def test_a_missing_variable_is_told_with_its_organization(self, file):
        flags = file("organizations: [{admin_key_env: NOT_SET}]")
        assert refusal(flags, {"HOME": "/"}) == (
            "organizations[0]: NOT_SET: expected a key in this environment variable, found it not set"
        )

    def test_it_is_not_needed_where_nothing_is_read(self):
        assert read({}, {"HOME": "/"}, need_key=False).organizations == ()


def test_the_settings_in_force_show_where_the_key_is_and_never_the_key(file):
    settings = read(file(DOCUMENTED))
    for shown in (str(settings), settings, effective(settings), dataclasses.astuple(settings)):
        assert "canary" not in repr(shown)
    assert effective(settings)["organizations"] == [
        {
            "alias": "main",
            "admin_key": "<secret> from environment ANTHROPIC_ADMIN_KEY",
            "base_url": "https://api.anthropic.com",
            "source": "auto",
        }
    ]


def test_the_settings_in_force_read_back(file):
    settings = read(file(DOCUMENTED))
    shown = effective(settings)
    for own in ("organizations", "config_file"):
        del shown[own]
    for section in ("prices", "web"):
        shown[section] = {name: value for name, value in shown[section].items() if value is not None}
    for rule in shown["ownership"]:
        for name in [name for name, value in rule.items() if value is None]:
            del rule[name]
    for budget in shown["budgets"]:
        budget["usd"] = Decimal(budget["usd"])
        budget["thresholds"] = [Decimal(threshold) for threshold in budget["thresholds"]]
        budget["match"] = budget["match"] or None
    text = json.dumps(shown, default=float).replace('"match": null, ', "").replace(', "match": null', "")
    again = read(file(text))
    assert dataclasses.replace(again, organizations=settings.organizations) == settings


def test_every_setting_is_in_the_documented_file():
    documented = yaml.safe_load(DOCUMENTED)
    for name, section in effective(read()).items():
        if isinstance(section, dict):
            missing = section.keys() - documented.get(name, {})
            assert not missing, f"docs/settings.md lacks {name}: {missing}"
        else:
            assert name in {*documented, "config_file"}, f"docs/settings.md lacks {name}"


def test_a_parent_and_a_child_of_one_key_are_known_to_count_twice(file):
    flags = file(
        "organizations:\n"
        "  - {alias: parent, admin_key_env: A}\n"
        "  - {alias: child, admin_key_env: A, organization_id: one}\n"
        "  - {alias: elsewhere, admin_key_env: A, organization_id: two, base_url: 'https://gateway.example.com'}\n"
        "  - {alias: other, admin_key_env: B, organization_id: three}\n"
    )
    settings = read(flags, {"HOME": "/home/somebody", "A": CANARY, "B": f"{CANARY}-b"})
    assert counted_twice(settings.organizations) == [("parent", "child")]
    assert counted_twice(settings.organizations[1:]) == []
