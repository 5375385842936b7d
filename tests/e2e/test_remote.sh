#!/usr/bin/env bash
# The agent in the cluster, asked from a laptop: status, sync, suspend, resume and history through the API
# server's proxy to Services, and what is said where something of that is missing.
. "$(dirname "$0")/lib.sh"

repo=$work/repo sts=statefulset.apps/nginx-statefulset
EXIT_DIFFERENT=1 EXIT_USAGE=2 EXIT_ROLLOUT=3 EXIT_CLUSTER=6

# A real API server passes nothing on to loopback addresses.
address=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -E '^[0-9.]+$' | head -n 1)
if [ -z "$address" ] && [ -n "${TRANCHE_E2E_CONTROL_PLANE-}" ]; then
	echo "counted: not run, for this machine has no address but loopback"
	passed=1
	finish
fi
address=${address:-127.0.0.1}

# What a kubelet and a controller would make: a Pod with our address, and Endpoints that name it. The API
# server passes nothing on to an address that is no Pod's.
endpoints() {
	[ -n "${has_pod-}" ] || kube create -f - >/dev/null <<-EOT
		apiVersion: v1
		kind: Pod
		metadata: {name: agent}
		spec: {containers: [{name: agent, image: tranche}]}
	EOT
	has_pod=yes
	wait_for 30 has_field pod/agent .status.podIP
	kube patch pod agent --subresource=status --type=merge \
		-p "{\"status\": {\"podIP\": \"$address\", \"podIPs\": [{\"ip\": \"$address\"}]}}" >/dev/null
	kube apply -f - >/dev/null <<-EOT
		apiVersion: v1
		kind: Endpoints
		metadata: {name: tranche}
		subsets:
		  - addresses: [{ip: $address, targetRef: {kind: Pod, namespace: $namespace, name: agent}}]
		    ports: [{name: http, port: $1}]
	EOT
}

remote() {
	run "$build/tranche" "$1" --agent="$namespace/tranche" "${@:2}"
}

# --- what may be missing --------------------------------------------------------------------------------------

agent="tranche: agent $namespace/tranche:"
remote status
check_like "no such Service" "$EXIT_CLUSTER  $agent services \"tranche\" not found; --agent=NAMESPACE/SERVICE names another" \
	"$status $out $err"
kube apply -f - >/dev/null <<-EOT
	apiVersion: v1
	kind: Service
	metadata: {name: tranche}
	spec: {ports: [{name: http, port: 80, targetPort: http}]}
	---
	apiVersion: v1
	kind: Endpoints
	metadata: {name: tranche}
EOT
remote status
check_like "no endpoints" "$EXIT_CLUSTER  $agent no endpoints available for service \"tranche\": no agent is ready behind it" \
	"$status $out $err"
endpoints 1
remote status
check_like "nobody listens" "$EXIT_CLUSTER  $agent ?rror trying to reach service: *refused*; does the agent serve its API*" \
	"$status $out $err"
if [ -n "${TRANCHE_E2E_CONTROL_PLANE-}" ]; then
	"$here/control-plane" user "$TRANCHE_E2E_CONTROL_PLANE" otto >"$work/otto"
	remote status --kubeconfig "$work/otto"
	check_like "without the right to" "$EXIT_CLUSTER  $agent *User \"otto\" cannot get resource \"services/proxy\"*; the right is get and create on services/proxy there" \
		"$status $out $err"
fi

# --- an agent -------------------------------------------------------------------------------------------------

new_repo "$repo"
walkthrough_manifest 3 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "The shop"
echo the-token-of-the-agent >"$work/token"
start_agent --repo "$repo" --app shop --listen 0.0.0.0:0 --api-token-file "$work/token"
wait_for 30 grep -q 'listening on http://' "$work/agent.log"
endpoints "$(sed -n 's,.*listening on http://0.0.0.0:\([0-9]*\).*,\1,p' "$work/agent.log")"
wait_equal "the first rollout" 60 "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4" pods_images nginx-statefulset
is_complete() {
	remote history shop && grep -q 'Complete after' <<<"$out"
}
wait_for 30 is_complete
check_like "history" "0 WHEN *COMMIT *
20??-??-??T??:??:??Z  $(short_id "$repo")  commit  Ada Author  Complete after *  The shop
    2 created
    $namespace/nginx-statefulset: nginx:1.25.4, replicas 3" "$status $out"
