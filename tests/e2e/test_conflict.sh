#!/usr/bin/env bash
# Somebody else writes between the agent's read and its write: nothing is overwritten unseen.
. "$(dirname "$0")/lib.sh"

repo=$work/repo

# meddle TIMES COMMAND: from now on COMMAND comes before the first TIMES writes to $meddled.
meddle() {
	stop_meddling
	setpriv --pdeathsig KILL "$here/meddler" "$upstream" "$work/writes" "$2" "$1" >"$work/port" &
	meddler_pid=$!
	wait_for 30 test -s "$work/port"
	meddled=http://127.0.0.1:$(<"$work/port")
	rm -f "$work/writes" "$work/port"
}

stop_meddling() {
	[ -z "$meddler_pid" ] || kill "$meddler_pid"
	meddler_pid=
}

# writes: "PUT 409, PUT 200" of the StatefulSet
writes() {
	sed -n 's,^\([A-Z]*\) .*/statefulsets\(/nginx-statefulset\)\? \([0-9]*\)$,\1 \3,p' "$work/writes" |
		paste -sd, | sed 's/,/, /g'
}

meddler_pid=
setpriv --pdeathsig KILL kubectl proxy --port=0 >"$work/proxy" 2>&1 &
wait_for 30 grep -q ':[0-9]' "$work/proxy"
upstream=$(grep -o '127.0.0.1:[0-9]*' "$work/proxy")

new_repo "$repo"
walkthrough_manifest 2 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "two Pods"

# Both writers create it: the second one replaces what the first one created, having looked at it.
sed '/^---$/,$!d; s/replicas: 2/replicas: 1/' "$repo/web.yaml" >"$work/other.yaml"
meddle 1 "kubectl -n $namespace create -f $work/other.yaml
	kubectl -n $namespace rollout status statefulset/nginx-statefulset --timeout=120s"
run "$build/tranche" sync -n "$namespace" --repo "$repo" --server "$meddled"
check_equal "created by somebody meanwhile: exit status" 0 "$status"
check_like "created by somebody meanwhile: writes" "POST 409, PUT 200" "$(writes)"
check_equal "created by somebody meanwhile: replicas" 2 "$(field statefulset/nginx-statefulset .spec.replicas)"

# Changed by somebody: read, compared and decided again.
settle nginx-statefulset
walkthrough_manifest 2 nginx:1.26.1 0 >"$repo/web.yaml"
commit "$repo" "a new image"
meddle 1 "kubectl -n $namespace annotate --overwrite sts/nginx-statefulset example.org/touched=\$(date +%N)"
run "$build/tranche" sync -n "$namespace" --repo "$repo" --server "$meddled"
check_equal "changed meanwhile: exit status" 0 "$status"
check_equal "changed meanwhile: writes" "PUT 409, PUT 200" "$(writes)"
check_equal "changed meanwhile: image" nginx:1.26.1 \
	"$(field statefulset/nginx-statefulset '.spec.template.spec.containers[0].image')"

# Somebody who never stops: given up after a bounded number of rounds, with what they wrote intact.
walkthrough_manifest 2 nginx:1.27.0 0 >"$repo/web.yaml"
commit "$repo" "another image"
meddle 1000 "kubectl -n $namespace annotate --overwrite sts/nginx-statefulset example.org/touched=\$(date +%N)"
run "$build/tranche" sync -n "$namespace" --repo "$repo" --server "$meddled"
check_equal "changed for ever: exit status" 7 "$status"
check_equal "changed for ever: writes" "PUT 409, PUT 409, PUT 409, PUT 409, PUT 409" "$(writes)"
check_like "changed for ever: the server's words" \
	'*the object has been modified; please apply your changes to the latest version and try again*' "$err"
check_equal "changed for ever: image" nginx:1.26.1 \
	"$(field statefulset/nginx-statefulset '.spec.template.spec.containers[0].image')"

finish
