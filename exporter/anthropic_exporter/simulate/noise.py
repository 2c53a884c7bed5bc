"""Chance that is a function: the same words always throw the same dice, on every machine and in every order."""

import hashlib
from itertools import accumulate, pairwise

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def dice(*words: object) -> bytes:
    """Throw 64 dice of 256 sides each."""
    return hashlib.blake2b("/".join(map(str, words)).encode(), digest_size=64).digest()


def identifier(prefix: str, *words: object) -> str:
    """Invent an ID of the shape ``prefix_01`` and 22 characters."""
    return f"{prefix}_01" + "".join(_ALPHABET[side % len(_ALPHABET)] for side in dice(prefix, *words)[:22])


def cumulate(weights: list[int]) -> list[int]:
    """Sum up the first 0, 1, 2 … weights: one element more than there are weights."""
    return list(accumulate(weights, initial=0))


def spread(amount: int, cumulated: list[int]) -> list[int]:
    """Split an amount over slots so that the parts are whole, never negative, and add up to it exactly."""
    whole = cumulated[-1]
    if not whole or not amount:
        return [0] * (len(cumulated) - 1)
    marks = [amount * mark // whole for mark in cumulated]
    return [after - before for before, after in pairwise(marks)]
