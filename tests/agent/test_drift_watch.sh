#!/usr/bin/env bash
# Drift is seen by watches, whatever happens to those: streams that break, a history that has moved on (410), a server
# that is away for a while, kinds that may not be watched. The interval is an hour: nothing is seen by chance.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test

# start ARGUMENT...: a fresh cluster, and the agent on it
start() {
	end_servers
	rm -f agent.log
	start_kubesim "$@"
	start_agent --repo repo --app shop --interval 1h
	wait_agent "$1: first sync" 2 count "created"
}

paint() {
	kubectl patch "configmap/${2-settings}" -p "{\"data\":{\"colour\":\"$1\"}}" >/dev/null
}

begun() {
	count "configmap/settings: drift: data.colour green -> red by kubectl (patch) at "
}

git init -q -b main repo
for name in settings others; do
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {colour: green}\n' "$name" >"repo/$name.yaml"
done
git -C repo add -A
git -C repo commit -q -m "two"

# Streams that break within an event, and a server that remembers two changes only.
for broken in "5 --fault cut=900@watch:configmaps" "1 --fault cut=300@watch:configmaps --history 1"; do
	# shellcheck disable=SC2086 # words
	start ${broken#* }
	for round in $(seq "${broken%% *}"); do
		paint red
		wait_agent "$broken: drift $round begins" "$round" begun
		paint green
		wait_agent "$broken: drift $round ends" "$round" count "configmap/settings: drift ended"
	done
done

# What somebody does while nobody can be asked.
start --history 1 --fault cut=1200@watch:configmaps
faults 503@watch:configmaps 503@list:configmaps
paint green # changes nothing
for _ in 1 2 3 4 5 6; do # the stream that stands has room for some
	paint blue others
	paint green others
done
paint red
kubectl delete configmap others >/dev/null
faults ''
wait_agent "a server that is back: what was changed" 1 begun
wait_agent "a server that is back: what was deleted" 1 count "configmap/others: drift: deleted; left alone"
check_equal "a server that is back: what ends" "0 yes" "$(count "settings: drift ended") $([ "$(count "others: drift ended")" -le 12 ] && echo yes)"

# A kind that may not be watched.
start --deny watch:configmaps
wait_agent "forbidden: is said once" 1 count 'cannot watch resource "configmaps"'
check_equal "forbidden: and what that means" 1 "$(count "changes of these are seen at the interval only")"
paint red
kill -HUP "$agent"
wait_agent "forbidden: a look at everything sees it" 1 begun

# An agent that starts again says what it finds; one that only loses its watch does not.
kill "$agent" && wait "$agent"
start_agent --repo repo --app shop --interval 1h
wait_agent "a restart says it again" 2 begun

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
