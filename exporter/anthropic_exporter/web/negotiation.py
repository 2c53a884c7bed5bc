"""Which format and which coding a client takes. Pure: header values in, decisions out.

Source: RFC 9110 sections 12.4.2, 12.5.1 and 12.5.3. As in the client libraries of Prometheus, what cannot be
satisfied gets the text format rather than a 406.
"""

from collections.abc import Iterator
from typing import NamedTuple

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# Schemes under which the names of this program, all in the old character set, read as they are. "dots" is not
# one of them: it doubles every underscore.
_NEUTRAL_ESCAPING = ("allow-utf-8", "underscores", "values")


class Format(NamedTuple):
    """The format of one answer."""

    openmetrics: bool
    content_type: str


class _Item(NamedTuple):
    name: str
    parameters: dict[str, str]
    quality: float


def choose_format(accept: str) -> Format:
    """Return the format that the Accept header likes best: of equals the first, in doubt the text format."""
    offers = sorted(_items(accept), key=lambda item: -item.quality)
    for item in offers:
        version = item.parameters.get("version", "")
        if item.name == "application/openmetrics-text" and version in {"", "1.0.0"}:
            return Format(openmetrics=True, content_type=OPENMETRICS + _escaping(item))
        # To a text format 1.0.0 this one is no different, as every name is in the old character set.
        if item.name == "text/plain" and version in {"", "0.0.4", "1.0.0"}:
            return Format(openmetrics=False, content_type=TEXT + _escaping(item))
        if item.name in {"*/*", "text/*"}:
            break
    return Format(openmetrics=False, content_type=TEXT)


def takes_gzip(accept_encoding: str) -> bool:
    """Say whether the Accept-Encoding header allows gzip."""
    quality = {item.name: item.quality for item in _items(accept_encoding, refused=True)}
    return quality.get("gzip", quality.get("*", 0.0)) > 0


def _items(header: str, *, refused: bool = False) -> Iterator[_Item]:
    for part in header.split(","):
        name, *rest = (token.strip() for token in part.split(";"))
        pairs = (token.partition("=") for token in rest)
        parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
        quality = _quality(parameters.pop("q", "1"))
        if name and (quality > 0 or refused):
            yield _Item(name.lower(), parameters, quality)


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _escaping(item: _Item) -> str:
    asked = item.parameters.get("escaping", "")
    return f"; escaping={asked}" if asked in _NEUTRAL_ESCAPING else ""
