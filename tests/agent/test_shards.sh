#!/usr/bin/env bash
# Three agents, of which each takes its share of one configuration, as the Pods of a StatefulSet do; each with a Lease of its
# own. All apps are synced, each by one of them. Then one share gets a standby, and changes hands.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
APPS=12

start_kubesim

# Each app is a folder of one repository; the second one depends on the first.
git init -q -b main repo
{
	printf 'apiVersion: tranche.dev/v1\nkind: Config\n'
	printf 'leaderElection: {enabled: true, duration: 30s}\napps:\n'
	for ((i = 1; i <= APPS; i++)); do
		mkdir "repo/$i"
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-%s}\n' "$i" >"repo/$i/map.yaml"
		printf -- '- {name: app-%s, source: {repo: %s, path: "%s"}, interval: 1h%s}\n' "$i" "$work/repo" "$i" \
			"$([ "$i" -ne 2 ] || echo ', dependsOn: [app-1]')"
	done
} >config.yaml
git -C repo add -A
git -C repo commit -qm one

# start NAME LOG
start() {
	start_server "$2.log" env POD_NAME="$1" "$tranche" run --config config.yaml --shard auto/3 --log-format json
}

# has INDEX: the apps whose objects that agent has created
has() {
	grep '"msg":"created"' "tranche-$1.log" | grep -o '"app":"[^"]*"' | sort -u
}

maps() {
	kubectl get configmaps -o name | grep -c /of-
}

all_there() {
	[ "$(maps)" -eq $APPS ]
}

for index in 0 1 2; do
	start tranche-$index tranche-$index
	agents[index]=$server
done
wait_for 60 all_there
check_equal "all apps are synced" $APPS "$(maps)"
by_one() {
	for index in 0 1 2; do has $index; done | sort | uniq -u | grep -c app
}
wait_equal "each by one agent" 30 "$APPS" by_one || # an agent tells of an object when the server has answered
	for index in 0 1 2; do has $index; done
check_equal "and each agent has some" yes \
	"$([ -n "$(has 0)" ] && [ -n "$(has 1)" ] && [ -n "$(has 2)" ] && echo yes)" || tail -n 3 tranche-*.log
check_equal "what depends on another is with it" same "$(for index in 0 1 2; do
	[ "$(has $index | grep -cE '"app-[12]"')" -ne 2 ] || echo same
done)"
check_equal "each has a lease of its own" "tranche-shard-0 tranche-0
tranche-shard-1 tranche-1
tranche-shard-2 tranche-2" "$(kubectl get leases -o jsonpath='{range .items[*]}{.metadata.name} {.spec.holderIdentity}{"\n"}{end}' | sed 's/_.*//')"

# A Pod with the same name on another node, say: it stands by until the first one is gone.
start tranche-1 standby
wait_for 30 grep -q 'standing by: ' standby.log
check_equal "a second agent of a share stands by" 0 $? || cat standby.log
kill -TERM "${agents[1]}"
wait "${agents[1]}"
check_equal "the first one ends" 0 $?
wait_for 60 grep -q 'leading: ' standby.log
check_equal "then it takes over" 0 $? || cat standby.log

run "$build/tranche" run --config config.yaml --shard 3/3
check_run "a share that is none" 2 "" 'tranche: --shard: there is no shard 3 of 3: they are numbered from 0 to 2'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
