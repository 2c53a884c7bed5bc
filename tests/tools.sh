#!/bin/sh
# Installs the real tools that some tests talk to, on Debian and Ubuntu where it may; elsewhere says what is missing.
# Never fails: a test whose tool is missing skips with the reason, and fails with CI=true.
set -u

missing() {
    for tool in promtool prometheus amtool faketime; do
        command -v "$tool" >/dev/null 2>&1 || printf ' %s' "$tool"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

install() {
    as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 -o Acquire::http::Timeout=30 -o Acquire::Retries=1 \
        install prometheus prometheus-alertmanager faketime >/dev/null 2>&1
}

# The packages start their services unless this file says no; a machine that has one of its own keeps it.
without_services() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then "$@"; return; fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
    trap 'as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    "$@"
}

needed=$(missing)
if [ -z "$needed" ]; then
    echo "tools: all present"
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && as_root true 2>/dev/null; then
    echo "tools: installing$needed"
    without_services install || { as_root apt-get -qq update >/dev/null 2>&1; without_services install; }
fi
needed=$(missing)
[ -z "$needed" ] || echo "tools: missing:$needed (Debian: prometheus prometheus-alertmanager faketime)"
exit 0
