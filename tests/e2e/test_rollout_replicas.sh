#!/usr/bin/env bash
# The three-places trap: somebody scaled up, the file still has the old number, and a commit that is
# about something else would delete the Pods that were added.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

kept="somebody scaled to 5 replicas, and Git still has 3: kept, because scaling down would delete 4, 3; \
commit replicas: 5 to keep them, or scale down with the annotation tranche.dev/replicas: git (or --replicas=git)"

commit_web "three Pods" replicas=3 partition=2
start_agent --repo "$repo"
wait_equal "first sync" 60 "$(all_pods $old)" pods_images web
kube scale $sts --replicas=5 >/dev/null
wait_equal "scaled by hand: Pods" 30 "$(all_pods $old 0 4)" pods_images web
wait_equal "scaled by hand: drift is told once, and what resolves it" 30 1 count_drift "spec.replicas 3 -> 5; $kept"

# A commit about the image keeps them.
commit_web "a new image" image=$new
wait_equal "a new image: Pods" 30 "$(all_pods $old 0 1) $(all_pods $new 2 4)" pods_images web
kill -HUP "$agent_pid"
run_diff
check_like "a new image: diff" "1 statefulset.apps/web  drift *spec.replicas *5 -> 3*$kept*" "$status $out"
run_sync
check_run "a new image: sync" 0 "*1 drifted*" "*$kept*"
run_sync --wait
check_equal "a new image: sync --wait" 0 "$status"
stop_agent KILL
start_agent --repo "$repo"
wait_equal "restarted: it has looked" 30 2 count_drift "spec.replicas 3 -> 5; $kept"
check_equal "restarted: they are kept" 5 "$(field $sts .spec.replicas)"

# Each of the ways out.
commit_web "keep them" replicas=5
wait_equal "kept in Git: the end is told once" 30 1 told "drift ended"
check_equal "kept in Git: Pods" "$(all_pods $old 0 1) $(all_pods $new 2 4)" "$(pods_images web)"
stop_agent TERM
run_diff
check_equal "kept in Git: diff" 0 "$status"
kube scale $sts --replicas=6 >/dev/null
commit_web "a newer image" image=$old
run_sync --wait
check_run "scaled again: kept" 0 "*" "*somebody scaled to 6 replicas*"
check_equal "scaled again: replicas" 6 "$(field $sts .spec.replicas)"
run_sync --wait --replicas=git
check_run "--replicas=git" 0 "*spec.replicas 6 -> 5*" ""
wait_equal "--replicas=git: Pods" 30 "$(all_pods $old 0 4)" pods_images web
kube scale $sts --replicas=6 >/dev/null
run_sync --wait --replicas=git
check_run "--replicas=git without a new commit" 0 "*spec.replicas 6 -> 5*" ""
kube scale $sts --replicas=6 >/dev/null
annotations=([replicas]=git)
commit_web "by annotation"
run_sync --wait
check_run "tranche.dev/replicas: git" 0 "*spec.replicas 6 -> 5*" ""

# A commit that says another number is meant so, and so is one that is less than what was scaled down to.
annotations=()
commit_web "asked for" replicas=4
run_sync --wait
check_equal "another number in Git" "0 4" "$status $(field $sts .spec.replicas)"
kube scale $sts --replicas=2 >/dev/null
run_diff
check_like "scaled down by hand is drift like any other" "1 statefulset.apps/web  drift *spec.replicas *2 -> 4*" "$status $out"
commit_web "and a commit wins over it" image=$new
run_sync --wait
check_equal "and a commit wins over it" "0 4" "$status $(field $sts .spec.replicas)"

finish
