#!/usr/bin/env bash
# Three hundred Pods: steps in percent, and what a walk costs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

# count_pods IMAGE: how many run it and are ready.
count_pods() {
	kube get pods -o jsonpath='{range .items[*]}{.spec.containers[0].image} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' |
		grep -c "^$1 True$"
}

annotations=([step]=1%)
spec=("podManagementPolicy: Parallel")
commit_web "three hundred" replicas=300 partition=294
run_sync --wait --timeout 240s
check_equal "three hundred: exit status" 0 "$status" || echo "$err"
check_equal "three hundred: Pods" 300 "$(count_pods $old)"
commit_web "a canary of six" image=$new
run_sync --wait --timeout 240s
check_equal "a canary of six: exit status" 0 "$status" || echo "$err"
check_like "a canary of six: the steps" "*promoted to partition 297: web-299 to web-297 take $new (step 1 of 2)
*promoted to partition 294: web-296 to web-294 take $new (step 2 of 2)*" "$out"
check_equal "a canary of six: the last line" \
	"statefulset.apps/web: 6 of 300 Pods on $new, partition 294 holds 0..293" "$(tail -n 1 <<<"$out")"
check_equal "a canary of six: Pods" "294 6" "$(count_pods $old) $(count_pods $new)"

# Somebody who looks gets an answer that does not scroll away. How long it took is for reading only.
started=$(now_ms)
run "$build/tranche" status -n "$namespace"
took=$(($(now_ms) - started))
check_like "status" "*Canary *300/300 *6/300 *294*" "$out"
lines=$(wc -l <<<"$out")
check_equal "status: not more lines than a screen has" yes "$(if [ "$lines" -le 40 ]; then echo yes; else echo "$lines"; fi)"
echo "  status took $took ms, the start included"
started=$(now_ms)
run_sync
took=$(($(now_ms) - started))
echo "  a sync with nothing to do took $took ms, the start included"
check_equal "a sync with nothing to do: exit status" 0 "$status"

finish
