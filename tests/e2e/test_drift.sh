#!/usr/bin/env bash
# A change made past Git: reported once when it begins, once when it ends, left alone; a restart
# neither undoes nor forgets it; --self-heal undoes it.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/nginx-statefulset

# synced: after a signal to sync now, until the agent has looked.
sync_now() {
	kill -HUP "$agent_pid"
}

new_repo "$repo"
walkthrough_manifest 3 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "three Pods"
start_agent --repo "$repo"
wait_equal "first sync" 60 "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4" pods_images nginx-statefulset

kube scale $sts --replicas=4 >/dev/null
sync_now
wait_equal "drift is reported when it begins" 30 1 count_log "spec.replicas 3 -> 4"
sync_now
sync_now
check_equal "drift is left alone" 4 "$(field $sts .spec.replicas)"

stop_agent KILL
start_agent --repo "$repo"
wait_equal "the restarted agent has looked" 30 2 count_log "spec.replicas 3 -> 4"
check_equal "a restart does not undo drift" 4 "$(field $sts .spec.replicas)"

kube scale $sts --replicas=3 >/dev/null
sync_now
wait_equal "drift is reported when it ends" 30 1 count_log "drift ended"
sync_now

kube scale $sts --replicas=5 >/dev/null
stop_agent TERM
check_equal "TERM ends the agent cleanly" 0 $?
start_agent --repo "$repo" --self-heal
wait_equal "--self-heal undoes drift" 30 3 field $sts .spec.replicas
check_equal "drift ended once" 1 "$(count_log "drift ended")"

finish
