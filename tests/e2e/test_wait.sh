#!/usr/bin/env bash
# `sync --wait` and `status`: a rollout that ends well, one that is stuck, and the way out of it.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset.apps/nginx-statefulset
old=nginx:1.25.4 new=nginx:1.26.1 broken=nginx:broken
EXIT_ROLLOUT=3

# sync_to REPLICAS IMAGE PARTITION: commits that and waits for the rollout.
sync_to() {
	walkthrough_manifest "$1" "$2" "$3" >"$repo/web.yaml"
	commit "$repo" "$*"
	run "$build/tranche" sync -n "$namespace" --repo "$repo" --wait --timeout 240s
}

status() {
	run "$build/tranche" status -n "$namespace" "$@"
}

new_repo "$repo"
sync_to 3 $old 2
check_equal "a first rollout: exit status" 0 "$status"
check_equal "a first rollout: the last line" "$sts: 3 of 3 Pods on $old" "$(tail -n 1 <<<"$out")"
check_equal "a first rollout: Pods" "0=$old 1=$old 2=$old" "$(pods_images nginx-statefulset)"

sync_to 3 $new 2
check_equal "a canary: exit status" 0 "$status"
check_equal "a canary: the last line" "$sts: 1 of 3 Pods on $new, partition 2 holds 0, 1" "$(tail -n 1 <<<"$out")"
check_equal "a canary: Pods" "0=$old 1=$old 2=$new" "$(pods_images nginx-statefulset)"
status -o wide
check_run "a canary: status" 0 "NAME * PHASE * READY * UPDATED * PARTITION * CURRENT * UPDATE
nginx-statefulset * Canary * 3/3 * 1/3 * 2 *
  pods  * 0 1 | 2+
  images  * $old | $new
  progress *  1/3 promoted
*
  nginx-statefulset-0 * $old * ready, held
  nginx-statefulset-1 * $old * ready, held
  -- partition 2 --
  nginx-statefulset-2 * $new * ready*" ""

sync_to 3 $broken 2
stuck="nginx-statefulset-2 on $broken: ImagePullBackOff: Back-off pulling image \"$broken\""
check_equal "a broken image: exit status" $EXIT_ROLLOUT "$status"
check_equal "a broken image: the reason" "tranche: $sts is stuck: $stuck" "$err"
status -o json
check_equal "a broken image: status" "Stuck: $stuck" "$(python3 -c '
import json, sys
rollout = json.load(sys.stdin)["statefulSets"][0]
print(rollout["phase"] + ": " + rollout["reason"])' <<<"$out" 2>&1)"

# Under OrderedReady a good template alone does not replace the Pod that blocks (kubernetes#67250).
sync_to 3 $new 2
check_equal "back to a good image: exit status" $EXIT_ROLLOUT "$status"
check_equal "back to a good image: the way out" "tranche: $sts is stuck: nginx-statefulset-2 on $broken blocks the \
update: ImagePullBackOff: Back-off pulling image \"$broken\"; delete nginx-statefulset-2 and it comes back on $new" "$err"
kube delete pod nginx-statefulset-2 --wait=false >/dev/null
run "$build/tranche" sync -n "$namespace" --repo "$repo" --wait --timeout 240s
check_equal "the Pod deleted: exit status" 0 "$status"
check_equal "the Pod deleted: Pods" "0=$old 1=$old 2=$new" "$(pods_images nginx-statefulset)"

finish
