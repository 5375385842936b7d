#!/usr/bin/env bash
# What an API server can do to the agent for a while: it tells each trouble once when it begins and once when it ends, goes
# on as soon as that is possible, and has then written what commits asked for, once. It never ends.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test

# commit NUMBER
commit() {
	cat >repo/web.yaml <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web}
		spec:
		  replicas: 1
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}, annotations: {number: "$1"}}
		    spec: {containers: [{name: c, image: nginx}]}
	EOT
	git -C repo add -A
	git -C repo commit -q -m "$1"
}

mark() {
	from=$(wc -l <agent.log)
}

# told: the lines about troubles, without times and commits, since the last `mark`
told() {
	tail -n "+$((from + 1))" agent.log | sed 's/^[^ ]* //; s/shop@[0-9a-f]* //' |
		grep -E '^(error|warning)|works again'
}

mark_requests() {
	requests_from=$(wc -l <kubesim.log)
}

# has_asked PATTERN NUMBER: whether so many such requests have come since the last `mark_requests`
has_asked() {
	[ "$(tail -n "+$((requests_from + 1))" kubesim.log | grep -c "$1")" -ge "$2" ]
}

in_sync() {
	"$build/tranche" diff --app shop --repo repo >diff.out 2>&1
}

# trouble FAULT PATTERN TIMES BEGINS ENDS: while the fault holds, requests like PATTERN have to come that often
number=0
trouble() {
	local what=$1

	number=$((number + 1))
	mark
	mark_requests
	faults "$1"
	commit $number
	wait_for 60 has_asked "$2" "$3"
	check_equal "$what: it is tried again" 0 $? || tail -n 20 agent.log
	wait_for 30 told_all "$4"
	check_equal "$what: told once" "$4" "$(told)"
	faults ''
	wait_for 60 in_sync
	check_equal "$what: done in the end" 0 $? || cat diff.out
	wait_for 60 told_all "$4
$5"
	check_equal "$what: told once that it is over" "$4
$5" "$(told)"
	check_equal "$what: written once" $((number + 1)) "$(kubectl get statefulset web -o jsonpath='{.metadata.generation}')"
}

told_all() {
	[ "$(told)" = "$1" ]
}

start_kubesim --ready-after 1ms --verbose
git init -q -b main repo
commit 0
start_agent --app shop --repo repo --interval 300ms
wait_for 60 in_sync
check_equal "the beginning" 0 $?

set='PUT .*/statefulsets/web'
trouble '401' ' 401$' 3 'error   kubesim was told to answer 401' 'info    the cluster works again'
trouble '403@update:statefulsets.apps' "$set.* 403\$" 3 \
	'error   statefulset.apps/web: web.yaml:1: kubesim was told to answer 403' 'info    statefulset.apps/web: works again'
trouble '422@update:statefulsets.apps' "$set.* 422\$" 3 \
	'error   statefulset.apps/web: web.yaml:1: kubesim was told to answer 422' 'info    statefulset.apps/web: works again'
trouble '409@update:statefulsets.apps' "$set.* 409\$" 12 \
	'error   statefulset.apps/web: web.yaml:1: kubesim was told to answer 409' 'info    statefulset.apps/web: works again'
trouble '403@update:configmaps' 'PUT .*/configmaps/tranche-shop.* 403$' 2 \
	'warning configmap/tranche-shop: kubesim was told to answer 403' 'info    the inventory works again'
trouble '500@get:configmaps' 'GET .*/configmaps/tranche-shop.* 500$' 8 \
	'error   configmap/tranche-shop: kubesim was told to answer 500' 'info    the cluster works again'
check_equal "the agent lives" 0 "$(kill -0 "$agent"; echo $?)"

# What nobody has to be told of: the watches are begun anew, the answer that is lost is found out about.
for fault in 'cut=50@watch:statefulsets.apps' '410@watch:pods' 'lose@update:statefulsets.apps*2' '429@update:statefulsets.apps*2'; do
	number=$((number + 1))
	mark
	faults "$fault"
	commit $number
	wait_for 60 in_sync
	check_equal "$fault: done" 0 $? || cat diff.out
	faults ''
	check_equal "$fault: told nobody, written once" "$((number + 1)) " \
		"$(kubectl get statefulset web -o jsonpath='{.metadata.generation}') $(told)"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
