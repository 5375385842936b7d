#!/usr/bin/env bash
# The canary walkthrough, each row of its table as a commit that `tranche run` picks up by itself; then
# a change made past Git: reported once when it begins and once when it ends, undone by --self-heal.
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
	check_equal "$1: the agent read the commit" 1 "$(count_log "$(short_id "$repo")")"
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

# A commit is live well under a second after it was made, without waiting for the interval.
generation=$(field $sts .metadata.generation)
walkthrough_manifest 5 $new 3 >"$repo/web.yaml"
commit "$repo" "hold again"
committed=$(now_ms)
wait_equal "a commit that holds again" 10 $((generation + 1)) field $sts .metadata.generation
took=$(($(now_ms) - committed))
echo "  a commit reached the API server in $took ms, the looking included"
check_equal "a commit reaches the API server within a second" yes "$([ $took -lt 1000 ] && echo yes || echo "$took ms")"

finish
