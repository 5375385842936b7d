#!/usr/bin/env bash
# What people do past Git with kubectl is seen when it happens, without a look at the source: what was changed,
# from what to what, and by whom; once when it begins, once when it ends. What the agent and the controllers
# write is none of it.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/nginx-statefulset
svc=service/nginx-stateful-service
latencies=()

# drifts WHAT TEXT COMMAND...: the command is run, and a line with the text comes; a # stands for a time.
drifts() {
	local what=$1 text=$2 pattern before after

	shift 2
	pattern=$(sed 's/[].[*^$\\]/\\&/g; s/#/[0-9:]*/g' <<<"$text")
	before=$(now_ms)
	"$@" >"$work/kubectl.out" 2>&1
	check_equal "$what: kubectl" 0 $?
	after=$(now_ms)
	wait_equal "$what: is told" 30 1 count_lines "$pattern"
	latencies+=("$what" "$(latency "$pattern" "$before" "$after")")
}

# count_lines PATTERN
count_lines() {
	grep -c -- "$1\$" "$work/agent.log"
}

# From when kubectl was done, or where it was told before that from when it began, to the line's own time.
latency() {
	local told

	told=$(date -d "$(grep -m1 -- "$1\$" "$work/agent.log" | cut -d' ' -f1)" +%s%3N)
	if [ "$told" -ge "$3" ]; then
		echo "$((told - $3)) ms after kubectl ended"
	else
		echo "$((told - $2)) ms after kubectl began, before it ended"
	fi
}

# ends OBJECT COUNT COMMAND...: the command is run, and the object's drift ends for the n-th time.
ends() {
	local object=$1 count=$2

	shift 2
	"$@" >"$work/kubectl.out" 2>&1
	wait_equal "drift of $object ends ($count)" 30 "$count" count_log "$object: drift ended"
}

# is_another UID: the Pod 1 has been created again.
is_another() {
	local uid

	uid=$(field pod/nginx-statefulset-1 .metadata.uid 2>/dev/null) && [ "$uid" != "$1" ]
}

# Servers before 1.21 do not note who scaled.
by_scale=' by kubectl (scale) at #'
kubectl get --raw /version | grep -q '"minor": "\(1[0-9]\|20\)' && by_scale=''

new_repo "$repo"
walkthrough_manifest 3 nginx:1.25.4 0 >"$repo/web.yaml"
cat >"$repo/settings.yaml" <<-EOT
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: settings}
	data: {colour: green, size: "3"}
	---
	apiVersion: v1
	kind: Secret
	metadata: {name: password}
	stringData: {word: correct-horse}
EOT
commit "$repo" "three Pods"
start_agent --repo "$repo" --log-level debug
wait_equal "first sync" 60 "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4" pods_images nginx-statefulset
wait_equal "it is complete" 30 1 count_log "3 of 3 Pods on nginx:1.25.4"
whole=$(count_log "pass over everything")

left='; left alone (--self-heal undoes it)'

drifts scale "nginx-statefulset: drift: spec.replicas 3 -> 2$by_scale$left" kube scale $sts --replicas=2
ends nginx-statefulset 1 kube scale $sts --replicas=3

container='spec.template.spec.containers[nginx-container]'
drifts "set image" "drift: $container.image nginx:1.25.4 -> nginx:1.26.1 by kubectl (set) at #$left" \
	kube set image $sts nginx-container=nginx:1.26.1
ends nginx-statefulset 2 kube set image $sts nginx-container=nginx:1.25.4

drifts edit "service/nginx-stateful-service: drift: spec.ports[80/TCP].name web-port -> web by kubectl (edit) at #$left" \
	env EDITOR="sed -i 's/name: web-port/name: web/'" kubectl -n "$namespace" edit $svc
drifts patch 'configmap/settings: drift: data.colour green -> red by kubectl (patch) at #'"$left" \
	kube patch configmap settings -p '{"data":{"colour":"red"}}'
