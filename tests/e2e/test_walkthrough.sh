#!/usr/bin/env bash
# The canary walkthrough: each row of its table is a commit, which `tranche run` picks up by itself.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/nginx-statefulset
old=nginx:1.25.4 new=nginx:1.26.1

# row WHAT REPLICAS IMAGE PARTITION PODS KEPT: commits that state; the Pods end as said, those with the
# ordinals KEPT are still the same ones.
row() {
	local before after ordinal

	check_equal "$1: nothing moved since the last row" "$pods" "$(pods_images nginx-statefulset)"
	before=$(pods_uids nginx-statefulset)
	walkthrough_manifest "$2" "$3" "$4" >"$repo/web.yaml"
	commit "$repo" "$1"
	pods=$5
	wait_equal "$1: Pods" 60 "$pods" pods_images nginx-statefulset
	after=$(pods_uids nginx-statefulset)
	for ordinal in $6; do
		check_equal "$1: Pod $ordinal is the same" \
			"$(grep -o "\b$ordinal=[^ ]*" <<<"$before")" "$(grep -o "\b$ordinal=[^ ]*" <<<"$after")"
	done
	check_equal "$1: the commit is told once" 1 \
		"$(count_log "fetched main@$(short_id "$repo") by Ada Author: $1")"
}

new_repo "$repo"
walkthrough_manifest 3 $old 2 >"$repo/web.yaml"
commit "$repo" "three Pods, partition 2"
start_agent --repo "$repo"
pods="0=$old 1=$old 2=$old"
wait_equal "first sync: Pods" 60 "$pods" pods_images nginx-statefulset
check_equal "the Service is there" None "$(field service/nginx-stateful-service .spec.clusterIP)"

row "scale to five" 5 $old 2 "0=$old 1=$old 2=$old 3=$old 4=$old" "0 1 2"
row "the new image" 5 $new 2 "0=$old 1=$old 2=$new 3=$new 4=$new" "0 1"
row "partition 1" 5 $new 1 "0=$old 1=$new 2=$new 3=$new 4=$new" "0 2 3 4"
row "partition 0" 5 $new 0 "0=$new 1=$new 2=$new 3=$new 4=$new" "1 2 3 4"

# What people watch: each write with its fields, and the rollout as it moves.
for line in "statefulset.apps/nginx-statefulset: replaced: spec.replicas 3 -> 5" \
	"statefulset.apps/nginx-statefulset: 3 of 5 Pods on $new, partition 2 holds 0, 1" \
	"statefulset.apps/nginx-statefulset: replaced: spec.updateStrategy.rollingUpdate.partition 2 -> 1" \
	"statefulset.apps/nginx-statefulset: 5 of 5 Pods on $new"; do
	wait_equal "told once: $line" 30 1 count_log "$line"
done

# A pass that finds nothing to do is silent.
told=$(grep -vc SIGHUP "$work/agent.log")
kill -HUP "$agent_pid"
wait_equal "HUP is told" 30 1 count_log "SIGHUP: syncing now"
kube annotate $sts example.org/touched=yes >/dev/null
kill -HUP "$agent_pid"
wait_equal "the next difference is seen" 30 1 count_log "drift: metadata.annotations"
check_equal "a pass without a difference says nothing" $((told + 1)) "$(grep -vc SIGHUP "$work/agent.log")"

# A commit is seen when it is made: the interval is an hour. How long it took is for reading only.
generation=$(field $sts .metadata.generation)
walkthrough_manifest 5 $new 3 >"$repo/web.yaml"
commit "$repo" "hold again"
committed=$(now_ms)
wait_equal "a commit that holds again" 30 $((generation + 1)) field $sts .metadata.generation
took=$(($(now_ms) - committed))
echo "  a commit reached the API server in $took ms, the looking included"

finish
