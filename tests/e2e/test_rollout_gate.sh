#!/usr/bin/env bash
# What keeps a lower partition from being applied: Pods that are not well, a hold, a limit; and what
# lets it through again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

# --- blocked by a Pod that is not ready; released when it is ----------------------------------------

commit_web "five Pods" partition=5
start_agent --repo "$repo"
wait_equal "first sync" 60 "$(all_pods $old)" pods_images web
commit_web "a canary" image=$new partition=4
wait_equal "a canary: Pods" 30 "$(all_pods $old 0 3) 4=$new" pods_images web
set_ready web-4 False
wait_equal "its probe fails" 30 "$(all_pods $old 0 3) 4=$new(not ready)" pods_images web
commit_web "promote it all the same" partition=3 release=2
waits="blocked: web-4 is not ready yet on $new; partition 3 waits for it"
wait_equal "not ready: told once" 30 1 told "$waits"
check_equal "not ready: the rest of the commit is written" 2 "$(field $sts .metadata.labels.release)"
check_equal "not ready: the partition stays" 4 "$(live_partition)"
set_ready web-4 True
wait_equal "ready: the partition" 30 3 live_partition
wait_equal "ready: Pods" 30 "$(all_pods $old 0 2) $(all_pods $new 3 4)" pods_images web
wait_equal "ready: the end is told once" 30 1 told "no longer blocked"
check_equal "ready: blocked was told once" 1 "$(told "$waits")"

# --- blocked by a Pod that cannot start; forced; fixed ----------------------------------------------

commit_web "a bad canary" image=$broken partition=4
wait_equal "a bad canary: the partition" 30 4 live_partition
wait_equal "a bad canary: Pods" 30 "$(all_pods $old 0 2) 3=$new 4=$broken(not ready)" pods_images web
commit_web "promote it all the same" partition=2 release=3
why="web-4 is in ImagePullBackOff on $broken (Back-off pulling image \"$broken\"); fix it, or set tranche.dev/force-partition: \"2\""
wait_equal "stuck: told once" 30 1 told "blocked: $why"
wait_equal "stuck: the rest of the commit is written" 30 3 field $sts .metadata.labels.release
run_diff
check_like "stuck: diff" "1 statefulset.apps/web *blocked*$why*" "$status $out"
run_sync
check_run "stuck: sync" 3 "*1 blocked*" "*tranche: note: statefulset.apps/web: $why"
run_sync --wait --timeout 240s
check_run "stuck: sync --wait" 3 "*" "*tranche: statefulset.apps/web is blocked: $why"
check_equal "stuck: the partition stays" 4 "$(live_partition)"
annotations=([force-partition]=2)
commit_web "force it"
wait_equal "forced: the partition" 30 2 live_partition
annotations=([unstick]=true)
commit_web "the fix" image=$new
wait_equal "fixed: Pods" 60 "$(all_pods $old 0 1) $(all_pods $new 2 4)" pods_images web

# --- hold -------------------------------------------------------------------------------------------

annotations=([hold]=true)
commit_web "held" partition=0 release=4
wait_equal "held: told once" 30 1 told "held: tranche.dev/hold keeps partition 2; Git has 0"
wait_equal "held: the rest of the commit is written" 30 4 field $sts .metadata.labels.release
check_equal "held: the partition stays" 2 "$(live_partition)"
run_sync --wait
check_equal "held: sync --wait ends well" 0 "$status"
annotations=()
commit_web "go on" partition=1
wait_equal "let go: Pods" 60 "$(all_pods $old 0 0) $(all_pods $new 1 4)" pods_images web
wait_equal "let go: told" 30 1 told "no longer held"

# --- a limit to what a commit may promote -----------------------------------------------------------

annotations=([max-promotion]=2)
newer=nginx:1.27.0
commit_web "all of them" image=$newer partition=0
why="promotes 5 ordinals at once (4..0), which is more than tranche.dev/max-promotion: \"2\"; commit partition 3 first, or raise the limit"
wait_equal "too many: told once" 30 1 count_log "web.yaml:6: $why"
check_equal "too many: nothing is written" "1 $new" \
	"$(live_partition) $(field $sts '.spec.template.spec.containers[0].image')"
run_sync
check_run "too many: sync" 7 "*1 failed*" "*web.yaml:6: statefulset.apps/web: $why"
commit_web "two of them" partition=3
wait_equal "two of them: Pods" 60 "$(all_pods $old 0 0) $(all_pods $new 1 2) $(all_pods $newer 3 4)" pods_images web
wait_equal "two of them: told" 30 1 told "works again"

# --- raising the partition brings no Pod back ---------------------------------------------------------

stop_agent TERM
uids=$(pods_uids web)
commit_web "raise it" partition=5
run_diff
check_like "raised: diff" "*raising the partition*" "$out"
run_sync --wait
check_equal "raised: sync --wait" 0 "$status"
check_equal "raised: the partition" 5 "$(live_partition)"
check_equal "raised: no Pod is touched" "$uids" "$(pods_uids web)"

finish
