"""Tables as bytes of a file: CSV, JSON, Parquet."""

import csv
import importlib
import io
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from anthropic_exporter.commands.amounts import exact
from anthropic_exporter.commands.columns import Cell, Kind, Table
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.money.exact import EXACT

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the start of a formula, or skips before one."""

_SCALE = Decimal(1).scaleb(-20)
"""Digits of an amount in Parquet: a price of a token has at most 15, and shares of a bill are rounded to 18."""

NO_PYARROW = "--format parquet needs pyarrow: pip install 'anthropic-exporter[parquet]'"


def to_csv(table: Table) -> bytes:
    """Write a table as CSV that no spreadsheet takes for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([[_plain(cell) for cell in row] for row in table.rows])
    return out.getvalue().encode()


def to_json(table: Table) -> bytes:
    """Write a table as a list of objects; money is text, because a JSON number loses digits in most readers."""
    names = [column.name for column in table.columns]
    rows = [{name: _json(cell) for name, cell in zip(names, row, strict=True)} for row in table.rows]
    return (json.dumps(rows, indent=2, ensure_ascii=False) + "\n").encode()


def to_parquet(table: Table) -> bytes:
    """Write a table as Parquet.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    arrow, parquet = _pyarrow()
    decimals = arrow.decimal256(60, 20)
    types: dict[Kind, Any] = {
        "text": arrow.string(),
        "count": arrow.int64(),
        "money": decimals,
        "quantity": decimals,
    }
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(table.columns)
    arrays = [
        arrow.array([_fixed(cell) for cell in cells], type=types[column.kind])
        for column, cells in zip(table.columns, columns, strict=True)
    ]
    out = io.BytesIO()
    parquet.write_table(arrow.table(arrays, names=[column.name for column in table.columns]), out)
    return out.getvalue()


def require_parquet() -> None:
    """Find out before anything is read whether Parquet can be written.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    _pyarrow()


WRITERS: Mapping[str, Callable[[Table], bytes]] = {
    "csv": to_csv,
    "focus": to_csv,
    "json": to_json,
    "parquet": to_parquet,
}


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError(NO_PYARROW) from None


def _plain(cell: Cell) -> str | int | None:
    if isinstance(cell, Decimal):
        return exact(cell)
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def _json(cell: Cell) -> str | int | None:
    return exact(cell) if isinstance(cell, Decimal) else cell


def _fixed(cell: Cell) -> Cell:
    return cell.quantize(_SCALE, context=EXACT) if isinstance(cell, Decimal) else cell
