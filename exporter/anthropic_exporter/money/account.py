"""One stream of the ledger, and what it feeds."""

from dataclasses import dataclass

from anthropic_exporter.ledger.book import Stream
from anthropic_exporter.money.postings import Poster


@dataclass(frozen=True, slots=True)
class Account:
    """One stream and what it feeds.

    Args:
        priced: whether its counters depend on the price list.
        families: the counter families that it feeds.
        steady: those of them whose labels are the same under any setting: no other identity may take them down.
        identity: changes when the meaning of its labels does; the stream is then read anew.
    """

    stream: Stream
    poster: Poster
    families: tuple[str, ...]
    priced: tuple[str, ...] = ()
    steady: tuple[str, ...] = ()
    identity: str = ""
