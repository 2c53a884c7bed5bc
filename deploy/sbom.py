# ruff: noqa: INP001 - a script, not a package
"""Prints what the exporter is made of, from its lock, as a CycloneDX 1.5 document.

The same commit gives the same document: its serial number is made from what is in it, its time is that of
SOURCE_DATE_EPOCH.
"""

import datetime as dt
import hashlib
import json
import os
import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:(?P<hash>[0-9a-f]{64})")
_VERSION = re.compile(r'__version__ = "(?P<version>[^"]+)"')


def components(lock: str) -> Iterator[dict[str, object]]:
    """Yield each distribution that the lock names, with the digests of every file that may be installed for it."""
    # A requirement goes on over several lines, each of which but the last ends in a backslash.
    for requirement in lock.replace("\\\n", " ").splitlines():
        found = _LINE.match(requirement)
        if found is None:
            continue
        purl = f"pkg:pypi/{found['name']}@{found['version']}"
        hashes = [{"alg": "SHA-256", "content": each["hash"]} for each in _HASH.finditer(requirement)]
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": found["name"],
            "version": found["version"],
            "purl": purl,
            "externalReferences": [
                {"type": "distribution", "url": f"https://pypi.org/project/{found['name']}/", "hashes": hashes}
            ],
        }


def document(lock: str, version: str, made: dt.datetime) -> dict[str, object]:
    """Return the whole document."""
    parts = list(components(lock))
    this = f"pkg:pypi/anthropic-exporter@{version}"
    digest = hashlib.sha256(json.dumps([this, parts], sort_keys=True).encode()).digest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {
            "timestamp": made.isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "application",
                "bom-ref": this,
                "name": "anthropic-exporter",
                "version": version,
                "purl": this,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": parts,
        # The lock is flat: that these are needed is known, which of them needs which is not.
        "dependencies": [{"ref": this, "dependsOn": [str(part["bom-ref"]) for part in parts]}],
    }


def main() -> None:
    """Print it."""
    version = _VERSION.search((ROOT / "exporter" / "anthropic_exporter" / "__init__.py").read_text())
    if version is None:
        raise SystemExit("no version in exporter/anthropic_exporter/__init__.py")
    made = dt.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), dt.UTC)
    lock = (ROOT / "requirements.txt").read_text()
    json.dump(document(lock, version["version"], made), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
