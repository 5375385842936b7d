#!/usr/bin/env bash
# What an API server, and whatever stands before it, can do to a running agent: the matrix of api_faults.txt; on
# kubesim what its own switches cannot do.
. "$(dirname "$0")/lib.sh"

rows=''
[ "${TRANCHE_E2E_KUBELET-fake}" != none ] ||
	rows='^(tls|h2)|any . (refuse|reset|cut-head)|read . (drip|huge|endless)|write . (drip|lose|empty|truncated|endless)|watch . (page|endless)'
# The h2 module is the system's.
python=python3
"$python" -c 'import h2' 2>/dev/null || python=/usr/bin/python3
mkdir "$work/faults"
"$python" "$here/api_faults.py" --build "$build" --namespace "$namespace" --work "$work/faults" --only "$rows" >"$work/faults.out"
check_equal "the matrix" 0 $? || cp "$work/faults/agent.log" "$work/agent.log"
cat "$work/faults.out"
passed=$((passed + $(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/faults.out" || echo 0)))
finish
