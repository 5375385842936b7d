#!/usr/bin/env bash
# A bad image at the canary stops after one Pod. From there on: Git goes back and the Pod is unstuck, or
# the agent rolls back by itself and rejects the commit.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

pull="ImagePullBackOff: Back-off pulling image \"$broken\""

# one_bad_pod WHAT: only web-4 took the bad image.
one_bad_pod() {
	check_equal "$1: it stops after one Pod" "$(all_pods $old 0 3) 4=$broken(not ready)" "$(pods_images web)"
	check_equal "$1: the partition" 4 "$(live_partition)"
}

# is_complete: whether the controller has noted that all Pods are on the update, which makes it the good template.
is_complete() {
	[ "$(field "$sts" .status.currentRevision)" = "$(field "$sts" .status.updateRevision)" ]
}

# --- hold: the walk stands still ----------------------------------------------------------------

annotations=([step]=1 [unstick]=true)
commit_web "five Pods"
start_agent --repo "$repo"
wait_equal "first sync" 60 "$(all_pods $old)" pods_images web
commit_web "a bad image" image=$broken
wait_equal "stuck: told once" 30 1 \
	told "stuck: web-4 is in ImagePullBackOff on $broken (Back-off pulling image \"$broken\"); fix it, or set tranche.dev/force-partition: \"0\""
one_bad_pod stuck
run_diff
check_like "stuck: diff" "1 *blocked*web-4 is in ImagePullBackOff on $broken*" "$status $out"
run_sync
check_run "stuck: sync" 3 "*" "*web-4 is in ImagePullBackOff on $broken*"
run_sync --wait --timeout 240s
check_run "stuck: sync --wait" 3 "*" "*tranche: statefulset.apps/web is stuck: web-4 is in ImagePullBackOff on $broken*"
one_bad_pod "stuck, and synced again"

# --- Git goes back: the Pod that blocks is evicted, because it would come back well ---------------

uids=$(pods_uids web | sed 's/ 4=.*//')
commit_web "revert" image=$old
wait_equal "reverted: Pods" 30 "$(all_pods $old)" pods_images web
check_equal "reverted: the others were not touched" "$uids" "$(pods_uids web | sed 's/ 4=.*//')"
wait_equal "reverted: the eviction is told once" 30 1 \
	told "web-4 was evicted, so that it comes back on the new template"
wait_equal "reverted: the end of the trouble is told once" 30 1 told "no longer stuck"
wait_equal "reverted: it ends where Git is" 30 0 live_partition
run_diff
check_equal "reverted: diff" 0 "$status"
stop_agent TERM

# --- never before the template is another, and never without being asked --------------------------

annotations=([step]=1)
commit_web "bad again" image=$broken
run_sync --wait --timeout 240s
check_run "bad again: sync --wait" 3 "*" "*is stuck: web-4 is in ImagePullBackOff*"
uid=$(pods_uids web)
commit_web "back again, by hand" image=$old
run_sync --wait --timeout 240s
check_run "not asked to: sync --wait" 3 "*" "*is stuck: web-4 on $broken blocks the update: $pull; delete web-4 and it comes back on $old"
check_equal "not asked to: no Pod is touched" "$uid" "$(pods_uids web)"
annotations=([step]=1 [unstick]=true)
commit_web "ask for it"
run_sync --wait --timeout 240s
check_run "asked to: sync --wait" 0 "*web-4 was evicted, so that it comes back on the new template*" \
	"tranche: note: statefulset.apps/web: web-4 blocks the rollout: it is evicted, and comes back on the new template"
check_equal "asked to: Pods" "$(all_pods $old)" "$(pods_images web)"

# --- rollback -------------------------------------------------------------------------------------

annotations=([step]=1 [on-stuck]=rollback [unstick]=true)
commit_web "with rollback"
start_agent --repo "$repo"
wait_equal "with rollback: synced" 30 rollback field $sts '.metadata.annotations.tranche\.dev/on-stuck'
commit_web "a third bad image" image=$broken
bad=$(short_id "$repo")
good=$(field $sts .status.currentRevision)
wait_equal "rolled back: told once" 60 1 \
	count_log "statefulset.apps/web: rolled back to $old (revision $good): web-4 on $broken: ImagePullBackOff"
check_equal "rolled back: the template" $old "$(field $sts '.spec.template.spec.containers[0].image')"
wait_equal "rolled back: Pods" 60 "$(all_pods $old)" pods_images web
check_equal "rolled back: until when" 1 "$(count_log "; commit $bad is rejected until Git changes")"
check_like "rolled back: the inventory knows why" "web-4 on $broken: $pull*" "$(inventory .rollout.rejected.reason)"
check_equal "rolled back: the inventory knows what" "$(git -C "$repo" rev-parse HEAD)" "$(inventory .rollout.rejected.commit)"
generation=$(field $sts .metadata.generation)
run_diff
check_like "rolled back: diff" "1 *blocked*rejected commit $bad: web-4 on $broken: $pull*; $old ($good) stays until Git changes*" "$status $out"
run_sync
check_run "rolled back: sync" 3 "*" "*rejected commit $bad*"
run "$build/tranche" status -n "$namespace"
check_like "rolled back: status" "*RolledBack*web-4 on $broken*" "$out"
stop_agent KILL
start_agent --repo "$repo"
wait_equal "restarted: it is still rejected" 30 2 count_log "; commit $bad is rejected until Git changes"
check_equal "restarted: nothing was written" "$generation" "$(field $sts .metadata.generation)"

# A revert in Git is no new template, and a commit that says something else is followed again.
uids=$(pods_uids web)
commit_web "revert in Git" image=$old
wait_equal "reverted in Git: the end is told" 30 1 told "no longer rolled back: Git has changed"
check_equal "reverted in Git: no Pod is touched" "$uids" "$(pods_uids web)"
wait_equal "reverted in Git: the inventory" 30 "" inventory .rollout.rejected.reason
commit_web "a good image" image=$new
wait_equal "a good image: Pods" 60 "$(all_pods $new)" pods_images web
wait_until "a good image: the controller has it for the current one" is_complete
stop_agent TERM

# --- rollback by sync -----------------------------------------------------------------------------

commit_web "a fourth bad image" image=$broken
run_sync --wait --timeout 240s
check_run "rolled back by sync" 3 "*statefulset.apps/web: rolled back to $new (revision *): web-4 on $broken: ImagePullBackOff*" \
	"*tranche: statefulset.apps/web was rolled back: rejected commit $(short_id "$repo"): web-4 on $broken: ImagePullBackOff*"
wait_equal "rolled back by sync: Pods" 60 "$(all_pods $new)" pods_images web

finish
