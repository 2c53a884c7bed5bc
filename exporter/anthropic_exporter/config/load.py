"""Flag beats environment beats file beats default, setting by setting."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from anthropic_exporter.api.ports import Credential
from anthropic_exporter.config import document, network, values
from anthropic_exporter.config.effective import effective
from anthropic_exporter.config.flags import ADMIN_KEY_FILE, BASE_URL, CONFIG_FILE, FLAGS, KEY_VARIABLES, Flag
from anthropic_exporter.config.matching import ORGANIZATION
from anthropic_exporter.config.organizations import OrganizationEntry, OrganizationSettings
from anthropic_exporter.config.reader import Place, Reader, Refused, keys, words
from anthropic_exporter.config.sections import Budget, OtlpSettings
from anthropic_exporter.config.settings import Settings
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.secrets import KeyEnv, KeyFile, mask

T = TypeVar("T")

#: Where telemetry is sent when ``otlp.endpoint`` is empty; the first that is set counts.
PUSH_VARIABLES = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

NO_KEY = (
    f"{KEY_VARIABLES[0]}: expected an Admin key, found none; set this variable, or name a file with "
    f"the key by --{ADMIN_KEY_FILE} (an organization admin makes one at Console → Settings → Admin keys)"
)
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


def load(flags: Mapping[str, object], environment: Mapping[str, str], *, now: float, need_key: bool = True) -> Settings:
    """Return the settings in force.

    Args:
        flags: as given on the command line, by name without dashes ("log.level"); None is not given.
        environment: of the process.
        now: seconds since 1970 UTC.
        need_key: False where the organization is not read; ``organizations`` is empty then.

    Raises:
        ConfigError: with one line for every problem that was found.
    """
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    given = {flag.name: found for flag in FLAGS if (found := _given(flag, flags, environment)) is not None}
    overrides = _Overrides(given, today)
    file = overrides.config_file()
    read = overrides.apply(_read_file(file, overrides.problems, today))
    entries = read.pop("organizations", None)
    organizations = overrides.organizations(entries, environment) if need_key else ()
    place = Place(str(file), "", overrides.problems, today)
    _check_push(read.get("otlp"), environment, place)
    _check_budgets(read.get("budgets", ()), organizations, place)
    if overrides.problems:
        raise ConfigError("\n".join(overrides.problems))
    settings = Settings(**read, organizations=organizations, config_file=file)
    if settings.state.path:
        return settings
    state = dataclasses.replace(settings.state, path=str(default_state_path(environment)))
    return dataclasses.replace(settings, state=state)


def default_state_path(environment: Mapping[str, str]) -> Path:
    """Return ``$XDG_STATE_HOME/anthropic-exporter/state.db``; a relative base is ignored, as XDG says."""
    base = Path(environment.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path(environment["HOME"] if environment.get("HOME") else Path.home()) / ".local" / "state"
        except RuntimeError:
            raise ConfigError("--state.path: expected a path, found none, and there is no home directory") from None
    return base / "anthropic-exporter" / "state.db"


def _given(flag: Flag, flags: Mapping[str, object], environment: Mapping[str, str]) -> tuple[str, object] | None:
    """Return where a flag's value comes from, and the value."""
    value = flags.get(flag.name)
    if value is not None and value != ():
        return f"--{flag.name}", list(value) if isinstance(value, tuple) else value
    text = environment.get(flag.environment, "").strip()
    if not text:  # A variable that is set to nothing is how containers say "not set".
        return None
    if flag.kind == "list":
        return flag.environment, [part.strip() for part in text.split(",")]
    return flag.environment, _SWITCH.get(text, text) if flag.kind == "switch" else text


def _read_file(file: Path | None, problems: list[str], today: dt.date) -> dict[str, Any]:
    """Return the sections that the file sets; problems are noted."""
    if file is None:
        return {}
    try:
        content = document.parse(file.read_text(encoding="utf-8-sig"), str(file))
        return keys(Settings, content, Place(str(file), "", problems, today, file.parent))
    except UnicodeDecodeError:
        problems.append(mask(f"{file}: expected text in UTF-8"))
    except ConfigError as error:
        problems.append(str(error))
    except Refused:
        pass
    return {}


