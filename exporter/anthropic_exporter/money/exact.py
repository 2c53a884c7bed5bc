"""Decimal arithmetic that refuses to round.

The default context of :mod:`decimal` rounds to 28 digits without a word, so money is multiplied and added
through this one.
"""

from decimal import Context, DivisionByZero, Inexact, InvalidOperation, Overflow

#: 60 digits: a price and two factors have at most 15 each (see ``document``), which leaves 15 for a count of
#: tokens. A result that does not fit raises :exc:`decimal.Inexact` instead of being rounded. Use its methods
#: (``EXACT.add``, ``EXACT.multiply``): they leave the context of the calling thread alone.
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
