#!/usr/bin/env bash
# kubesim as a process and on its socket: tests/scripts/kubesim_http.py.
set -u
here=$(realpath "$(dirname "$0")")
KUBESIM=$(realpath "${BUILD:-build}")/kubesim exec python3 "$here/kubesim_http.py"
