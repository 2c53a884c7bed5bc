"""The file of prices: the bundled one, and the one of ``prices.file``, which has the same form.

    prices:                            # USD per million tokens
      - model: claude-opus-5           # required; a "-YYYYMMDD" at its end does not matter
        speed: standard                # standard (default) or fast
        context_window: 200k-1M        # absent: every context window that has no row of its own
        valid_from: 2026-07-24         # a day, 00:00 UTC; absent or null: open
        valid_to: null                 # exclusive; absent or null: open
        input: "5"                     # all five are required, as decimals in quotes; null: not known
        cache_write_5m: "6.25"
        cache_write_1h: "10"
        cache_read: "0.50"
        output: "25"
        upper_bound_factor: "1"        # what usage can cost at most, where usage reports cannot tell
        source: our contract           # source, as_of and note are for the reader
        as_of: 2026-09-26
        note: …
    factors:                           # what a word multiplies every token price with
      - {dimension: service_tier, word: batch, factor: "0.5"}     # dimension: service_tier or inference_geo
    web_search:
      - {usd_per_search: "0.01"}       # source, as_of, note and the span of days are free in every row
    models:                            # what is known beside the price
      claude-opus-5: {names: [opus-five], inference_geo: true, retired: 2027-07-24}

Rows of the same model, speed and context_window must not overlap in time.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.money.document import Node, parse
from anthropic_exporter.records import NONE

SPEEDS = ("standard", "fast")
CONTEXT_WINDOWS = ("0-200k", "200k-1M")
#: The price columns, in the order of records.TOKEN_TYPES.
COLUMNS = ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")

_SPAN = ("valid_from", "valid_to", "source", "as_of", "note")
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Amounts that hold for a span of days."""

    where: str  # as in prices[3]
    key: Key  # (model, speed, context window or "none"); (dimension, word); () for web searches
    valid_from: int | None  # seconds since 1970, a midnight UTC; None is open
    valid_to: int | None  # exclusive
    amounts: tuple[Decimal | None, ...]  # in the order of COLUMNS; or a factor; or USD per search
    upper_bound_factor: Decimal = Decimal(1)
    source: str = ""
    as_of: int | None = None

    def covers(self, day: int) -> bool:
        """Tell whether the row holds on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: "Row") -> bool:
        """Tell whether some day is covered by both."""
        return _before(self.valid_from, other.valid_to) and _before(other.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model beside its price."""

    name: str
    names: tuple[str, ...]  # its other names, as the API may spell them
    inference_geo: bool | None  # whether it takes the parameter, and so reports "global" or "us"; None: not said
    retired: int | None  # its last day; None: not said


@dataclass(frozen=True, slots=True)
class PriceFile:
    """One file: each value is checked, how the rows go together is not."""

    name: str
    prices: tuple[Row, ...]
    factors: tuple[Row, ...]
    web_search: tuple[Row, ...]
    models: tuple[Model, ...]


def read_bundled() -> PriceFile:
    """Return the prices that come with the program."""
    return read_text(files(__package__).joinpath("prices.yaml").read_text("utf-8"), "prices.yaml")


def read_file(path: Path) -> PriceFile:
    """Return the prices of a file.

    Raises:
        ConfigError: it cannot be read, or is not of the form above.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "text that is not UTF-8"
        raise ConfigError(f"{path}: expected a readable file, found {reason}") from error
    return read_text(text, str(path))


def read_text(text: str, file: str) -> PriceFile:
    """Return the prices of a document.

    Raises:
        ConfigError: it is not of the form above.
    """
    sections = parse(text, file).mapping(optional=("prices", "factors", "web_search", "models"))
    return PriceFile(
        name=file,
        prices=_rows(sections.get("prices"), _price),
        factors=_rows(sections.get("factors"), _factor),
        web_search=_rows(sections.get("web_search"), _web_search),
        models=tuple(_models(sections.get("models"))),
    )


def _rows(section: Node | None, read: Callable[[Node], Row]) -> tuple[Row, ...]:
    if section is None:
        return ()
    return tuple(read(node) for node in section.items())


def _price(node: Node) -> Row:
    fields = node.mapping(("model", *COLUMNS), ("speed", "context_window", "upper_bound_factor", *_SPAN))
    speed = fields["speed"].one_of(SPEEDS) if "speed" in fields else "standard"
    window = fields["context_window"].one_of(CONTEXT_WINDOWS) if "context_window" in fields else NONE
    amounts = (None if fields[column].value is None else fields[column].amount() for column in COLUMNS)
    bound = fields["upper_bound_factor"].amount() if "upper_bound_factor" in fields else Decimal(1)
    key = (fields["model"].word(), speed, window)
    return _dated(node, fields, key=key, amounts=amounts, bound=bound)


def _factor(node: Node) -> Row:
    fields = node.mapping(("dimension", "word", "factor"), _SPAN)
    key = (fields["dimension"].one_of(("service_tier", "inference_geo")), fields["word"].word())
    return _dated(node, fields, key=key, amounts=[fields["factor"].amount()])


def _web_search(node: Node) -> Row:
    fields = node.mapping(("usd_per_search",), _SPAN)
    return _dated(node, fields, key=(), amounts=[fields["usd_per_search"].amount()])


def _dated(
    node: Node,
    fields: dict[str, Node],
    *,
    key: Key,
    amounts: Iterable[Decimal | None],
    bound: Decimal = Decimal(1),
) -> Row:
    valid_from, valid_to = _day(fields, "valid_from"), _day(fields, "valid_to")
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        fields["valid_to"].fail("a day after valid_from")
    if "note" in fields:
        fields["note"].text()
    return Row(
        where=node.path,
        key=key,
        valid_from=valid_from,
        valid_to=valid_to,
        amounts=tuple(amounts),
        upper_bound_factor=bound,
        source=fields["source"].text() if "source" in fields else "",
        as_of=_day(fields, "as_of"),
    )


def _models(section: Node | None) -> Iterable[Model]:
    if section is None:
        return
    for name, node in section.entries("a mapping of models"):
        fields = node.mapping(optional=("names", "inference_geo", "retired"))
        yield Model(
            name=name,
            names=tuple(item.word() for item in fields["names"].items()) if "names" in fields else (),
            inference_geo=fields["inference_geo"].flag() if "inference_geo" in fields else None,
            retired=_day(fields, "retired"),
        )


def _day(fields: dict[str, Node], key: str) -> int | None:
    node = fields.get(key)
    return None if node is None or node.value is None else node.day()


def _before(start: int | None, end: int | None) -> bool:
    return start is None or end is None or start < end
