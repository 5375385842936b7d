#!/usr/bin/env bash
# The agent killed in the middle of a rollout and started again ends in the same state.
. "$(dirname "$0")/lib.sh"

repo=$work/repo

# run_image COUNT IMAGE: whether so many Pods have it.
run_image() {
	[ "$(pods_images nginx-statefulset | grep -o "=$2" | wc -l)" -ge "$1" ]
}

new_repo "$repo"
walkthrough_manifest 5 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "five Pods"
start_agent --repo "$repo"
wait_for 30 test -s "$work/agent.log"

# Killed while the first Pods are being made.
wait_for 60 field_reaches statefulset/nginx-statefulset .status.replicas 2
stop_agent KILL
start_agent --repo "$repo"
wait_equal "killed while creating" 60 \
	"0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4 3=nginx:1.25.4 4=nginx:1.25.4" \
	pods_images nginx-statefulset

# Killed in mid-update; meanwhile another commit is made.
walkthrough_manifest 5 nginx:1.26.1 1 >"$repo/web.yaml"
commit "$repo" "a new image"
wait_for 60 run_image 2 nginx:1.26.1
stop_agent KILL
walkthrough_manifest 5 nginx:1.26.1 2 >"$repo/web.yaml"
commit "$repo" "hold one more"
walkthrough_manifest 5 nginx:1.26.1 0 >"$repo/web.yaml"
commit "$repo" "all of them"
start_agent --repo "$repo"
wait_equal "killed while updating" 60 \
	"0=nginx:1.26.1 1=nginx:1.26.1 2=nginx:1.26.1 3=nginx:1.26.1 4=nginx:1.26.1" \
	pods_images nginx-statefulset

# TERM ends it soon (the grace that a Pod may count on is 5 s), also in mid-rollout.
walkthrough_manifest 5 nginx:1.27.0 0 >"$repo/web.yaml"
commit "$repo" "yet another image"
wait_for 60 run_image 1 nginx:1.27.0
began=$(now_ms)
stop_agent TERM
check_equal "TERM: exit status" 0 $?
took=$(($(now_ms) - began))
check_equal "TERM ends it soon" yes "$([ "$took" -lt 9000 ] && echo yes || echo "$took ms")"

finish
