"""Which build this is."""

from importlib import resources

import anthropic_exporter

_BAKED = "_revision.txt"


def revision() -> str:
    """Return the short git hash that the build wrote into the package, or "unknown"."""
    try:
        return resources.files(anthropic_exporter).joinpath(_BAKED).read_text(encoding="ascii").strip() or "unknown"
    except FileNotFoundError:
        return "unknown"
