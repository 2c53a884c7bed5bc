"""One path of the Admin API, as it is asked for and as metrics and errors name it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from anthropic_exporter.errors import BadRequest, SchemaError

#: Query parameters in order; a list is its name (ending in ``[]``) once for each element.
Query = Sequence[tuple[str, str]]

ORGANIZATIONS = "/v1/organizations"
_OBJECT_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path with ``{id}`` where an ID stands, and the beta headers that it takes."""

    name: str
    betas: tuple[str, ...] = ()

    def unreadable(self, what: str) -> SchemaError:
        """Make the error for an answer that is not what is documented."""
        return SchemaError(f"GET {self.name}: {what}", endpoint=self.name)


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask an endpoint for."""

    endpoint: Endpoint
    query: Query = ()
    object_id: str = ""

    def path(self) -> str:
        """Give the path with the ID in it.

        Raises:
            BadRequest: the ID has a character that would make it another path.
        """
        name = self.endpoint.name
        if "{id}" not in name:
            return name
        if not _OBJECT_ID.fullmatch(self.object_id):
            raise BadRequest(f"GET {name}: not an ID that can stand in a path", endpoint=name)
        return name.replace("{id}", self.object_id)

    def with_cursor(self, parameter: str, cursor: str) -> "Call":
        """Give the same call for another page: nothing else may change."""
        return Call(self.endpoint, (*self.query, (parameter, cursor)), self.object_id)


def repeated(name: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """Write a list parameter, e.g. ``group_by[]=model&group_by[]=speed``."""
    return [(f"{name}[]", value) for value in values]
