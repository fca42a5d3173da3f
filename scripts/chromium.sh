#!/usr/bin/env bash
# Installs the browser that the browser tests drive, where it is missing.
set -euo pipefail
if command -v chromium >/dev/null; then
    exit 0
fi
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
