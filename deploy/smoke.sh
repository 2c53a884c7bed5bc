#!/bin/sh
# Installs the wheel of dist/ into an empty environment, with dependencies from the package index and their hashes, and
# runs what it brings. $1: a Python.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
started=
finish() {
    if [ -n "$started" ]; then
        kill "$started" 2>/dev/null || true
        wait "$started" || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

"${1:-python3}" -m venv "$folder/venv"
bin="$folder/venv/bin"
"$bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
"$bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index dist/anthropic_exporter-*.whl
"$bin/pip" check
cd "$folder" # where no source is that could be found instead
wheel_only() { env -i PATH=/usr/bin:/bin HOME="$folder" "$bin/anthropic-exporter" "$@"; }
wheel_only version
wheel_only metrics --format json >/dev/null

# Without a shell in between, which would take the signal in its place.
env -i PATH=/usr/bin:/bin HOME="$folder" "$bin/anthropic-exporter" demo --web.listen-address=127.0.0.1:0 \
    >"$folder/out" 2>"$folder/err" &
started=$!
tries=0
until grep -q '^ready: ' "$folder/out"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 240 ] || ! kill -0 "$started" 2>/dev/null; then
        echo "smoke: the demo did not become ready" >&2
        cat "$folder/out" "$folder/err" >&2
        exit 1
    fi
    sleep 0.5
done
url=$(sed -n 's/^ready: //p' "$folder/out")
"$bin/python" - "$url" <<'PYTHON'
import sys, urllib.request
text = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=10).read().decode()
assert "anthropic_usage_tokens_total{" in text, text[:500]
print(f"smoke: {len(text.splitlines())} lines of metrics from the installed wheel")
PYTHON
