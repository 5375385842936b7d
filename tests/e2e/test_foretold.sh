#!/usr/bin/env bash
# What `diff --from` tells from Git alone is what `diff` tells with the cluster's help, and what happens; and
# `status` shows it while it does.
. "$(dirname "$0")/lib.sh"

repo=$work/shop
sts=nginx-statefulset

# rollout ARGUMENT...: what a diff tells of the rollout.
rollout() {
	"$build/tranche" diff --repo "$repo" "$@" 2>&1 | grep -E '^  (rollout|warning): '
}

# manifest REPLICAS IMAGE PARTITION [ANNOTATION...]
manifest() {
	walkthrough_manifest "$1" "$2" "$3" >"$repo/web.yaml"
	shift 3
	[ $# -eq 0 ] || sed -i "s|^  name: $sts\$|&\n  annotations: {$(IFS=,; echo "$*")}|" "$repo/web.yaml"
}

# foretold WHAT EXPECTED: of the newest commit, by both; then it is applied, to its end.
foretold() {
	check_equal "$1: told from Git" "$2" "$(rollout --from HEAD~1)"
	check_equal "$1: told with the cluster" "$2" "$(rollout -n "$namespace")"
	run "$build/tranche" sync -n "$namespace" --repo "$repo" --wait --timeout 240s
	check_equal "$1: applied" 0 "$status"
}

new_repo "$repo"
git -C "$repo" commit -q --allow-empty -m "Nothing"
manifest 3 nginx:1.25.4 2
commit "$repo" "Three Pods"
foretold "a creation" "  rollout: creates 0..2"
manifest 5 nginx:1.26.1 2
commit "$repo" "Canary"
foretold "a canary" "  rollout: creates 3, 4; replaces 2; keeps 0, 1 on nginx:1.25.4"
manifest 5 nginx:1.26.1 1
commit "$repo" "Promote Pod 1"
foretold "a promotion" "  rollout: replaces 1; keeps 0 on nginx:1.25.4"
manifest 5 nginx:1.27.0 3
commit "$repo" "Another canary"
foretold "a canary over a canary" "\
  rollout: replaces 4, 3 in that order; keeps 0..2 on nginx:1.25.4 and nginx:1.26.1
  warning: raising the partition to 3 does not take the update back from 1, 2; to go back, revert the image
  warning: overlaps an unfinished update, which 0 did not get yet: Pods run three templates then"
manifest 5 nginx:1.27.0 0
commit "$repo" "All"
foretold "all" "  rollout: replaces 2..0 in that order"
manifest 4 nginx:1.27.0 0
commit "$repo" "Four"
foretold "fewer Pods" "\
  rollout: deletes 4
  warning: scaling down from 5 to 4 deletes 4"

# --- a walk ---------------------------------------------------------------------------------------

manifest 4 nginx:1.27.1 1 'tranche.dev/step: "1"' 'tranche.dev/bake: 2s'
commit "$repo" "One by one"
walk="  rollout: replaces 3; then 2, 1, one at a time, 2s of bake between: at the earliest done in 4s; keeps 0 on nginx:1.27.0"
check_equal "a walk: told from Git" "$walk" "$(rollout --from HEAD~1)"
check_equal "a walk: told with the cluster" "$walk" "$(rollout -n "$namespace")"
"$build/tranche" status -n "$namespace" --repo "$repo" --watch >"$work/lines" 2>"$work/lines.err" </dev/null &
watcher=$!
wait_for 30 test -s "$work/lines"

# step_to PARTITION: a sync, which takes the next step where that may be taken; whether it is this one.
step_to() {
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
	[ "$(field "statefulset/$sts" .spec.updateStrategy.rollingUpdate.partition)" = "$1" ]
}

last_line() {
	tail -n 1 "$work/lines" | sed "s,.*/$sts,,"
}

for partition in 3 2; do
	wait_until "a walk: the step to partition $partition" step_to $partition
	wait_until "status --watch: partition $partition on its way to 1" grep -q ", partition $partition -> 1: " "$work/lines"
done
wait_until "a walk: the step to partition 1" step_to 1
wait_equal "a walk: Pods" 60 "0=nginx:1.27.0 1=nginx:1.27.1 2=nginx:1.27.1 3=nginx:1.27.1" pods_images $sts
wait_equal "status --watch: the end" 30 " Canary, 4/4 ready, 3/4 updated, partition 1: 1..3 run nginx:1.27.1, partition 1 holds 0 on nginx:1.27.0; partition 0 would take $sts-0" \
	last_line
kill -INT $watcher
wait $watcher
check_equal "status --watch: exit status" 0 $?
remembered() {
	"$build/tranche" status -n "$namespace" --repo "$repo" -o json | python3 -c '
import json, sys
status = json.load(sys.stdin)
rollout = status["statefulSets"][0]
print(rollout["phase"], rollout["partition"], rollout["target"], rollout["gitPartition"],
      "stepSince" in rollout, status["appliedCommit"] == rollout["appliedCommit"])'
}
wait_equal "status -o json" 30 "Canary 1 1 1 True True" remembered

finish
