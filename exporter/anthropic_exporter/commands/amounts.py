"""Money and dates on the command line and in what commands print."""

import datetime as dt
import os
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

import click

from anthropic_exporter.utc import day_text

_CENT = Decimal("0.01")
_TENTH = Decimal("0.1")
_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
_FEW = -2


def exact(usd: Decimal) -> str:
    """Spell an amount with every digit that it has, and at least its cents."""
    plain = usd.normalize(_WIDE)
    exponent = plain.as_tuple().exponent
    if not isinstance(exponent, int) or exponent > _FEW:
        plain = plain.quantize(_CENT, context=_WIDE)
    return f"{plain:f}"


def spent_cents(usd: Decimal, limit: Decimal) -> str:
    """Spell what was spent to the cent. What is below a limit does not read as if it had reached it."""
    spelled = usd.quantize(_CENT, context=_WIDE)
    if usd < limit <= spelled:
        spelled = usd.quantize(_CENT, rounding=ROUND_DOWN, context=_WIDE)
    return f"{spelled:,f}"


def cents(usd: Decimal) -> str:
    """Spell an amount to the cent, for people."""
    return f"{usd.quantize(_CENT, context=_WIDE):,f}"


def percent(ratio: Decimal) -> str:
    """Spell a share, rounded down: what is below a limit must not read as if it had reached it."""
    return f"{(ratio * 100).quantize(_TENTH, rounding=ROUND_DOWN, context=_WIDE):f} %"


def colour() -> bool | None:
    """Return what ``click.echo`` is told about colours: none with NO_COLOR, else those that the terminal takes."""
    return False if os.environ.get("NO_COLOR") else None


def midnight(day: dt.datetime) -> int:
    """Return the first second of a day in UTC."""
    return int(day.replace(tzinfo=dt.UTC).timestamp())


def date(at: float) -> str:
    """Spell the day of a moment."""
    return day_text(at)


def instant(at: float) -> str:
    """Spell a moment as RFC 3339."""
    return dt.datetime.fromtimestamp(int(at), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def positive(text: str) -> Decimal:
    """Read a number above 0 of the command line, exactly as it is written.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise click.BadParameter(f"expected a number above 0, found {text}")
    return number
