"""``make soak``: the long run. Lives through histories until it has done enough, and prints one line of figures."""

import argparse
import multiprocessing
import sys
import time

from soak.figures import Figures
from soak.work import run


def main() -> int:
    """Return 0 when every property has held."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000, help="property steps to do at least")
    parser.add_argument("--kills", type=int, default=200, help="processes to kill")
    parser.add_argument("--seed", type=int, default=1, help="of the first history; the same seed, the same histories")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    given = parser.parse_args()
    began = time.monotonic()
    figures, broken = Figures(), []
    for done, message in run(given.steps, given.kills, given.seed, given.processes):
        figures.add(done)
        if message:
            broken.append(message)
            print(message, flush=True)
        if figures.histories % 100 == 0:
            print(f"{time.monotonic() - began:6.0f} s  {figures}", flush=True)
    for message in broken:
        print(message)
    print(f"soak: {figures}; {(time.monotonic() - began) / 60:.1f} minutes")
    return 0 if figures.clean and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
