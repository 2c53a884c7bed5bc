#!/bin/sh
# Asks for known holes in the locked dependencies. Needs the vulnerability service of PyPI: where that cannot be
# reached nothing is said about holes, which with CI=true is a failure. $1: a Python.
set -eu
cd "$(dirname "$0")/.."
tool=.tools/pip-audit
if [ ! -x "$tool/bin/pip-audit" ]; then
    "${1:-python3}" -m venv --clear "$tool"
    "$tool/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit
fi
first=$(sed -n 's/^\([a-z0-9-]*\)==\([^ ;]*\).*/\1\/\2/p' requirements.txt | head -n 1)
if "$tool/bin/python" - "$first" 2>/dev/null <<'PYTHON'; then
import json, sys, urllib.request
with urllib.request.urlopen(f"https://pypi.org/pypi/{sys.argv[1]}/json", timeout=15) as answer:
    json.load(answer)["vulnerabilities"]
PYTHON
    exec "$tool/bin/pip-audit" --strict --require-hashes --disable-pip -r requirements.txt
fi
echo "pip-audit: the vulnerability service cannot be reached from here; nothing was checked" >&2
[ "${CI:-}" != true ]
