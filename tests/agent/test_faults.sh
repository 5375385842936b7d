#!/usr/bin/env bash
# What an API server can do to a sync, as a matrix: each fault at each request of it, once. Whatever comes, the sync
# says that it did its work only if it did; the next one finishes, nobody's objects are written more often than commits
# ask for, the inventory is whole, and then there is nothing left to do.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test

start_kubesim --ready-after 1ms --verbose

# --- what is synced -----------------------------------------------------------------------------------

# commit NUMBER: the StatefulSet and the Service change with each, and a ServiceAccount takes the place of the last
# one's. The StatefulSet has a policy, so that there is a dry run of it.
commit() {
	cat >repo/all.yaml <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web, annotations: {tranche.dev/max-promotion: "9"}}
		spec:
		  replicas: 1
		  serviceName: web
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}, annotations: {number: "$1"}}
		    spec: {containers: [{name: c, image: nginx}]}
		---
		apiVersion: v1
		kind: Service
		metadata: {name: web, annotations: {number: "$1"}}
		spec: {clusterIP: None, selector: {app: web}}
		---
		apiVersion: v1
		kind: ServiceAccount
		metadata: {name: sa-$1}
	EOT
	git -C repo add -A
	git -C repo commit -q -m "$1"
}

tranche() {
	run "$build/tranche" "$1" --app shop --repo repo --prune
}

# --- a cell ---------------------------------------------------------------------------------------------

# standing: how often the StatefulSet was written, and the commit that the inventory says was applied
standing() {
	kubectl get statefulset/web configmap/tranche-shop -o json |
		python3 -c 'import json, sys
web, inventory = json.load(sys.stdin)["items"]
print(web["metadata"]["generation"], json.loads(inventory["data"]["inventory.json"])["revision"])'
}

# The requests of a sync. A dry run is the first PUT or POST of an object, the second one is the write; of the others
# it is only made after a write that failed.
places=(inventory read preview pods write creation deletion record direct)
declare -A rules=(
	[inventory]='FAULT@get:configmaps*1'
	[read]='FAULT@get:statefulsets.apps*1'
	[preview]='FAULT@update:statefulsets.apps*1'
	[pods]='FAULT@list:pods*1'
	[write]='delay=1ms@update:statefulsets.apps*1 FAULT@update:statefulsets.apps*1'
	[creation]='FAULT@create:serviceaccounts*1 delay=1ms@create:serviceaccounts*1 FAULT@create:serviceaccounts*1'
	[deletion]='FAULT@delete:serviceaccounts*1'
	[record]='FAULT@update:configmaps*1'
	[direct]='FAULT@update:services*1'
)

# cell FAULT PLACE STATUS: that fault at that request, and how the sync ends: "0!" with a warning
number=1
cell() {
	local what="$1 at $2" seen

	number=$((number + 1))
	commit $number
	# shellcheck disable=SC2086 # a rule a word
	faults ${rules[$2]//FAULT/$1}
	tranche sync
	seen=$status$([ "$status" -ne 0 ] || [ -z "$err" ] || echo '!')
	check_equal "$what: exit status" "$3" "$seen" || echo "$err"
	if [ "$seen" != 0 ]; then
		[ -n "$err" ] || check_equal "$what: says why" something nothing
		faults ''
		tranche sync
		check_equal "$what: the next sync" "0 " "$status $err"
	fi
	check_equal "$what: written once, and remembered" "$number $(git -C repo rev-parse HEAD)" "$(standing)"
	tranche diff
	check_equal "$what: and then there is nothing left to do" 0 "$status" || echo "$out$err"
}

git init -q -b main repo
commit 1
tranche sync
check_equal "the beginning" 0 "$status" || echo "$err"

# The columns are the places.
while read -r fault expected; do
	# shellcheck disable=SC2086 # a column a word
	set -- $expected
	for place in "${places[@]}"; do
		cell "$fault" "$place" "$1"
		shift
	done
done <<-EOT
	401 6 6 7 0! 7 7 7 0! 0
	403 6 7 7 0! 7 7 7 0! 0
	404 0! 0 0 0! 0 7 0 0! 0
	409 6 7 0 0! 0 0 0 0! 0
	422 6 7 7 0! 7 7 7 0! 0
	429 0 0 0 0 0 0 0 0 0
	500 0 0 0 0 0 0 0 0 0
	refuse 0 0 0 0 0 0 0 0 0
	lose 0 0 0 0 0 0 0 0 0
	cut=10 0 0 0 0 0 0 0 0 0
EOT
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
