"""Which model a name means."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.money.pricefile import PriceFile

# [0-9] and not \d: the digits of other scripts are no date.
_DATE = re.compile(r"-[0-9]{8}\Z")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of models.

    A model's key is its ID without the date at the end. Nothing else is cut off, and nothing is matched by
    prefix: claude-opus-5-5 and claude-opus-5-5-foo are no claude-opus-5.
    """

    keys: dict[str, str]  # other name -> key of the model

    def key(self, name: str) -> str:
        """Return the key of the model that a name means; for a name that is new, the name without a date."""
        bare = _DATE.sub("", name)
        return self.keys.get(name) or self.keys.get(bare, bare)


def names_of(layers: Iterable[PriceFile]) -> Names:
    """Return the names that files give, where a later file adds to an earlier one.

    Raises:
        ConfigError: a file gives to one model the name under which an earlier file prices another.
    """
    names = Names({})
    priced: set[str] = set()
    for layer in layers:
        for model in layer.models:
            key = names.key(model.name)
            for name in model.names:
                if names.key(name) in priced - {key}:
                    where = f"{layer.name}: models.{model.name}.names"
                    raise ConfigError(f'{where}: expected names of no other model, found "{name}"')
                names.keys[name] = key
        priced.update(names.key(row.key[0]) for row in layer.prices)
    return names
