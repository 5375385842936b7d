#!/usr/bin/env bash
# What was told is kept for the process after this one, also where somebody writes the inventory meanwhile or the server
# refuses it for a while: not only at the next interval.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
start_kubesim --verbose

cat >config.yaml <<-EOT
	apiVersion: tranche.dev/v1
	kind: Config
	apps:
	  - {name: shop, interval: 1h, source: {repo: $work/repo}}
	alerts:
	  sinks:
	    - {name: command, type: command, command: [sh, -c, 'cat >>$work/told; echo >>$work/told']}
EOT
: >told

# kept: what the inventory knows of what was told.
kept() {
	kubectl get configmap tranche-shop -o 'jsonpath={.data.inventory\.json}' | python3 -c '
import json, re, sys
for alert in json.load(sys.stdin).get("alerts", []):
    print(alert["kind"], re.sub("[0-9:]{8}.*", "TIME", alert["text"]), *alert.get("untold", []))'
}

git init -q repo
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: one}\n' >repo/a.yaml
git -C repo add -A
git -C repo commit -qm one
start_agent --config config.yaml --log-level debug
tells "configmap/a: created"
wait_equal "that is told" 30 1 grep -c synced.once told

# drifts VALUE: somebody changes it, which is told and kept.
drifts() {
	kubectl patch configmap a -p "{\"data\":{\"v\":\"$1\"}}" >/dev/null
	wait_agent "drift to $1 is kept" "drift data.v one -> $1 by kubectl (patch) at TIME" kept
}

# Somebody else writes the inventory just before the agent does.
drifts two
faults '409@update:configmaps*1'
kubectl patch configmap a -p '{"data":{"v":"one"}}' >/dev/null
tells "what was told is not kept: "
wait_agent "the end is kept after all" "" kept

# It cannot be written for a while.
drifts three
faults '403@update:configmaps'
kubectl patch configmap a -p '{"data":{"v":"one"}}' >/dev/null
wait_until "it is tried again" logged "what was told is not kept: " 4
faults ''
wait_agent "the end is kept when it can be" "" kept
# What was told while the pass's own save was under way.
drifts four
faults 'hold@update:configmaps'
kubectl patch configmap a -p '{"data":{"v":"one"}}' >/dev/null
wait_equal "its end is told meanwhile" 30 3 grep -c drift.ends told
faults ''
wait_agent "that it is told is kept" "" kept
end_agent "it ends"
check_equal "each was told once" "3 3" "$(grep -c drift.begins told) $(grep -c drift.ends told)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
