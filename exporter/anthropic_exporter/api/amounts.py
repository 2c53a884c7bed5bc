"""Money of the API: decimal strings in cents, to exact USD."""

import decimal
import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_LONGEST = 100
#: A trillion USD in one row, in cents.
_LARGEST = Decimal(10) ** 14
_FINEST = -100
# Wide enough for any text that is let through, and an error where it were not: never a rounded amount.
_EXACT = decimal.Context(prec=400, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])


def is_documented(cents: object) -> bool:
    """Tell whether it came as the string that is documented."""
    return isinstance(cents, str)


def usd(cents: object) -> Decimal:
    """Turn ``"123.45"`` (cents) into 1.2345 USD, exactly. Negative ones are corrections.

    Args:
        cents: the documented string, or the int or Decimal of a JSON number.

    Raises:
        ValueError: it is no finite decimal number, or none that an amount can be.
    """
    if isinstance(cents, bool) or not isinstance(cents, str | int | Decimal):
        raise ValueError("an amount that is not a decimal string")  # noqa: TRY004 - a wrong value, not a wrong call
    text = str(cents)
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        raise ValueError("an amount that is not a decimal number")
    number = Decimal(text)
    if number.adjusted() < _FINEST or abs(number) > _LARGEST:
        raise ValueError("an amount beyond all measure")
    return _EXACT.scaleb(number, -2)