# What ended is kept by one more pass.
is_idle() {
	remote status && [[ $out == *$'\n'shop*idle* ]]
}
is_kept() {
	kube get configmap tranche-shop -o 'jsonpath={.data}' | grep -q Complete
}
wait_for 30 is_kept
wait_for 30 is_idle
check_like "status" "0 APP *STATE *RESULT *REVISION *
shop *idle *synced *main@$(short_id "$repo") * ago *2 *
*$namespace *nginx-statefulset *Complete *3/3 *3/3 *0 *" "$status $out$err"
remote status -o json
check_equal "status -o json is what the agent says" "shop idle nginx-statefulset" "$(python3 -c '
import json, sys
status = json.load(sys.stdin)
print(status["apps"][0]["name"], status["apps"][0]["state"], status["statefulSets"][0]["name"])' <<<"$out")"

# --- orders want a token ------------------------------------------------------------------------------------------

remote suspend
check_like "no Secret" "$EXIT_CLUSTER  tranche: the token for orders (--api-token-file names a file): secrets \"tranche-api\" not found" \
	"$status $out $err"
remote suspend --api-token-file <(echo wrong)
check_like "a wrong token" "$EXIT_CLUSTER  $agent the agent: that is not the token" "$status $out $err"
kube create -f - >/dev/null <<-EOT
	apiVersion: v1
	kind: Secret
	metadata: {name: tranche-api}
	data: {token: $(base64 -w0 <"$work/token")}
EOT
remote sync --app shop
check_like "sync: nothing to do" "0 shop: synced: 2 in sync, at main@$(short_id "$repo")" "$status $out$err"
remote sync --app cart
check_like "no such app" "$EXIT_USAGE  $agent the agent: there is no app \"cart\"" "$status $out $err"

# --- suspended ------------------------------------------------------------------------------------------------------

state() {
	remote status -o json && python3 -c 'import json, sys; print(json.load(sys.stdin)["apps"][0]["state"])' <<<"$out"
}

remote suspend shop --reason 'restoring a backup'
check_equal "suspend" "0 shop suspended" "$status $out$err"
wait_equal "the agent heeds it" 30 suspended state
wait_equal "and says so" 30 1 count_log "the app \"shop\" is suspended by "
check_like "why stands there, too" "*restoring a backup*" "$(grep 'is suspended by' "$work/agent.log")"
walkthrough_manifest 3 nginx:1.26.1 2 >"$repo/web.yaml"
commit "$repo" "A canary"
run "$build/tranche" sync -n "$namespace" --repo "$repo" --app shop
check_like "a sync by hand is refused, too" "$EXIT_ROLLOUT *the app \"shop\" is suspended by *: restoring a backup; tranche resume shop -n $namespace ends that" "$status $err$out"
remote sync
check_like "and one by the agent" "$EXIT_ROLLOUT *suspended*" "$status $err$out"
check_equal "nothing was written" nginx:1.25.4 "$(field $sts '.spec.template.spec.containers[0].image')"
stop_agent KILL
: >"$work/agent.log"
start_agent --repo "$repo" --app shop --listen 0.0.0.0:0 --api-token-file "$work/token"
wait_for 30 grep -q 'listening on http://' "$work/agent.log"
endpoints "$(sed -n 's,.*listening on http://0.0.0.0:\([0-9]*\).*,\1,p' "$work/agent.log")"
wait_equal "it outlasts the agent" 30 1 count_log "the app \"shop\" is suspended by "
run "$build/tranche" suspend shop -n "$namespace"
check_like "it is suspended already" "$EXIT_DIFFERENT tranche: shop is already suspended by * since *: restoring a backup" "$status $err$out"
run "$build/tranche" resume shop -n "$namespace" # without the agent, which learns of it at its next pass
check_equal "resume" "0 shop resumed" "$status $out$err"
remote sync --wait --timeout 240s
check_like "sync --wait" "0 shop: synced: *, at main@$(short_id "$repo")*" "$status $out$err"
check_equal "the canary is there" "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.26.1" "$(pods_images nginx-statefulset)"
is_canary() {
	remote history -o json && python3 -c '
import json, sys
entries = json.load(sys.stdin)["entries"]
print(" ".join(e["cause"] for e in entries[1:]), entries[0]["statefulSets"][0]["phase"], entries[0]["statefulSets"][0]["images"])' <<<"$out"
}
wait_equal "history" 30 "resume suspend commit Canary ['nginx:1.25.4', 'nginx:1.26.1']" is_canary
remote history -o json
check_like "by whom" '*"by": "*@* (*)"*' "$out"

stop_agent TERM
check_equal "the agent ends well" 0 "$agent_status"
finish
