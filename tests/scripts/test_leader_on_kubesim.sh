#!/usr/bin/env bash
# tests/e2e/test_leader.sh on an embedded cluster that logs its requests.
set -eu
top=$(realpath "$(dirname "$0")/../..")
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
kubesim=
trap '[ -z "$kubesim" ] || kill "$kubesim"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

"$build/kubesim" --kubeconfig "$work/kubeconfig" --verbose >"$work/log" 2>&1 &
kubesim=$!
deadline=$((SECONDS + 30))
until [ -s "$work/kubeconfig" ]; do
	if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$kubesim"; then
		cat "$work/log"
		exit 1
	fi
	sleep 0.02
done
KUBECONFIG=$work/kubeconfig TRANCHE_E2E_KUBELET=none BUILD=$build REQUEST_LOG=$work/log \
	"$top/tests/e2e/test_leader.sh"
