"""What of an upstream text may be shown: short, printable, and nothing that looks like a key."""

import re

_KEY = re.compile(r"sk-ant-[^\s\"',;&<>]*", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_HIDDEN = "***"
_LONGEST = 300
_ROOM = 20  # times the longest: what is hidden, folded or left out takes room before it does


def shown(text: str, secret: str = "", longest: int = _LONGEST) -> str:
    """Make a foreign text fit for a log line; ``secret`` is hidden wherever it stands, whatever its shape."""
    # Hidden before it is cut: half a key at the end would no longer be recognised.
    if secret:
        text = text.replace(secret, _HIDDEN)
    # And cut before each letter is looked at: upstream can send millions.
    text = _KEY.sub(_HIDDEN, text)[: _ROOM * longest]
    text = "".join(letter for letter in _SPACE.sub(" ", text) if letter.isprintable()).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"
