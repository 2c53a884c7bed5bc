"""What the HTTP layer needs to know of an organization, however it is made."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, Protocol

from .inventory import Inventory, Profile
from .line import Counts, Line, Seen


class Charge(NamedTuple):
    """Money for one component of one line, in cents."""

    line: Line
    cost_type: str
    token_type: str | None
    amount: Decimal  # after discounts
    list_amount: Decimal


class Organization(Protocol):
    """An invented organization. Reading it twice with the same arguments gives the same, unless ``revision`` rose."""

    @property
    def profile(self) -> Profile:
        """Who it is."""

    @property
    def revision(self) -> int:
        """A number that rises whenever what happened is changed by hand."""

    def inventory(self, now: float) -> Inventory:
        """Everything that exists at that instant."""

    def usage(self, start: int, end: int, seen: Seen) -> Mapping[Line, Counts]:
        """Count what each line used in [start, end), both at whole minutes, as far as it is seen.

        Lines without usage are left out; no count is negative; a bucket is always the sum of its parts.
        """

    def charges(self, start: int, end: int, seen: Seen) -> Iterable[Charge]:
        """Price what was used in [start, end), line by line; a line may come more than once."""
