#!/usr/bin/env bash
# Finds a Chromium for the browser tests, or installs one with the system's package manager where that is allowed.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

echo "== installing Chromium for the browser tests"
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    # The CJK fonts keep Chinese and Japanese traces from showing as boxes.
    apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
elif command -v apt-get >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo apt-get update -qq
    sudo apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
else
    echo "Chromium is missing and cannot be installed from here. The browser tests need it; on Debian or Ubuntu:" >&2
    echo "    sudo apt-get install chromium fonts-noto-cjk" >&2
    echo "To run the other tests: .venv/bin/python -m pytest --ignore tests/browser" >&2
    exit 2
fi
