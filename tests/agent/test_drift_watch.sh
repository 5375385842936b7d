#!/usr/bin/env bash
# Drift is seen by watches, whatever happens to those: streams that break, a history that has moved on (410), a server
# that is away for a while, kinds that may not be watched. The interval is an hour: nothing is seen by chance.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
kubesim='' agent=''
trap 'kill $agent $kubesim 2>/dev/null; rm -rf "$work"' EXIT
leave_user_settings
cd "$work" || exit 2
export KUBECONFIG=$work/kubeconfig

# start ARGUMENT...: a fresh cluster, and the agent on it
start() {
	local deadline=$((SECONDS + 30))

	stop
	rm -f kubeconfig agent.log
	"$build/kubesim" --kubeconfig kubeconfig "$@" >kubesim.log 2>&1 </dev/null &
	kubesim=$!
	until [ -s kubeconfig ] || [ $SECONDS -ge $deadline ]; do sleep 0.05; done
	setpriv --pdeathsig KILL "$build/tranche" run --repo repo --app shop --interval 1h >agent.log 2>&1 </dev/null &
	agent=$!
	wait_agent "$1: first sync" 2 count "created"
}

stop() {
	[ -z "$agent$kubesim" ] || { kill $agent $kubesim && wait $agent $kubesim; } 2>/dev/null
	agent='' kubesim=''
}

# faults RULE...: from now on
faults() {
	printf '%s\n' "$@" | kubectl replace --raw /kubesim/faults -f - >/dev/null
}

# count TEXT
count() {
	grep -cF -- "$1" agent.log
}

# wait_agent WHAT EXPECTED COMMAND...: wait_equal, and where it fails the end of the log.
wait_agent() {
	wait_equal "$1" 30 "${@:2}" || tail -n 20 agent.log
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
kill -HUP $agent
wait_agent "forbidden: a look at everything sees it" 1 begun

# An agent that starts again says what it finds; one that only loses its watch does not.
kill $agent && wait $agent
setpriv --pdeathsig KILL "$build/tranche" run --repo repo --app shop --interval 1h >>agent.log 2>&1 </dev/null &
agent=$!
wait_agent "a restart says it again" 2 begun
stop

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
