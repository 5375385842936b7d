#!/usr/bin/env bash
# The agent with a configuration file: the example of examples/config on the embedded cluster, and what the
# command line and a bad file are told.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
need git kubectl
cp -r "$top/examples/config" try

# --- what is refused, before anything begins ----------------------------------------------------------

run "$tranche" run --config nowhere.yaml
check_exact "no such file" 5 "" "tranche: cannot read nowhere.yaml: no such file"
printf 'apiVersion: tranche.dev/v1\nkind: Config\napp: []\nserver: {listen: 8080}\n' >bad.yaml
run "$tranche" run --config bad.yaml
check_exact "a bad file" 2 "" "bad.yaml:1:1: error: apps is required
bad.yaml:3:1: error: unknown key \"app\"; did you mean \"apps\"?
bad.yaml:4:10: error: server.listen must be text, not a number: put it in quotes"
run "$tranche" run --config bad.yaml --repo x --interval 1s
check_exact "options of one app" 2 "" "tranche: --interval does not go with --config: the file says it of each app"
run "$tranche" run --config bad.yaml --self-heal
check_exact "what has another name there" 2 "" "tranche: --self-heal does not go with --config: the file says it of each app, as drift: revert"
for option in api-token-file webhook-secret-file; do
	run "$tranche" run --repo x "--$option" token
	check_exact "--$option without an address" 2 "" "tranche: --$option goes with --listen"
done
run "$tranche" validate --config bad.yaml -f x
check_exact "files" 2 "" "tranche: --filename does not go with --config: the file says it of each app"
printf 'apiVersion: tranche.dev/v1\nkind: Config\napps: []\nclusters: [{name: a}, {name: b}]\n' >two.yaml
run "$tranche" run --config two.yaml --context dev
check_exact "whose context" 2 "" "tranche: --context does not go with two.yaml, which lists its clusters"
run "$tranche" validate --config bad.yaml -o json
check_like "as JSON" '1 {*"errors": 3,*"message": "apps is required"*}' "$status $out"

# Who reads the log as JSON is told so from the first line on.
# as_json WHAT STATUS MESSAGE OPTION...
as_json() {
	local what=$1 code=$2 message=$3
	shift 3
	run "$tranche" run "$@" --log-format json
	check_run "$what" "$code" "" "{\"time\":\"????-??-??T??:??:??.???Z\",\"level\":\"error\",\"msg\":\"$message\"}"
}
as_json "no such file" 5 "cannot read nowhere.yaml: no such file" --config nowhere.yaml
as_json "a bad command line" 2 "'tranche run' has no option --bogus; see 'tranche help run'" --bogus
printf 'apiVersion: tranche.dev/v1\nkind: Config\n' >empty.yaml
as_json "a bad file" 2 "empty.yaml:1:1: error: apps is required" --config empty.yaml

# --- the example, as its README tells -----------------------------------------------------------------

git -C try/platform init -q -b main
git -C try/platform add .
git -C try/platform commit -qm Start
start_kubesim
for name in database shop; do
	kubectl create namespace "$name" >/dev/null
done
sed -i 's/127.0.0.1:8080/127.0.0.1:0/' try/tranche.yaml
run "$tranche" validate --config try/tranche.yaml
check_exact "the example is fine" 0 "" "0 errors, 0 warnings in 1 file"
start_agent --config try/tranche.yaml

logged_created() {
	[ "$(grep -cE 'statefulset.apps/(database|shop).*created' agent.log)" -ge 2 ]
}

# has KIND NAME NAMESPACE
has() {
	kubectl -n "$3" get "$1" "$2" >/dev/null 2>&1
}

wait_until "the database is there" has statefulset database database || cat agent.log
wait_until "the shop is there" has statefulset shop shop || cat agent.log
wait_until "their inventories" has configmap tranche-shop shop || cat agent.log
wait_until "both are told" logged_created || cat agent.log
check_equal "what waits for a person is not written" "" "$(kubectl -n shop get configmap reports --ignore-not-found -o name)"
created() {
	kubectl -n "$1" get statefulset "$1" -o 'jsonpath={.metadata.resourceVersion}'
}
check_equal "the database came first" yes "$([ "$(created database)" ] && [ "$(created shop)" ] &&
	awk '/database@.*statefulset.apps\/database.*created/ && !d { d = NR } /shop@.*statefulset.apps\/shop.*created/ && !s { s = NR } END { print (d && d < s) ? "yes" : "no" }' agent.log)"

# Relative to the file, not to where the agent was started.
check_equal "whose repository" try/platform "$(grep -m1 -o 'try/.*platform' agent.log)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
