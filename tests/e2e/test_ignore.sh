#!/usr/bin/env bash
# What Git does not decide: fields that tranche.dev/ignore names, and replicas under an autoscaler.
# They are sent as they are, and are neither a difference nor drift.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/nginx-statefulset

sync() {
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "$1: exit status" 0 "$status" || echo "$err"
}

# differences: of a diff, without what is in sync, and with single spaces.
differences() {
	"$build/tranche" diff -n "$namespace" --repo "$repo" 2>&1 | sed '/in sync  *web.yaml/d
		s/, at main@.*//; s/^  *//; s/  */ /g'
}

# web REPLICAS IMAGE ANNOTATION...
web() {
	local line text

	while IFS= read -r line; do
		echo "$line"
		[ "$line" != "  name: nginx-statefulset" ] || [ $# -lt 3 ] || printf '  annotations:\n'
		[ "$line" != "  name: nginx-statefulset" ] || for text in "${@:3}"; do echo "    $text"; done
	done < <(walkthrough_manifest "$1" "$2" 0)
}

# passes NUMBER: whether the agent's log has so many that are done.
passes() {
	[ "$(count_log "record -> done")" -ge "$1" ]
}

# heeded NUMBER: whether so many signals have been followed by a pass over everything that has ended.
heeded() {
	[ "$(awk '/SIGHUP: syncing now/ { signals++ }
		/pass over everything/ { began = signals }
		/record -> done/ { ended = began }
		END { print ended + 0 }' "$work/agent.log")" -ge "$1" ]
}

# next_pass: has another one begin, and waits for its end.
next_pass() {
	local signals

	signals=$(count_log "SIGHUP: syncing now")
	kill -HUP "$agent_pid"
	wait_for 30 heeded $((signals + 1))
}

# --- fields ---------------------------------------------------------------------------------------

new_repo "$repo"
ignore='tranche.dev/ignore: /spec/replicas,/metadata/annotations/example.org~1note,/spec/template/spec/containers/[name=nginx-container]/image'
web 2 nginx:1.25.4 "$ignore" "example.org/note: from Git" >"$repo/web.yaml"
commit "$repo" "two Pods"
sync "a create sends what Git says"
check_equal "created: replicas" 2 "$(field $sts .spec.replicas)"
check_equal "created: the annotation" "from Git" "$(field $sts '.metadata.annotations.example\.org/note')"

kube scale $sts --replicas=3 >/dev/null
kube annotate $sts example.org/note- example.org/other=x >/dev/null
kube set image $sts nginx-container=nginx:1.26.1 >/dev/null
wait_equal "scaled and updated by hand" 60 "0=nginx:1.26.1 1=nginx:1.26.1 2=nginx:1.26.1" pods_images nginx-statefulset
web 2 nginx:1.25.4 "$ignore" "example.org/note: from Git" "example.org/more: x" >"$repo/web.yaml"
commit "$repo" "another annotation"
check_equal "diff shows what is ignored, and the rest" "statefulset.apps/nginx-statefulset replace web.yaml:16
metadata.annotations[\"example.org/more\"] (none) -> x
metadata.annotations[\"example.org/other\"] x -> (none)
note: ignored: /spec/replicas (Git 2, live 3)
note: ignored: /metadata/annotations/example.org~1note (Git from Git, live (none))
note: ignored: /spec/template/spec/containers/[name=nginx-container]/image (Git nginx:1.25.4, live nginx:1.26.1)
1 to replace, 1 in sync" "$(differences)"
sync "a replace"
check_equal "replaced: replicas are the live ones" 3 "$(field $sts .spec.replicas)"
check_equal "replaced: so is the image" nginx:1.26.1 "$(field $sts '.spec.template.spec.containers[0].image')"
check_equal "replaced: what is not there is not sent" "" "$(field $sts '.metadata.annotations.example\.org/note')"
check_equal "replaced: the rest is Git's" "x " \
	"$(field $sts '.metadata.annotations.example\.org/more') $(field $sts '.metadata.annotations.example\.org/other')"

# Neither drift nor a write, whichever way they change.
start_agent --repo "$repo" --log-level debug
wait_for 30 passes 1
kube scale $sts --replicas=4 >/dev/null
next_pass
kube annotate $sts --overwrite example.org/more=y >/dev/null
kill -HUP "$agent_pid"
wait_equal "any other is drift" 30 1 count_drift 'metadata.annotations["example.org/more"] x -> y; left alone'
check_equal "the ignored ones are not told" 0 "$(count_log spec.replicas)"
stop_agent TERM

for bad in '/metadata/name' 'spec.replicas'; do
	web 2 nginx:1.25.4 "tranche.dev/ignore: $bad" >"$repo/web.yaml"
	commit "$repo" "$bad"
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "$bad cannot be ignored: exit status" 4 "$status"
	check_like "$bad cannot be ignored: where" \
		"web.yaml:21:5: error: StatefulSet \"nginx-statefulset\": tranche.dev/ignore \"$bad\": *" "$err"
done

# --- autoscalers ----------------------------------------------------------------------------------

# autoscaler NAME
autoscaler() {
	cat <<-EOT
		apiVersion: autoscaling/v1
		kind: HorizontalPodAutoscaler
		metadata: {name: $1}
		spec:
		  maxReplicas: 9
		  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: nginx-statefulset}
	EOT
}

# It comes with the same commit, before it is in the cluster. Its controller is our kubectl scale.
kube delete $sts --wait >/dev/null
web 2 nginx:1.25.4 >"$repo/web.yaml"
commit "$repo" "two Pods"
sync "without an autoscaler"
kube scale $sts --replicas=3 >/dev/null
autoscaler web >"$repo/autoscaler.yaml"
commit "$repo" "an autoscaler"
ignored='replicas 2 of Git is ignored: HorizontalPodAutoscaler web scales it, live has'
run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_like "of the commit: diff" "*note: $ignored 3*1 to create, 2 in sync*" "$out"
sync "of the commit"
check_like "of the commit: sync says so" "*statefulset.apps/nginx-statefulset: $ignored 3*" "$err"
check_equal "of the commit: replicas" 3 "$(field $sts .spec.replicas)"

# It is in the cluster only.
git -C "$repo" rm -q autoscaler.yaml
web 2 nginx:1.26.1 >"$repo/web.yaml"
commit "$repo" "the autoscaler is made by hand"
autoscaler web | kube apply -f - >/dev/null 2>&1
sync "of the cluster"
check_like "of the cluster: sync says so" "*$ignored 3*" "$err"
check_equal "of the cluster: the rest is replaced" "3 nginx:1.26.1" \
	"$(field $sts .spec.replicas) $(field $sts '.spec.template.spec.containers[0].image')"
run "$build/tranche" diff -n "$namespace" --repo "$repo" -o json
check_equal "of the cluster: diff -o json" "$ignored 3" \
	"$(python3 -c 'import json, sys; print(*[n for o in json.load(sys.stdin)["objects"] if o["file"] for n in o["notes"]])' <<<"$out")"
check_equal "of the cluster: nothing differs" 0 "$status"

rm -f "$work/agent.log"
start_agent --repo "$repo" --log-level debug
wait_equal "the agent has looked" 30 1 count_log "$ignored 3"
wait_for 30 passes 1
kube scale $sts --replicas=5 >/dev/null
next_pass
kube scale $sts --replicas=2 >/dev/null
next_pass
kube scale $sts --replicas=6 >/dev/null
next_pass
check_equal "it is told once" 1 "$(count_log "$ignored")"
check_equal "it is no drift" 0 "$(count_log drift)"
kube delete hpa web >/dev/null
kube scale $sts --replicas=4 >/dev/null
kill -HUP "$agent_pid"
wait_equal "without the autoscaler it is drift" 30 1 count_log "spec.replicas 2 -> 4"
wait_equal "and the number of Git counts again" 30 1 count_log "replicas of Git count again"

finish
