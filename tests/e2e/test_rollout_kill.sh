#!/usr/bin/env bash
# The agent is killed at every stage of its passes, all along a walk and all along a rollback: it ends
# where it would have ended, every step was taken once and in order, and nothing else was written.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rollout.sh"

# kill_at STAGE: starts the agent and kills it as it enters the stage; false if it says nothing more before it has.
kill_at() {
	local line found=1

	setpriv --pdeathsig KILL "$build/tranche" run -n "$namespace" --interval 1h --repo "$repo" \
		--log-level debug >"$work/lines" 2>&1 </dev/null &
	agent_pid=$!
	while IFS= read -r -t 60 line; do
		echo "$line" >>"$work/agent.log"
		[[ $line == *"-> $1,"* ]] || continue
		found=0
		stop_agent KILL
	done <"$work/lines"
	stop_agent KILL
	return $found
}

# promoted: the partitions that were told as promoted to, in the order of the log.
promoted() {
	sed -n 's/.*web: promoted to partition \([0-9]*\):.*/\1/p' "$work/agent.log" | paste -sd' '
}

mkfifo "$work/lines"
# A bake keeps the walk from being over before the last kill, however long a busy machine takes for each: of those below
# twelve may come after a step was taken.
replicas=18
annotations=([step]=1 [bake]=1s)
commit_web "eighteen Pods"
run_sync --wait
check_equal "first sync" "0 $(all_pods $old)" "$status $(pods_images web)"
first=$(field $sts .metadata.generation)

# --- a walk -----------------------------------------------------------------------------------------

commit_web "the new image" image=$new
kills=0
for stage in fetch inventory resolve read preview pods decide write unstick record "done" \
	write record unstick "done" write record decide write unstick; do
	kill_at $stage || break
	kills=$((kills + 1))
done
check_equal "kills" 20 $kills
check_equal "they came while it walked" yes "$([ "$(live_partition)" -gt 0 ] && echo yes || echo "it was over")"
start_agent --repo "$repo"
wait_equal "in the end: Pods" 60 "$(all_pods $new)" pods_images web
wait_equal "in the end: the partition" 30 0 live_partition
check_equal "one write a step" $((first + replicas)) "$(field $sts .metadata.generation)"
# A line gets lost with who was killed between the write and it.
order=$(promoted)
check_equal "in order, each once" "$(tr ' ' '\n' <<<"$order" | sort -rnu | paste -sd' ')" "$order"
check_equal "no drift, nothing stuck" "0 0" "$(count_log drift) $(count_log stuck)"
kill -HUP "$agent_pid"
wait_equal "the inventory is up to date" 30 "$(field $sts .metadata.generation)" inventory .rollout.stepGeneration
stop_agent TERM
run_diff
check_equal "in the end: diff" 0 "$status"

# --- a rollback -------------------------------------------------------------------------------------

annotations=([step]=1 [on-stuck]=rollback)
commit_web "with rollback"
run_sync --wait
generation=$(field $sts .metadata.generation)
commit_web "a bad image" image=$broken
kills=0
for stage in write unstick record write write write unstick record "done" unstick; do
	kill_at $stage || break
	kills=$((kills + 1))
done
check_equal "kills around a rollback" 10 $kills
start_agent --repo "$repo"
wait_equal "rolled back: the inventory knows" 60 "$(git -C "$repo" rev-parse HEAD)" inventory .rollout.rejected.commit
wait_equal "rolled back: Pods" 60 "$(all_pods $new)" pods_images web
check_equal "rolled back: the bad image was written once, and the good one" $((generation + 2)) \
	"$(field $sts .metadata.generation)"
check_equal "rolled back: no drift" 0 "$(count_log drift)"

finish
