"""Logs on standard error: one line per record as logfmt or JSON, and never a key in one."""

import datetime as dt
import json
import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, TextIO

from anthropic_exporter.secrets import mask

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_NAMES = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warn"}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
_BARE = re.compile(r"""[^\s"=\\]+""")
_NO_FIELD_NAME = re.compile(r"[^A-Za-z0-9_.]")


class MaskSecrets(logging.Filter):
    """Takes keys out of a record, wherever they stand: message, arguments, fields, traceback.

    It changes the record itself, so that every other handler sees it without them too.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, masked."""
        record.msg, record.args = mask(record.getMessage()), ()
        for name, value in _fields(record).items():
            setattr(record, name, _masked(value))
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            record.exc_info = None
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        if record.stack_info:
            record.stack_info = mask(record.stack_info)
        return True


class LineFormatter(logging.Formatter):
    """``ts=… level=… msg=… key=value``, or the same as one JSON object."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._line = _json if kind == "json" else _logfmt

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        when = dt.datetime.fromtimestamp(record.created, dt.UTC)
        fields: dict[str, Any] = {
            "ts": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": _NAMES.get(record.levelno, "error"),
            "msg": record.getMessage(),
            "logger": record.name.removeprefix("anthropic_exporter."),
        }
        fields |= {_NO_FIELD_NAME.sub("_", mask(name)): value for name, value in _fields(record).items()}
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            fields["traceback"] = record.exc_text
        if record.stack_info:
            fields["stack"] = record.stack_info
        return mask(self._line(fields))


def configure(level: str, kind: str, stream: TextIO | None = None) -> None:
    """Send all logs of the process, and what nobody caught, to one stream; again after a reload.

    Args:
        level: debug, info, warn, error.
        kind: logfmt or json.
        stream: standard error if None.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(MaskSecrets())
    handler.setFormatter(LineFormatter(kind))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    # Requests are logged by our own client; these would say it twice, and with headers.
    for name in ("httpx", "httpcore", "h11", "urllib3", "uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(max(LEVELS[level], logging.WARNING))
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(capture=True)
    # Python would print these as they are, with whatever an exception's text holds.
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("anthropic_exporter").critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was given as ``extra``."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _masked(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(str(value))


def _logfmt(fields: dict[str, Any]) -> str:
    return " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())


def _quoted(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if _BARE.fullmatch(text) and text.isprintable() else _escaped(text)


def _json(fields: dict[str, Any]) -> str:
    pairs = (f"{json.dumps(name)}: {_json_value(value)}" for name, value in fields.items())
    return "{" + ", ".join(pairs) + "}"


def _json_value(value: object) -> str:
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float) and value - value == 0:  # JSON has neither NaN nor infinity
        return json.dumps(value)
    return _escaped(str(value))


def _escaped(text: str) -> str:
    """Return the text in quotes, with nothing in it that could end the line or move a terminal's cursor.

    JSON's escapes, and the same for what JSON leaves as it is: C1 controls, line separators, bidirectional
    marks.
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(map(_escaped_character, quoted))


def _escaped_character(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
