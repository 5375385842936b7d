#!/usr/bin/env bash
# A rollout that is over before the agent follows it is told all the same. One goes on, too, whose last Pod became ready
# after the agent's first pass had read it and before the agent followed it: what is first seen of it is that all is well. Pods
# of the second image are ready when this script says so.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
start_kubesim --ready-after 10ms --fail-image '*:2=NotReady' --verbose

# runs ORDINAL IMAGE: whether the Pod does
runs() {
	[ "$(kubectl get pod "web-$1" -o 'jsonpath={.spec.containers[0].image} {.status.phase}' 2>/dev/null)" = "$2 Running" ]
}

# make_ready ORDINAL
make_ready() {
	wait_until "web-$1 runs the second" runs "$1" nginx:2
	kubectl patch pod "web-$1" --subresource status -p '{"status": {"conditions": [
		{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]}}' >/dev/null
}

# is_held NUMBER: whether so many have been
is_held() {
	[ "$(grep -c 'statefulsets?limit=500 waits$' kubesim.log)" -ge "$1" ]
}

is_complete() {
	[ "$(kubectl get statefulset web -o 'jsonpath={.status.readyReplicas} {.status.currentReplicas}')" = "2 2" ]
}

git init -q repo
commit_web nginx:1 0
faults 'hold@list:statefulsets'
start_agent --repo repo --app shop --interval 1h
wait_until "it asks for the rollouts" is_held 1
wait_until "all Pods are there" is_complete
check_equal "the agent has not seen anything of it" 0 "$(count ' Pods on ')"
faults ''
tells "web: 2 of 2 Pods on nginx:1"
end_agent "it ends"
: >agent.log
commit_web nginx:2 1
run "$build/tranche" sync --repo repo --app shop
check_run "one Pod of the second" 0 "*1 replaced, at *" "*"
wait_until "web-1 runs it" runs 1 nginx:2

# Its first pass gets the StatefulSet; only who follows rollouts lists them all.
commit_web nginx:2 0
faults 'hold@list:statefulsets'
start_agent --repo repo --app shop --interval 1h
tells "blocked: web-1 is "
wait_until "it asks for the rollouts" is_held 2
make_ready 1
check_equal "the agent has not seen that" 0 "$(count 'no longer blocked')"
faults ''
make_ready 0
tells "no longer blocked"
end_agent "it ends"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
