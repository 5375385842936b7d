#!/usr/bin/env bash
# Rollouts of every shape: both management policies, scaled in the middle, a partition that no Pod
# reaches, ordinals that do not begin at 0, Pods that are available late.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

minor=$(server_minor)

# step_to WHAT PODS: syncs to the end; the Pods are these.
step_to() {
	run_sync --wait --timeout 240s
	check_equal "$1: exit status" 0 "$status" || echo "$err"
	check_equal "$1: Pods" "$2" "$(pods_images web)"
}

for policy in OrderedReady Parallel; do
	annotations=([step]=1)
	spec=("podManagementPolicy: $policy")
	commit_web "$policy" replicas=4 image=$old partition=0
	step_to "$policy" "$(all_pods $old 0 3)"
	commit_web "$policy: down to 2" image=$new partition=2
	step_to "$policy: down to 2" "$(all_pods $old 0 1) $(all_pods $new 2 3)"

	# In the middle of a walk Pods are added, and taken away.
	commit_web "$policy: on to 0" partition=0
	run_sync
	check_equal "$policy: on to 0: one step" "0 1" "$status $(live_partition)"
	commit_web "$policy: scaled up in the middle" replicas=6
	step_to "$policy: scaled up in the middle" "$(all_pods $new 0 5)"
	commit_web "$policy: back" image=$old
	run_sync
	check_equal "$policy: back: one step" "0 5" "$status $(live_partition)"
	commit_web "$policy: scaled down in the middle" replicas=3
	step_to "$policy: scaled down in the middle" "$(all_pods $old 0 2)"

	uids=$(pods_uids web)
	commit_web "$policy: out of reach" image=$new partition=3
	step_to "$policy: out of reach" "$(all_pods $old 0 2)"
	check_equal "$policy: out of reach: no Pod is touched" "$uids" "$(pods_uids web)"
	run "$build/tranche" status -n "$namespace"
	check_like "$policy: out of reach: status" "*NoEffect*" "$out"
	kube delete $sts >/dev/null
	wait_equal "$policy: gone" 30 "" pods_images web
done

annotations=([step]=1)
if [ "$minor" -ge 25 ]; then
	spec=("minReadySeconds: 1")
	commit_web "available late" replicas=2 image=$old partition=0
	step_to "available late" "$(all_pods $old 0 1)"
	commit_web "available late: a new image" image=$new
	started=$(now_ms)
	step_to "available late: a new image" "$(all_pods $new 0 1)"
	took=$(($(now_ms) - started))
	check_equal "available late: each is waited for" yes "$([ $took -ge 1000 ] && echo yes || echo "$took ms")"
	check_equal "available late: to the last" 2 "$(field $sts .status.availableReplicas)"
	kube delete $sts >/dev/null
	wait_equal "available late: gone" 30 "" pods_images web
fi
if [ "$minor" -ge 27 ]; then
	spec=("ordinals: {start: 5}")
	commit_web "from 5 on" replicas=3 image=$old partition=0
	step_to "from 5 on" "$(all_pods $old 5 7)"
	commit_web "from 5 on: a new image" image=$new partition=1
	step_to "from 5 on: a new image" "$(all_pods $old 5 5) $(all_pods $new 6 7)"
	check_like "from 5 on: the steps" "*promoted to partition 2: web-7 takes $new (step 1 of 2)*promoted to partition 1: web-6 takes*" "$out"
fi

finish
