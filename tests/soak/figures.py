"""What a soak has done and found, in one line."""

from dataclasses import dataclass, fields


@dataclass
class Figures:
    """Counts of one run; the last three must be 0."""

    histories: int = 0  # organizations that were lived through from beginning to end
    steps: int = 0  # things done to the program after each of which every property was checked
    simulated_days: int = 0
    faults: int = 0  # failed requests, failed disks, deaths, lost states, clocks set wrong
    kills: int = 0  # of real processes, by SIGKILL
    lost: int = 0  # tokens
    doubled: int = 0  # tokens
    drops: int = 0  # of any counter but at the New Year

    def add(self, other: "Figures") -> None:
        """Add what another run has done."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.drops)

    def __str__(self) -> str:
        return (
            f"histories tried {self.histories:,}; property steps {self.steps:,};"
            f" days simulated {self.simulated_days:,};"
            f" faults injected {self.faults:,}; kills survived {self.kills:,}; tokens lost {self.lost:,};"
            f" tokens double counted {self.doubled:,}; counter drops {self.drops:,}"
        )


class Broken(AssertionError):
    """A property does not hold."""
