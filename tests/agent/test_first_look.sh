#!/usr/bin/env bash
# A rollout goes on, too, whose last Pod became ready after the agent's first pass had read it and before the agent
# followed it: what is first seen of it is that all is well. And of one that is first seen while its Pod may still come up
# the way out is told once that is over. Pods of the second image are ready when this script says so.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
start_kubesim --ready-after 10ms --fail-image '*:2=NotReady' --fail-image '*:never-ready=NotReady' --verbose

# web IMAGE PARTITION
web() {
	cat >repo/web.yaml <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web}
		spec:
		  replicas: 2
		  podManagementPolicy: Parallel
		  serviceName: web
		  updateStrategy: {rollingUpdate: {partition: $2}}
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: nginx, image: "$1"}]}
	EOT
	git -C repo add -A
	git -C repo commit -q -m "$1, partition $2"
}

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

# has_image ORDINAL IMAGE: whether there is such a Pod, whatever its state.
has_image() {
	[ "$(kubectl get pod "web-$1" -o 'jsonpath={.spec.containers[0].image}' 2>/dev/null)" = "$2" ]
}

# becomes STATE: of the container of web-1, as its kubelet would tell.
becomes() {
	kubectl patch pod web-1 --subresource=status -p "{\"status\":{\"containerStatuses\":[{\"name\":\"nginx\",
		\"image\":\"nginx\",\"imageID\":\"\",\"ready\":false,\"restartCount\":0,\"state\":$1}]}}" >/dev/null
}

is_held() {
	grep -q 'statefulsets?limit=500 waits$' kubesim.log
}

git init -q repo
web nginx:1 0
run "$build/tranche" sync --repo repo --app shop --wait
check_run "the first image" 0 "*" "*"
web nginx:2 1
run "$build/tranche" sync --repo repo --app shop
check_run "one Pod of the second" 0 "*1 replaced, at *" "*"
wait_until "web-1 runs it" runs 1 nginx:2

# Its first pass gets the StatefulSet; only who follows rollouts lists them all.
web nginx:2 0
faults 'hold@list:statefulsets'
start_agent --repo repo --app shop --interval 1h --log-level debug
tells "blocked: web-1 is "
wait_until "it asks for the rollouts" is_held
make_ready 1
check_equal "the agent has not seen that" 0 "$(count 'no longer blocked')"
faults ''
make_ready 0
tells "no longer blocked"

web nginx:never-ready 1
wait_until "the next Pod is there" has_image 1 nginx:never-ready
web nginx:never-ready 0
tells "blocked: web-1 is not ready yet on nginx:never-ready; partition 0 waits for it"
stuck='blocked: web-1 is in ImagePullBackOff on nginx:never-ready (no such image); fix it, or set tranche.dev/force-partition: "0"'
becomes '{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}'
tells "$stuck"
for state in '{"running":{}}' '{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}'; do
	becomes "$state"
	looks=$(count "-> done")
	kill -HUP "$agent"
	wait_until "it has looked again" logged "-> done" $((looks + 1))
done
check_equal "the way out is told once" "1 3" "$(count "$stuck") $(count 'blocked: web-1 is ')"
end_agent "it ends"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
