#!/usr/bin/env bash
# An app that is suspended while a pass writes: the history has both, what was written and the suspension.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test

tranche() {
	local command=$1

	shift
	run "$build/tranche" "$command" "$@"
}

causes() {
	"$build/tranche" history shop -o json | grep -o '"cause": "[a-z]*"' | cut -d'"' -f4 | paste -sd' '
}

start_kubesim --no-controllers --verbose
git init -q -b main repo
printf 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n' >repo/robot.yaml
git -C repo add -A
git -C repo commit -qm 'A robot'
tranche sync --repo repo --app shop
check_equal "a first sync" "0 sync" "$status $(causes)"

printf 'automountServiceAccountToken: false\n' >>repo/robot.yaml
git -C repo commit -qam 'Without a token'
faults 'delay=1ms@update:serviceaccounts*1' 'hold@update:serviceaccounts*1' # the first one is the dry run
"$build/tranche" sync --repo repo --app shop >sync.out 2>&1 </dev/null &
sync=$!
writes() {
	grep 'PUT .*/serviceaccounts/robot.* waits' kubesim.log | grep -qv dryRun
}
wait_for 30 writes
check_equal "it writes" 0 $?
tranche suspend shop --reason 'a backup'
check_run "suspended meanwhile" 0 "shop suspended" ""
faults ''
wait "$sync"
check_equal "the write is through" 0 $? || cat sync.out
check_like "and says so" "serviceaccount/robot replaced*" "$(cat sync.out)"
check_equal "both are in the history" "suspend sync sync" "$(causes)"
tranche sync --repo repo --app shop
check_like "it is suspended" "tranche: the app \"*\" is suspended by * since *: a backup; tranche resume * -n * ends that" "$err"
tranche resume shop
tranche sync --repo repo --app shop
check_run "what was written is as Git has it" 0 "1 in sync, *" ""
check_equal "and nothing is written for it" "resume suspend sync sync" "$(causes)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
