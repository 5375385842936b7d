#!/usr/bin/env bash
# TERM while something is under way, stage by stage: the agent ends well and soon, whatever it waits for, and
# the next one goes on from there: it ends where Git is, and takes nothing that the last one did for drift.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
MAX_MS=9000

# --- manifests --------------------------------------------------------------------------------------

# web REPLICAS IMAGE [LINE]...: of the StatefulSet's annotations. SERVICE is what its immutable field says.
web() {
	cat <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata:
		  name: web
		  annotations:
		    example.org/any: "1"
	EOT
	[ $# -lt 3 ] || printf '    %s\n' "${@:3}"
	cat <<-EOT
		spec:
		  replicas: $1
		  serviceName: ${SERVICE-web}
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: c, image: '$2'}]}
	EOT
}

service() {
	printf 'apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {clusterIP: None, selector: {app: web}}\n' "$1"
}

commit() {
	git -C repo add -A
	git -C repo commit -qm change
}

# --- what the agent is in the middle of -----------------------------------------------------------------

agent() {
	rm -f agent.log # the last one's lines are none of this one's
	start_agent -n "$namespace" --app shop --repo "${repo-repo}" --interval 1h --prune "$@"
}

# term WHAT: sends it, and checks how the agent ends
term() {
	local began ended

	wait_for 30 grep -q following agent.log # it has begun
	began=$(date +%s%3N)
	end_agent "$1: TERM ends it well" || cat agent.log
	ended=$(date +%s%3N)
	check_equal "$1: within $MAX_MS ms" soon "$([ $((ended - began)) -le $MAX_MS ] && echo soon || echo $((ended - began)) ms)"
	[ $((ended - began)) -le "$slowest" ] || slowest=$((ended - began))
	# What is being written is finished, and told; nothing goes wrong by it.
	check_like "$1: and it says so" "*SIGTERM: ending" "$(grep SIGTERM agent.log)"
	check_equal "$1: and has nothing to complain of then" "" \
		"$(sed '1,/SIGTERM: ending/d' agent.log | grep -E ' (warning|error) ')"
}
slowest=0

# saw OUTCOME PATTERN: such a request of the agent's has come to that. A dry run is one only if PATTERN says so.
saw() {
	local lines

	lines=$(tail -n "+$((log_from + 1))" kubesim.log | grep -E "^$2.* $1$")
	[[ $2 == *dryRun* ]] || lines=$(grep -v dryRun <<<"$lines")
	[ -n "$lines" ]
}

in_sync() {
	"$build/tranche" diff -n "$namespace" --app shop --repo repo --prune >diff.out 2>&1
}

