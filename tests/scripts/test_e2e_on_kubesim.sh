#!/usr/bin/env bash
# The end-to-end scenarios of tests/e2e on the embedded cluster; or those that are named.
set -eu
top=$(realpath "$(dirname "$0")/../..")
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
kubesim=
trap '[ -z "$kubesim" ] || kill "$kubesim"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

if [ $# -eq 0 ]; then
	for script in "$top"/tests/e2e/test_*.sh; do
		case $script in
		*/test_auth.sh) ;;            # needs users that kubesim does not have
		*/test_kubectl_session.sh) ;; # test_kubectl_on_kubesim.sh
		*/test_git_extremes.sh) ;;    # takes minutes, and no cluster
		*/test_kills.sh) ;;           # reads the audit log
		*/test_leader.sh) ;;          # test_leader_on_kubesim.sh
		*/test_process_faults.sh) ;;  # takes a minute, and root
		*/test_rbac.sh) ;;            # is about rights, which kubesim does not have
		*/test_restored.sh) ;;        # sets an etcd back
		*/test_validate.sh) ;;        # holds validate to what 1.20 refuses
		*) set -- "$@" "$script" ;;
		esac
	done
fi

"$build/kubesim" --port 0 --kubeconfig "$work/kubeconfig" --ready-after 50ms \
	--fail-image '*:broken=ImagePullBackOff' --fail-image '*:crashing=CrashLoopBackOff' \
		--fail-image '*:never-ready=NotReady' --fail-image '*:too-big=Unschedulable' >"$work/log" 2>&1 &
kubesim=$!
deadline=$((SECONDS + 30))
until [ -s "$work/kubeconfig" ]; do
	if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$kubesim"; then
		cat "$work/log"
		exit 1
	fi
	sleep 0.02
done
KUBECONFIG=$work/kubeconfig TRANCHE_E2E_KUBELET=none BUILD=$build "$top/tests/e2e/run" "$@"
