#!/usr/bin/env bash
# What a command asks the API server for, counted in kubesim's log.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test

start_kubesim --ready-after 10ms --verbose

# web NUMBER IMAGE ANNOTATION
web() {
	cat <<-EOT
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web-$1, annotations: {$3}}
		spec:
		  replicas: 1
		  serviceName: web
		  selector: {matchLabels: {app: web-$1}}
		  template:
		    metadata: {labels: {app: web-$1}}
		    spec: {containers: [{name: nginx, image: "$2"}]}
	EOT
}

# commit IMAGE ANNOTATION: 20 StatefulSets
commit() {
	for i in {1..20}; do web "$i" "$@"; done >repo/web.yaml
	git -C repo add -A
	git -C repo commit -q -m "$1 $2"
}

# settle: until the rollouts have arrived, and what that left in the objects is recorded
settle() {
	run "$build/tranche" sync --repo repo --app shop --wait
	check_equal "$1" 0 "$status"
}

# asked COMMAND: how often it asks for which kind, in which way
asked() {
	local before
	before=$(wc -l <kubesim.log)

	run "$build/tranche" "$1" --repo repo --app shop
	tail -n "+$((before + 1))" kubesim.log | grep -E '/(statefulsets|pods|controllerrevisions)\b' |
		sed -E 's,^([A-Z]+) [^ ]*/(statefulsets|pods|controllerrevisions)(/[^ ?]*)?([^ ]*dryRun)?.*,\1 \2\3\4,' |
		sed -E 's,/[^?]*,/NAME,;s,\?.*, dry run,' | sort | uniq -c | sed 's/^ *//'
}

git init -q repo
git -C repo config user.email ci@example.com
git -C repo config user.name CI
commit nginx:1.25.4 ''
settle "the cluster is set up"
check_equal "sync of what is in sync" "1 GET statefulsets" "$(asked sync)"
check_equal "diff of what is in sync" "1 GET statefulsets" "$(asked diff)"

commit nginx:1.26.1 ''
check_equal "diff of what changed" "\
1 GET controllerrevisions
1 GET pods
1 GET statefulsets
20 PUT statefulsets/NAME dry run" "$(asked diff)"
check_equal "sync of what changed" "\
1 GET controllerrevisions
1 GET pods
1 GET statefulsets
20 PUT statefulsets/NAME" "$(asked sync)"

commit nginx:1.27.0 'tranche.dev/step: "1"'
settle "canaries arrive"
check_equal "with their images" 20 "$(kubectl get pods -o name --field-selector status.phase=Running | wc -l)"
check_equal "and are in sync" "1 GET statefulsets" "$(asked sync)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
