#!/usr/bin/env bash
# The session with kubectl (tests/e2e/kubectl-session.sh) on kubesim: what it says is what it says on a
# real control plane, where tests/e2e/test_kubectl_session.sh compares it with the same text.
set -u
here=$(realpath "$(dirname "$0")")
build=$(realpath "${BUILD:-build}")
session=$here/../e2e/kubectl-session
work=$(mktemp -d)
trap 'kill $kubesim 2>/dev/null; wait $kubesim 2>/dev/null; rm -rf "$work"' EXIT
kubesim=
export HOME=$work

"$build/kubesim" --kubeconfig "$work/kubeconfig" --ready-after 100ms --fail-image '*:broken=ImagePullBackOff' >"$work/log" 2>&1 &
kubesim=$!
deadline=$((SECONDS + 60))
until [ -s "$work/kubeconfig" ] || [ "$SECONDS" -ge "$deadline" ]; do sleep 0.05; done

export KUBECONFIG=$work/kubeconfig NAMESPACE=session
kubectl create namespace "$NAMESPACE" >/dev/null || exit 1
timeout 600 "$session.sh" >"$work/session" 2>&1
if diff -u "$session.expected" "$work/session"; then
	echo "1 passed, 0 failed"
else
	cat "$work/log"
	echo "0 passed, 1 failed"
	exit 1
fi