def _check_push(otlp: OtlpSettings | None, environment: Mapping[str, str], place: Place) -> None:
    """Note where a push has no place to go; the standard variables name one, too."""
    if otlp is None or not otlp.enabled or otlp.endpoint:
        return
    name = next((name for name in PUSH_VARIABLES if environment.get(name)), None)
    with contextlib.suppress(Refused):
        if name is None:
            expected = f"a URL, because otlp is enabled and {PUSH_VARIABLES[-1]} is not set"
            place.key("otlp").key("endpoint").refuse(expected, otlp.endpoint)
        network.push_url(environment[name], Place("", name, place.problems, place.today))


def _check_budgets(budgets: tuple[Budget, ...], organizations: tuple[OrganizationSettings, ...], place: Place) -> None:
    """Note where a budget is about an organization that is not there; it would be about nothing, silently."""
    if not organizations or place.problems:
        return
    for index, budget in enumerate(budgets):
        if not any(budget.match.within(organization.alias) for organization in organizations):
            aliases = words(tuple(organization.alias for organization in organizations))
            with contextlib.suppress(Refused):
                where = place.key("budgets").item(index).key("match").key(ORGANIZATION)
                told: Any = effective(budget)["match"]
                where.refuse(f"a pattern of an alias ({aliases})", told[ORGANIZATION])


class _Overrides:
    """What flags and environment say, put over what the file says."""

    def __init__(self, given: Mapping[str, tuple[str, object]], today: dt.date) -> None:
        self._given = given
        self._today = today
        self.problems: list[str] = []

    def config_file(self) -> Path | None:
        """Return the file that was named."""
        file = self._read(CONFIG_FILE, values.readable_file)
        if self.problems:
            raise ConfigError("\n".join(self.problems))
        return file

    def apply(self, read: dict[str, Any]) -> dict[str, Any]:
        """Put flags in the place of what the file set."""
        for flag in FLAGS:
            section, _, key = flag.setting.partition(".")
            if not section:
                continue
            whole = read.get(section, _field(Settings, section).default)
            new = self._read(flag.name, _field(type(whole), key).metadata["reader"])
            if new is not None:
                read[section] = dataclasses.replace(whole, **{key: new})
        return read

    def organizations(
        self, entries: tuple[OrganizationEntry, ...] | None, environment: Mapping[str, str]
    ) -> tuple[OrganizationSettings, ...]:
        """Give each organization its key; one of flag or environment is for the only organization there is."""
        base_url = self._read(BASE_URL, network.base_url)
        key_file = self._read(ADMIN_KEY_FILE, values.optional_path)
        # What the file says about organizations is unknown then: a complaint about keys might be untrue.
        if self.problems:
            return ()
        found = []
        for index, entry in enumerate(entries or (OrganizationEntry(),)):
            path = f"organizations[{index}]: " if entries else ""
            try:
                credential = self._credential(entry, environment, key_file, only=len(entries or ()) <= 1)
                credential.value()
            except ConfigError as error:
                self.problems.append(mask(f"{path}{error}"))
                continue
            found.append(
                OrganizationSettings(
                    alias=entry.alias,
                    credential=credential,
                    base_url=base_url or entry.base_url,
                    source=entry.source,
                    organization_id=entry.organization_id,
                )
            )
        return tuple(found)

    def _credential(
        self, entry: OrganizationEntry, environment: Mapping[str, str], key_file: Path | None, *, only: bool
    ) -> Credential:
        source, _ = self._given.get(ADMIN_KEY_FILE, ("", None))
        if source.startswith("--") and not only:
            raise ConfigError(f"{source}: expected one organization, found several")
        if key_file and only:
            return KeyFile(key_file)
        variable = next((name for name in KEY_VARIABLES if environment.get(name)), None)
        if variable and only:
            return KeyEnv(variable, environment)
        if entry.admin_key_file:
            return KeyFile(entry.admin_key_file)
        if entry.admin_key_env:
            return KeyEnv(entry.admin_key_env, environment)
        raise ConfigError(NO_KEY if only else "expected admin_key_file or admin_key_env, found neither")

    def _read(self, name: str, reader: Reader[T]) -> T | None:
        """Return what a flag says; None where it is not given, or is refused."""
        if name not in self._given:
            return None
        source, value = self._given[name]
        try:
            return reader(value, Place("", source, self.problems, self._today))
        except Refused:
            return None


def _field(kind: type, name: str) -> dataclasses.Field[Any]:
    return next(field for field in dataclasses.fields(kind) if field.name == name)
