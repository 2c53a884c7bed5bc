"""A YAML file becomes plain values, without the surprises of YAML 1.1.

Only ``true`` and ``false`` are booleans (``no``, ``off`` and ``yes`` stay words), ``1:30`` and ``010`` are no
numbers in another base, a date stays text, a number with a fraction is an exact Decimal, and a key may stand
only once.
"""

import re
from collections.abc import Hashable
from decimal import Decimal
from typing import Any

import yaml

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.secrets import mask


class _Loader(yaml.SafeLoader):
    """SafeLoader with the few scalars of YAML 1.2 that a settings file needs, and no duplicate keys."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
            if key in lines:
                problem = f'duplicate key "{key}", first on line {lines[key]}'
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            lines[key] = key_node.start_mark.line + 1
        return super().construct_mapping(node, deep=deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(loader.construct_scalar(node))


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("null", r"(?:~|null|)\Z", "~n\0")
_resolve("bool", r"(?:true|false)\Z", "tf")
_resolve("int", r"[-+]?(?:0|[1-9][0-9]{0,18})\Z", "-+0123456789")
_resolve("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?\Z", "-+0123456789")
# An empty scalar has no first character: PyYAML files its resolvers under "".
_Loader.yaml_implicit_resolvers[""] = _Loader.yaml_implicit_resolvers.pop("\0")
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)


def parse(text: str, name: str) -> object:
    """Return the values of a YAML text: dict, list, str, int, Decimal, bool or None.

    Args:
        text: the file's content; only one document.
        name: of the file, for messages.

    Raises:
        ConfigError: with line and column; the offending text itself is not shown, it might be a key.
    """
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(mask(f"{name}: {where}{error.problem or error.context}")) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"{name}: expected text, found a special character: {error.reason}") from None
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply") from None
