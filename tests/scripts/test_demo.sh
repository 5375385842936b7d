#!/usr/bin/env bash
# `make demo` ends well, and leaves nothing running or lying about.
set -u
cd "$(dirname "$0")/../.." || exit 2
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n  expected: %s\n  seen:     %s\n' "$1" "$2" "$3"
	fi
}

export TMPDIR=$work
timeout 300 examples/demo.sh >"$work.log" 2>&1
check "exit status" 0 $?
[ "$failed" -eq 0 ] || cat "$work.log"
check "what it ends with" 1 "$(grep -c '^== Done: every state was the expected one$' "$work.log")"
check "what it leaves in TMPDIR" "" "$(ls -A "$work")"
check "what it leaves running" "" "$(pgrep -fa "$work" || true)"
rm -f "$work.log"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