check_equal "somebody else's is told beside it" \
	"spec.ports[80/TCP].name kubectl-edit, data.colour kubectl-patch" \
	"$("$build/tranche" diff -n "$namespace" --repo "$repo" -o json | python3 -c '
import json, sys
print(", ".join(change["path"] + " " + change["by"]["manager"]
                for item in sorted(json.load(sys.stdin)["objects"], key=lambda item: item["kind"], reverse=True)
                for change in item["changes"]))')"
check_equal "diff names who did it" "by kubectl (patch) at TIME" \
	"$("$build/tranche" diff -n "$namespace" --repo "$repo" | sed -n 's/^    \(by .* (patch) at \)[0-9:]*$/\1TIME/p')"
check_equal "so does markdown" "changed in the cluster: data.colour by kubectl (patch) at TIME" \
	"$("$build/tranche" diff -n "$namespace" --repo "$repo" -o markdown | sed -n 's/^- \(changed.* (patch) at \)[0-9:]*$/\1TIME/p')"
check_equal "and sync" "configmap/settings drifted: data.colour green -> red by kubectl (patch) at TIME$left" \
	"$("$build/tranche" sync -n "$namespace" --repo "$repo" 2>&1 | sed -n 's/^tranche: warning: \(configmap.* at \)[0-9:]*/\1TIME/p')"
ends service/nginx-stateful-service 1 kube patch $svc --type=json \
	-p '[{"op":"replace","path":"/spec/ports/0/name","value":"web-port"}]'
ends configmap/settings 1 kube patch configmap settings -p '{"data":{"colour":"green"}}'

drifts annotate "configmap/settings: drift: metadata.annotations - -> {\"who\":\"me\"} by kubectl (annotate) at #$left" \
	kube annotate configmap settings who=me
ends configmap/settings 2 kube annotate configmap settings who-

drifts label 'service/nginx-stateful-service: drift: metadata.labels.tier - -> front by kubectl (label) at #'"$left" \
	kube label $svc tier=front
ends service/nginx-stateful-service 2 kube label $svc tier-

drifts "a field that is taken away" 'configmap/settings: drift: data.size "3" -> -'"$left" \
	kube patch configmap settings --type=json -p '[{"op":"remove","path":"/data/size"}]'
ends configmap/settings 3 kube patch configmap settings -p '{"data":{"size":"3"}}'

drifts "a Secret" 'secret/password: drift: data.word *** (before) -> *** (after) by kubectl (patch) at #'"$left" \
	kube patch secret password -p '{"stringData":{"word":"battery-staple"}}'
ends secret/password 1 kube patch secret password -p '{"stringData":{"word":"correct-horse"}}'

drifts "delete" "configmap/settings: drift: deleted$left" kube delete configmap settings
ends configmap/settings 4 kube create -f - <<-EOT
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: settings}
	data: {colour: green, size: "3"}
EOT

# Everything above came from watches. Nothing is drift that the agent or the controllers do, and what is not
# Git's to decide.
check_equal "the source was not looked at for it" "$whole" "$(count_log "pass over everything")"
looks=$(count_log "that somebody changed")
uid=$(field pod/nginx-statefulset-1 .metadata.uid)
kube delete pod nginx-statefulset-1 --wait=false >/dev/null
wait_for 30 is_another "$uid"
wait_equal "the Pod is back" 60 3 field $sts .status.readyReplicas
sed -i 's/colour: green/colour: blue/' "$repo/settings.yaml"
commit "$repo" "blue"
wait_equal "a commit is applied" 30 1 count_log "configmap/settings: replaced: data.colour green -> blue"
drifts "something else, after all that" "service/nginx-stateful-service: drift: metadata.labels.tier - -> back by kubectl (label) at #$left" \
	kube label $svc tier=back
check_equal "a Pod that comes and goes, a status, the agent's own write are no drift" \
	"$((looks + 1))" "$(count_log "that somebody changed")"
check_equal "nobody's secret is told" 0 "$(count_log staple)"

printf 'counted: %s: told %s\n' "${latencies[@]}"
finish
