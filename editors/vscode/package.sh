#!/usr/bin/env bash
# Compile the extension and pack it: `editors/vscode/package.sh [FOLDER]` writes nnxlint-VERSION.vsix there, by default here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "${1:-$here}" && pwd)
cd "$here"
npm ci --no-audit --no-fund
npx vsce package --no-dependencies --allow-missing-repository --out "$out"
