# shellcheck shell=bash
# An embedded cluster, and an agent on it, for script tests that have begun with `begin_test` (checks.sh).
kubesim='' agent=''

# start_kubesim ARGUMENT...: a fresh cluster, in the place of one that there was; kubesim.log has what it says (of requests with
# --verbose), and $kubesim is its process.
# shellcheck disable=SC2120 # arguments may be none
start_kubesim() {
	[ -z "$kubesim" ] || ! is_running "$kubesim" || { kill "$kubesim" && wait "$kubesim"; } 2>/dev/null
	rm -f "$KUBECONFIG" "$work/kubesim.log"
	start_server "$work/kubesim.log" "$build/kubesim" --kubeconfig "$KUBECONFIG" "$@"
	kubesim=$server
	wait_until "the cluster is up" test -s "$KUBECONFIG" || cat "$work/kubesim.log"
}

# faults RULE...: what goes wrong in it from now on.
faults() {
	printf '%s\n' "$@" | kubectl replace --raw /kubesim/faults -f - >/dev/null
}

# start_agent OPTION...: `tranche run` with these; its lines are in agent.log, behind those that are there, its process is
# $agent.
start_agent() {
	start_server "$work/agent.log" "$build/tranche" run "$@"
	agent=$server
}

# commit_web IMAGE PARTITION [ANNOTATIONS]: two Pods whose order does not matter, in the repository `repo`.
commit_web() {
	cat >repo/web.yaml <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web, annotations: {${3-}}}
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

# end_agent WHAT: TERM ends it, and well.
end_agent() {
	kill -TERM "$agent"
	wait "$agent"
	check_equal "$1" 0 $?
}

# count TEXT: how often the agent has said that.
count() {
	grep -cF -- "$1" "$work/agent.log"
}

# logged TEXT [COUNT]: whether the agent has said that so often, or more often.
logged() {
	[ "$(count "$1")" -ge "${2-1}" ]
}

# tells TEXT [COUNT]: it does, that often.
tells() {
	wait_until "it tells: $1" logged "$@" && check_equal "told: $1" "${2-1}" "$(count "$1")"
}

# wait_agent WHAT EXPECTED COMMAND...: that becomes its output; where it does not, the end of the agent's lines is shown.
wait_agent() {
	wait_equal "$1" 30 "${@:2}" || tail -n 30 "$work/agent.log"
}

# expect_line WHAT PATTERN: a line of the agent's that matches it (grep -E).
expect_line() {
	wait_for 30 grep -qE -- "$2" "$work/agent.log"
	check_equal "$1" 0 $? || tail -n 30 "$work/agent.log"
}

# applied VALUE: the agent brings the shop's ConfigMap (commit_shop) to that.
applied() {
	wait_equal "value $1 is applied" 30 "$1" kubectl get configmap a -o 'jsonpath={.data.v}'
}
