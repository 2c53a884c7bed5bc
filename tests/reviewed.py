"""Expositions that a person has read, and that the program still makes."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_reviewed(file: str, text: str) -> None:
    """Fail unless the text is the reviewed one; ``make golden`` writes it, for the difference to be read as code."""
    path = GOLDEN / file
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(text)
    before = path.read_text() if path.exists() else ""
    assert text == before, f"tests/golden/{file} says something else: make golden, then read what git diff shows"
