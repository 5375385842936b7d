#!/usr/bin/env bash
# A sync and a diff ask the cluster while the source is being read: whichever of the two is slower, broken or changes
# meanwhile, the answer is the one that it would be had they been asked one after the other.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
. "$(dirname "$0")/../support/git_server.sh"
begin_test
need git python3 kubectl flock
start_kubesim --ready-after 1ms --verbose

# commit VALUE: ten ConfigMaps and a Service
commit() {
	{
		for i in {1..10}; do
			printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-%d}\ndata: {v: "%s"}\n' "$i" "$1"
		done
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: None}\n'
	} >shop/a.yaml
	git -C shop add .
	git -C shop commit -q -m "$1"
	git -C shop push -q origin main
}

# The same repository as a folder and behind a server, whose clone can be held.
git init -q -b main shop
mkdir -p server/repos
git init -q --bare -b main server/repos/shop.git
git -C shop remote add origin "$work/server/repos/shop.git"
start_https "$work/server"
url=http://127.0.0.1:$port/shop.git
remote=(--app shop --repo "$url" --git-dir "$work/clone")

# asked SINCE: what of objects and the inventory was read since that line of the log
asked() {
	tail -n "+$(($1 + 1))" kubesim.log | grep -oE '^GET [^ ]*/(configmaps|services)\b[^ ]*' |
		sed 's,.*/\(configmaps\|services\),\1,'
}

line() {
	wc -l <kubesim.log
}

# hold: nobody gets at the clone until `let_go`
hold() {
	rm -f held go
	flock "$work/clone/tranche.lock" bash -c "touch held; until [ -e go ]; do sleep 0.02; done" &
	holder=$!
	wait_until "the clone is held" test -e held
}

let_go() {
	touch go
	wait "$holder"
}

# start COMMAND...: tranche, while the clone is held, until the cluster has told all. Its output goes to `late`.
start() {
	before=$(line)
	"$build/tranche" "$@" "${remote[@]}" >late 2>&1 </dev/null &
	child=$!
	wait_until "it has read the cluster" has_read
}

has_read() {
	asked "$before" | grep -q '^configmaps?limit' && asked "$before" | grep -q '^services/'
}

finish() {
	let_go
	wait "$child"
	status=$?
}

commit 1
run "$build/tranche" sync "${remote[@]}"
check_equal "the first sync" 0 "$status"
revision=main@$(git -C shop rev-parse --short=7 HEAD)

# --- the source is slower -------------------------------------------------------------------------------

hold
start sync
check_equal "read before the source" "configmaps/tranche-shop
configmaps?limit=500
services/web" "$(asked "$before" | sort)"
finish
check_equal "it ends well" "0 11 in sync, at $revision" "$status $(<late)"
check_equal "and has listed once" 1 "$(asked "$before" | grep -c '?limit')"

hold
start sync
run "$build/tranche" suspend shop --reason "a backup"
check_equal "suspended" 0 "$status"
sleep 1.1 # what was read is old by then
finish
check_equal "an app that was suspended meanwhile is left alone" 3 "$status"
check_like "and that is said" '*the app "shop" is suspended by * a backup; tranche resume shop -n default ends that' "$(<late)"
before=$(line)
run "$build/tranche" sync "${remote[@]}"
check_equal "of a suspended one nothing is read" configmaps/tranche-shop "$(asked "$before")"
run "$build/tranche" resume shop
check_equal "resumed" 0 "$status"

commit 2
hold
start sync
kubectl label configmap c-1 meanwhile=yes >/dev/null
kubectl delete configmap c-2 >/dev/null
finish
check_equal "objects that changed meanwhile are written" 0 "$status"
check_like "as Git has them" '*1 created, 9 replaced, 1 in sync, at main@*' "$(grep main@ late)"
check_equal "all of them" 10 "$(kubectl get configmaps -o jsonpath='{range .items[*]}{.data.v}{"\n"}{end}' | grep -c '^2$')"

hold
start sync
kill "$child"
wait "$child"
check_equal "ended meanwhile" 143 "$?"
let_go

# --- the cluster is slower, or broken -------------------------------------------------------------------

faults 'delay=1s@get:configmaps' 'delay=1s@list:configmaps' 'delay=1s@get:services'
for command in sync diff; do
	run "$build/tranche" "$command" --app shop --repo shop
	check_equal "$command waits for the cluster" 0 "$status"
done

faults 'hang@get:configmaps'
run_seconds=30 run "$build/tranche" sync --app shop --repo absent
check_exact "a source that is not there, and a cluster that hangs" 5 '' \
	"tranche: absent: not a Git repository"
echo 'kind: [' >shop/b.yaml
git -C shop add .
git -C shop commit -q -m broken
run_seconds=30 run "$build/tranche" sync --app shop --repo shop
check_run "manifests that cannot be read, and a cluster that hangs" 4 '' \
	"*tranche: 1 error in the manifests; nothing was sent"
git -C shop reset -q --hard HEAD~1

# refuses WHAT FAULT STATUS ERROR: a sync; nothing is told of the cluster where the source is what is wrong
refuses() {
	faults "$2"
	run "$build/tranche" sync --app shop --repo absent
	check_exact "$1, without a source" 5 '' "tranche: absent: not a Git repository"
	run "$build/tranche" sync --app shop --repo shop
	check_run "$1" "$3" '' "$4"
}

refuses "no inventory to be had" '403@get:configmaps' 6 'tranche: configmap/tranche-shop: *'
refuses "nobody knows us" '401@get:configmaps' 6 'tranche: *'
refuses "discovery fails" '500@get:*' 6 'tranche: *'
refuses "the list fails" '401@list:configmaps' 6 'tranche: *'
check_equal "which is told once" 1 "$(wc -l <<<"$err")"
faults

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
