"""What the state file of an exporter says of one organization: which series there are, and when they were first shown.

The file may be in use: it is only read.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from anthropic_exporter.backfill.history import Ceilings
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.account import Account
from anthropic_exporter.records import Labels, Number

_NAMED = ("organization", "workspace", "api_key")
_MEANT = ("organization_id", "organization_header", "default_workspace")
_PREFIXES = ("endpoint.", "collector.", "identity.", "listed.")


@dataclass(slots=True)
class Known:
    """What is known of an organization; nothing, where no exporter has run.

    Args:
        texts: what the exporter remembers, by key.
        named: by kind, what it has listed.
        series: which series its counters have.
        overflowed: which label sets went into the overflow.
    """

    texts: dict[str, str] = field(default_factory=dict)
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    series: list[tuple[str, Labels]] = field(default_factory=list)
    overflowed: list[tuple[str, Labels]] = field(default_factory=list)

    def copy_into(self, store: Store, alias: str) -> None:
        """Let the collectors begin with the endpoints, dimensions and names that the exporter has found out."""
        with store.transaction():
            for key, text in self.texts.items():
                if key in _MEANT or key.startswith(_PREFIXES):
                    store.set_meta(alias, key, text)
            for kind, values in self.named.items():
                store.replace_inventory(alias, kind, values)

    def first_exposed_at(self, accounts: Iterable[Account]) -> float | None:
        """Return when the first of some streams was first shown, or None where none was."""
        found = [self.texts.get(f"first_exposed_at.{account.stream.name}") for account in accounts]
        return min((float(text) for text in found if text), default=None)

    def same(self, account: Account) -> bool:
        """Return whether the labels of a stream mean the same there as they do here."""
        return self.texts.get(f"identity.{account.stream.name}") == account.identity

    def place(self, counters: Counters, accounts: Iterable[Account]) -> None:
        """Let label sets go where the exporter has put them."""
        families = {family for account in accounts if self.same(account) for family in account.families}
        counters.hold(
            [key for key in self.series if key[0] in families], [key for key in self.overflowed if key[0] in families]
        )

    def ceilings(self, accounts: Iterable[Account]) -> dict[str, Ceilings]:
        """Return by family what its series were first shown at."""
        found: dict[str, Ceilings] = {}
        for account in accounts:
            at = self.texts.get(f"first_exposed_at.{account.stream.name}")
            shown = self.texts.get(f"first_exposed.{account.stream.name}")
            if at and shown and self.same(account):
                values: dict[tuple[str, Labels], Number] = {
                    (family, tuple(labels)): Decimal(value) for family, labels, value in json.loads(shown)
                }
                found |= dict.fromkeys(account.families, Ceilings(float(at), values))
        return found


def known(state: Store | None, alias: str) -> Known:
    """Return what a state file says.

    Raises:
        StateError: it cannot be read.
    """
    if state is None:
        return Known()
    return Known(
        state.remembered(alias),
        {kind: state.inventory(alias, kind) for kind in _NAMED},
        [(family, labels) for family, labels, _ in state.counters(alias)],
        state.overflowed(alias),
    )
