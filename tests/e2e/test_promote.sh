#!/usr/bin/env bash
# A canary by the commands that commit: promote in a loop until there is nothing left, hold, and
# rollback. The agent follows the clone.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
old=nginx:1.25.4 new=nginx:1.26.1 newer=nginx:1.27.0
sts=statefulset/nginx-statefulset

# pods WHAT EXPECTED
pods() {
	wait_equal "$1: Pods" 60 "$2" pods_images nginx-statefulset
}

tranche() {
	run "$build/tranche" "$1" nginx-statefulset -C "$repo" "${@:2}"
}

new_repo "$repo"
walkthrough_manifest 3 $old 0 >"$repo/web.yaml"
commit "$repo" "three Pods"
start_agent --repo "$repo"
pods "first sync" "0=$old 1=$old 2=$old"
walkthrough_manifest 3 $new 3 >"$repo/web.yaml"
commit "$repo" "the new image, behind the partition"
wait_equal "the template is there" 30 $new field $sts '.spec.template.spec.containers[0].image'

# One Pod at a time, until the command says that there is nothing left.
expected=("0=$old 1=$old 2=$new" "0=$old 1=$new 2=$new" "0=$new 1=$new 2=$new")
steps=0
while tranche promote; [ "$status" -eq 0 ]; do
	pods "step $steps" "${expected[$steps]-}"
	steps=$((steps + 1))
	[ "$steps" -le 3 ] || break
done
check_exact "the loop ends" 1 "" "tranche: nginx-statefulset: there is nothing to promote: the partition is 0"
check_equal "three steps" 3 "$steps"
check_equal "three lines of history" "Promote nginx-statefulset to partition 0 (Pod nginx-statefulset-0 takes $new)
Promote nginx-statefulset to partition 1 (Pod nginx-statefulset-1 takes $new)
Promote nginx-statefulset to partition 2 (Pod nginx-statefulset-2 takes $new)" \
	"$(git -C "$repo" log -3 --format=%s)"
check_equal "the manifest is as written but for the values" "$(walkthrough_manifest 3 $new 0)" "$(<"$repo/web.yaml")"

# A canary of a third image that is not wanted: back to what all Pods ran.
walkthrough_manifest 3 $newer 2 >"$repo/web.yaml"
commit "$repo" "a third image"
pods "the canary" "0=$new 1=$new 2=$newer"
tranche promote
pods "one more" "0=$new 1=$newer 2=$newer"
before=$(pods_uids nginx-statefulset | grep -o '^0=[^ ]*')
tranche rollback
check_run "rollback" 0 "*Pods nginx-statefulset-1, nginx-statefulset-2 go back to $new
  Pod nginx-statefulset-0 was never promoted
*" ""
pods "rolled back" "0=$new 1=$new 2=$new"
check_equal "the Pod that was never promoted is the same" "$before" "$(pods_uids nginx-statefulset | grep -o '^0=[^ ]*')"

# Held: a promotion in Git stays there until it is released.
walkthrough_manifest 3 $newer 3 >"$repo/web.yaml"
commit "$repo" "the third image, behind the partition"
wait_equal "the template is there, too" 30 $newer field $sts '.spec.template.spec.containers[0].image'
tranche hold
check_run "hold" 0 "*tranche.dev/hold true*" ""
wait_equal "the annotation is live" 30 true field $sts '.metadata.annotations.tranche\.dev/hold'
tranche promote --all
check_run "promote what is held" 0 "*tranche.dev/hold is set: no Pod changes before*" ""
wait_equal "the commit was seen" 30 1 count_log "fetched main@$(short_id "$repo")"
check_equal "the live partition is frozen" 3 "$(field $sts .spec.updateStrategy.rollingUpdate.partition)"
tranche hold --release
pods "released" "0=$newer 1=$newer 2=$newer"

finish
