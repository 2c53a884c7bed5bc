"""The settings that are also flags and environment variables.

Light on purpose: every command line is built from it.
"""

from dataclasses import dataclass
from typing import Literal

CONFIG_FILE = "config.file"
ADMIN_KEY_FILE = "anthropic.admin-key-file"
BASE_URL = "anthropic.base-url"
#: Where a key is looked for when no file is named, in this order; never a flag.
KEY_VARIABLES = ("ANTHROPIC_ADMIN_API_KEY", "ANTHROPIC_ADMIN_KEY")


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. ``setting`` is the section and key that it overrides, "" for those about organizations."""

    name: str  # without the dashes
    environment: str
    setting: str
    help: str
    metavar: str
    kind: Literal["text", "list", "switch"] = "text"


FLAGS = (
    Flag(CONFIG_FILE, "ANTHROPIC_EXPORTER_CONFIG_FILE", "", "Settings in YAML.", "FILE"),
    Flag(
        ADMIN_KEY_FILE,
        "ANTHROPIC_ADMIN_KEY_FILE",
        "",
        "File with the Admin key.",
        "FILE",
    ),
    Flag(BASE_URL, "ANTHROPIC_BASE_URL", "", "Where the Admin API is.", "URL"),
    Flag(
        "state.path",
        "ANTHROPIC_EXPORTER_STATE_PATH",
        "state.path",
        "State; :memory: keeps none.",
        "PATH",
    ),
    Flag(
        "web.listen-address",
        "ANTHROPIC_EXPORTER_WEB_LISTEN_ADDRESS",
        "web.listen_address",
        "Address to serve on; may be repeated.",
        "HOST:PORT",
        "list",
    ),
    Flag(
        "web.telemetry-path",
        "ANTHROPIC_EXPORTER_WEB_TELEMETRY_PATH",
        "web.telemetry_path",
        "Path of the metrics.",
        "PATH",
    ),
    Flag(
        "web.config.file",
        "ANTHROPIC_EXPORTER_WEB_CONFIG_FILE",
        "web.config_file",
        "TLS and authentication, in the format of the Prometheus exporter-toolkit.",
        "FILE",
    ),
    Flag(
        "web.enable-lifecycle",
        "ANTHROPIC_EXPORTER_WEB_ENABLE_LIFECYCLE",
        "web.enable_lifecycle",
        "Allow reloading by POST /-/reload.",
        "",
        "switch",
    ),
    Flag("log.level", "ANTHROPIC_EXPORTER_LOG_LEVEL", "log.level", "debug, info, warn or error.", "LEVEL"),
    Flag("log.format", "ANTHROPIC_EXPORTER_LOG_FORMAT", "log.format", "logfmt or json.", "FORMAT"),
)