# during WHAT REQUEST FAULT...: the agent is ended while that request waits. What `before` has brought about
# is there, and what `after` commits is on its way.
number=0
during() {
	local what=$1 request=${2//NS/namespaces/term-$((number + 1))}

	shift 2
	number=$((number + 1))
	namespace=term-$number
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n' "$namespace" | kubectl create -f - >/dev/null
	rm -rf repo
	git init -q -b main repo
	before
	commit
	run "$build/tranche" sync -n "$namespace" --app shop --repo repo
	check_equal "$what: the beginning" 0 "$status" || echo "$err"
	settle
	after
	commit

	log_from=$(wc -l <kubesim.log)
	faults "$@"
	agent
	wait_for 30 saw waits "$request"
	check_equal "$what: it waits" 0 $? || { cat agent.log; tail -n "+$log_from" kubesim.log; }
	term "$what"
	if [[ $what == *"which arrives" ]]; then
		wait_for 30 saw '20[01]' "$request"
		check_equal "$what: it has arrived" 0 $?
	fi
	faults ''

	agent
	wait_for 30 in_sync
	check_equal "$what: the next agent goes on" 0 $? || { cat diff.out agent.log; }
	check_equal "$what: and sees no drift" "" "$(grep -E 'drift|error' agent.log)"
	term "$what, later"
}

before() {
	web 2 nginx:1 >repo/web.yaml
	service web >repo/service.yaml
}
after() {
	web 3 nginx:2 >repo/web.yaml
}
settle() {
	kubectl -n "$namespace" rollout status statefulset/web --timeout=2m >/dev/null
}

start_kubesim --ready-after 10ms --fail-image '*:broken=ImagePullBackOff' --verbose

sets=statefulsets.apps
once='delay=1ms@update:statefulsets.apps*1' # the dry run goes through
during "inventory" "GET /api/v1/NS/configmaps/tranche-shop" 'hang@get:configmaps'
during "read" "GET /apis/apps/v1/NS/statefulsets/web" "hang@get:$sets"
during "autoscalers" "GET .*/NS/horizontalpodautoscalers" 'hang@list:horizontalpodautoscalers.autoscaling'
during "preview" "PUT .*/NS/statefulsets/web.*dryRun" "hang@update:$sets"
during "write, which does not arrive" "PUT .*/NS/statefulsets/web" "$once" "hang@update:$sets"
during "write, which arrives" "PUT .*/NS/statefulsets/web" "$once" "delay=300ms@update:$sets"
during "record" "PUT /api/v1/NS/configmaps/tranche-shop" 'hang@update:configmaps'
during "record, which arrives" "PUT /api/v1/NS/configmaps/tranche-shop" 'delay=300ms@update:configmaps'
during "watch" "GET .*/NS/pods.*watch" 'hang@watch:pods'
during "list of Pods" "GET .*/NS/pods" 'hang@list:pods'

after() {
	service other >repo/other.yaml
}
during "creation, which does not arrive" "POST /api/v1/NS/services" 'delay=1ms@create:services*1' 'hang@create:services'
during "creation, which arrives" "POST /api/v1/NS/services" 'delay=1ms@create:services*1' 'delay=300ms@create:services'

after() {
	rm repo/service.yaml
}
during "prune, which does not arrive" "DELETE /api/v1/NS/services/web" 'hang@delete:services'
during "prune, which arrives" "DELETE /api/v1/NS/services/web" 'delay=300ms@delete:services'

# The only moment at which something is gone that should be there.
after() {
	SERVICE=other web 2 nginx:1 'tranche.dev/recreate: orphan' >repo/web.yaml
}
during "recreation, of which the creation does not arrive" "POST .*/NS/statefulsets" \
	"delay=1ms@create:$sets*1" "hang@create:$sets"

before() {
	web 2 nginx:1 'tranche.dev/unstick: "true"' >repo/web.yaml
}
after() {
	web 2 nginx:broken 'tranche.dev/unstick: "true"' >repo/web.yaml
	commit
	run "$build/tranche" sync -n "$namespace" --app shop --repo repo --wait --timeout 10s
	web 2 nginx:2 'tranche.dev/unstick: "true"' >repo/web.yaml
}
during "eviction" "POST .*/NS/pods/web-1/eviction" 'hang@create:pods/eviction'

# --- servers that take the connection and say nothing ------------------------------------------------------

cat >silent.py <<-'EOT'
	import os, socket
	listener = socket.create_server(("127.0.0.1", 0))
	with open("silent.draft", "w") as out:
	    out.write(str(listener.getsockname()[1]))
	os.rename("silent.draft", "silent.port")
	taken = []
	while True:
	    taken.append(listener.accept())
	    with open("silent.taken", "a") as out:
	        out.write("x")
EOT
start_server silent.log python3 silent.py
wait_for 30 test -s silent.port
silent=127.0.0.1:$(<silent.port)

# silently WHAT ARGUMENT...
silently() {
	local what=$1

	shift
	rm -f silent.taken
	agent "$@"
	wait_for 30 test -s silent.taken
	check_equal "$what: it waits" 0 $? || cat agent.log
	term "$what"
}

repo=git://$silent/shop.git silently "fetch, git://" --git-dir clone
repo=http://$silent/shop.git silently "fetch, http://" --git-dir clone
repo=https://$silent/shop.git silently "fetch, https://" --git-dir clone
silently "an API server that says nothing" --server "https://$silent"

echo "counted: the slowest end took $slowest ms"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
