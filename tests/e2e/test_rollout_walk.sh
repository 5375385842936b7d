#!/usr/bin/env bash
# A new image walks through the ordinals: one at a time, each baked before the next, until Git's
# partition is reached. `run` and `sync --wait` walk alike.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

# has_been_ready POD SECONDS: for so long, by the cluster's clock, which has whole seconds.
has_been_ready() {
	local since

	since=$(field "pod/$1" '.status.conditions[?(@.type=="Ready")].lastTransitionTime')
	[ $(($(date +%s) - $(date -d "$since" +%s))) -ge "$2" ]
}

annotations=([step]=1 [bake]=1h)
commit_web "five Pods"
start_agent --repo "$repo"
wait_equal "first sync" 60 "$(all_pods $old)" pods_images web
first=$(field $sts .metadata.generation)

# --- run ----------------------------------------------------------------------------------------

commit_web "the new image" image=$new
wait_equal "the first step" 30 4 live_partition
wait_equal "it bakes: told" 30 1 told "baking: web-4 updated and ready, baking 1h before partition 3"
run_diff
check_like "on its way: diff" "0 statefulset.apps/web  on its way  web.yaml:*" "$status $out"
kill -HUP "$agent_pid"
wait_equal "it bakes: looked at again" 30 1 count_log "SIGHUP: syncing now"
wait_for 30 has_been_ready web-4 3
check_equal "it bakes: Pods" "$(all_pods $old 0 3) 4=$new" "$(pods_images web)"

annotations=([step]=1 [bake]=2s)
started=$(now_ms)
commit_web "a shorter bake, which is over"
wait_equal "the walk" 60 "$(all_pods $new)" pods_images web
took=$(($(now_ms) - started))
wait_equal "it ends where Git is" 30 0 live_partition
# Three bakes; the cluster's clock has whole seconds.
check_equal "each step bakes" yes "$([ $took -ge 3000 ] && echo yes || echo "$took ms")"
check_equal "one write a step" $((first + 5)) "$(field $sts .metadata.generation)"
for step in 1 2 3 4 5; do
	line="promoted to partition $((5 - step)): web-$((5 - step)) takes $new (step $step of 5)"
	wait_equal "told once: $line" 30 1 told "$line"
done
check_equal "each bake is told once" "" "$(grep -o 'web: baking: .*' "$work/agent.log" | sort | uniq -d)"
check_equal "what else is written is told" 1 \
	"$(grep "web: replaced: .*partition 0 -> 4" "$work/agent.log" | grep -c "image $old -> $new")"
run_diff
check_like "arrived: diff" "0 *2 in sync*" "$status $out"
check_equal "no drift was seen" 0 "$(count_log drift)"
stop_agent TERM

# --- sync ---------------------------------------------------------------------------------------

annotations=([step]=50% [bake]=300ms)
commit_web "back, in halves" image=$old
run_sync
check_run "one step: exit status" 0 "*
statefulset.apps/web: promoted to partition 2: web-4 to web-2 take $old (step 1 of 2)
*" "*statefulset.apps/web is on its way to partition 0; sync --wait, tranche run, or the next sync takes the next step"
check_equal "one step: the partition" 2 "$(live_partition)"
run_sync --wait --timeout 240s
check_equal "to the end: exit status" 0 "$status"
check_like "to the end: the step" "*statefulset.apps/web: promoted to partition 0: web-1 to web-0 take $old (step 2 of 2)
*" "$out"
check_equal "to the end: the last line" "statefulset.apps/web: 5 of 5 Pods on $old" "$(tail -n 1 <<<"$out")"
check_equal "to the end: Pods" "$(all_pods $old)" "$(pods_images web)"
run_sync --wait
check_run "nothing left: exit status" 0 "2 in sync, at main@$(short_id "$repo")*" ""

finish
