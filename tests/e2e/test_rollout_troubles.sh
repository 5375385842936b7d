#!/usr/bin/env bash
# Every way in which a Pod does not come up ends in Stuck by the deadline, with the reason; and a
# disruption budget has the last word on an eviction.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

# ends_so REASON: whether a sync does. A Pod that has not even come up by the deadline is stuck for another reason before.
ends_so() {
	run_sync --wait --timeout 240s
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $err == *"tranche: statefulset.apps/web is stuck: "$1 ]]
}

# stuck WHAT IMAGE REASON: a commit of that image ends so.
stuck() {
	local started

	commit_web "$1" image="$2"
	started=$(now_ms)
	wait_for 30 ends_so "$3"
	check_run "$1: sync --wait" 3 "*" "*tranche: statefulset.apps/web is stuck: $3"
	check_equal "$1: it stops after one Pod" "$(all_pods $old 0 2)" "$(pods_images web | sed 's/ 3=.*//')"
	took=$(($(now_ms) - started))
}

replicas=4
annotations=([step]=1 [unstick]=true)
commit_web "four Pods"
run_sync --wait
check_equal "first sync" "0 $(all_pods $old)" "$status $(pods_images web)"

annotations+=([deadline]=3s)

stuck "a probe that never succeeds" nginx:never-ready \
	"web-3 on nginx:never-ready: running, but its readiness probe fails*longer than the deadline of 3s*"
check_equal "a probe that never succeeds: not before the deadline" yes "$([ $took -ge 2000 ] && echo yes || echo "$took ms")"
stuck "too big for any node" nginx:too-big \
	"web-3 is in Unschedulable on nginx:too-big (0/1 nodes are available*"
stuck "it crashes" nginx:crashing "web-3 is in CrashLoopBackOff on nginx:crashing (exit code 1, *restart*"

# It ran, so a budget counts it.
minor=$(server_minor)
kube create -f - >/dev/null <<-EOT
	apiVersion: policy/v1$([ "$minor" -ge 21 ] || echo beta1)
	kind: PodDisruptionBudget
	metadata: {name: web}
	spec: {minAvailable: 4, selector: {matchLabels: {app: web}}}
EOT
wait_equal "the budget counts" 30 "3 of 4" budget
start_agent --repo "$repo"
unset 'annotations[deadline]'
commit_web "the way back" image=$old
wait_equal "guarded: told once" 30 1 \
	told "web-3 blocks the rollout, and may not be evicted yet: Cannot evict pod as it would violate the pod's disruption budget."
check_equal "guarded: it is still there" "$(all_pods $old 0 2) 3=nginx:crashing(not ready)" "$(pods_images web)"
kube patch pdb web --type=merge -p '{"spec":{"minAvailable":2}}' >/dev/null
wait_equal "released: Pods" 30 "$(all_pods $old)" pods_images web
wait_equal "released: told" 30 1 told "web-3 was evicted, so that it comes back on the new template"

finish
