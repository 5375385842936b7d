#!/usr/bin/env bash
# Fields that cannot change: the server's words and what to do, and tranche.dev/recreate: orphan, which
# deletes and creates a StatefulSet while its Pods and volumes stay, whatever happens on the way.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/web

# web SIZE IMAGE [LINE...]: of the StatefulSet's annotations. Replicas are left to the cluster.
web() {
	cat <<-EOT
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata:
		  name: web
		  labels: {tier: db}
	EOT
	[ $# -lt 3 ] || printf '  annotations:\n'
	[ $# -lt 3 ] || printf '    %s\n' "${@:3}"
	cat <<-EOT
		spec:
		  serviceName: web
		  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete} # to which 1.20 says nothing
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      containers:
		        - {name: nginx, image: '$2', volumeMounts: [{name: data, mountPath: /data}]}
		  volumeClaimTemplates:
		    - metadata: {name: data}
		      spec:
		        accessModes: [ReadWriteOnce]
		        resources: {requests: {storage: $1}}
	EOT
}

sync() {
	run "$build/tranche" sync -n "$namespace" --repo "$repo" "${@:2}"
	check_equal "$1: exit status" 0 "$status" || echo "$err"
}

# What must not change: the Pods, their restarts and their revision, the claims.
standing() {
	kube get pods,pvc -l app=web -o jsonpath='{range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.labels.controller-revision-hash}{"\n"}{end}'
}

owners() {
	kube get pods,controllerrevisions -l app=web \
		-o jsonpath='{range .items[*]}{.metadata.ownerReferences[*].uid}{"\n"}{end}' | sort -u
}

uid() {
	field $sts .metadata.uid
}

adopted() {
	[ "$(owners)" = "$(uid)" ]
}

claim_size() {
	field $sts '.spec.volumeClaimTemplates[0].spec.resources.requests.storage'
}

# --- refused --------------------------------------------------------------------------------------

new_repo "$repo"
web 1Gi nginx:1.25.4 >"$repo/web.yaml"
commit "$repo" "small volumes"
sync "created"
kube scale $sts --replicas=3 >/dev/null
wait_equal "three Pods" 60 "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4" pods_images web
standing=$(standing) before=$(uid)
check_equal "their owner" "$before" "$(owners)"

web 2Gi nginx:1.25.4 >"$repo/web.yaml"
commit "$repo" "larger volumes"
words="*statefulset.apps/web*: StatefulSet.apps \"web\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than *; set tranche.dev/recreate: orphan on it to have it deleted with its Pods and volumes left in place and created again"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "without the annotation: exit status" 7 "$status"
check_like "without the annotation: the words and the remedy" "tranche: web.yaml:6: $words*" "$err"
run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_equal "without the annotation: diff's exit status" 7 "$status"
check_like "without the annotation: diff" "*statefulset.apps/web * failed *${words#*web\*}*1 failed, 1 in sync*" "$out"
check_equal "without the annotation: nothing happens" "$before" "$(uid)"

# --- recreated ------------------------------------------------------------------------------------

web 2Gi nginx:1.25.4 "tranche.dev/recreate: orphan" >"$repo/web.yaml"
commit "$repo" "by recreating it"
run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_equal "diff: exit status" 1 "$status"
check_equal "diff" 'metadata.annotations (none) -> {"tranche.dev/recreate":"orphan"}
note: the server refuses to replace it: it is deleted with its Pods and volumes left in place and created again; the Pods keep running and are adopted
spec.volumeClaimTemplates[0].spec.resources.requests.storage 1Gi -> 2Gi
statefulset.apps/web recreate web.yaml:6
warning: the volume claim template of data changes: claims that are there stay as they are' \
	"$(sed '/in sync/d; s/^  *//; s/  */ /g' <<<"$out" | sort)"
check_like "diff: summary" "*1 to recreate, 1 in sync, at *" "$out"
check_equal "diff writes nothing" "$before" "$(uid)"
sync "recreated"
check_like "sync says so" "statefulset.apps/web recreated: *storage 1Gi -> 2Gi*1 recreated, 1 in sync, at *" "$out"
check_equal "it is another one" no "$([ "$(uid)" = "$before" ] && echo yes || echo no)"
check_equal "the claims of Pods to come" 2Gi "$(claim_size)"
check_equal "the replicas are the live ones" 3 "$(field $sts .spec.replicas)"
wait_for 30 adopted
check_equal "Pods and revisions are adopted" "$(uid)" "$(owners)"
check_equal "Pods and claims are the same" "$standing" "$(standing)"
check_equal "the copy is gone" "" "$(kube get configmap tranche-recreate-web --ignore-not-found -o name)"
kube scale $sts --replicas=4 >/dev/null
wait_equal "a Pod to come" 60 "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4 3=nginx:1.25.4" pods_images web
check_equal "has a larger volume" "1Gi 2Gi" \
	"$(field pvc/data-web-0 .spec.resources.requests.storage) $(field pvc/data-web-3 .spec.resources.requests.storage)"
run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_equal "then nothing differs" 0 "$status" || echo "$out"

# A replace that is not refused is a replace.
before=$(uid)
web 2Gi nginx:1.26.1 "tranche.dev/recreate: orphan" >"$repo/web.yaml"
commit "$repo" "another image"
sync "replaced"
check_equal "it is the same one" "$before" "$(uid)"
wait_equal "the update" 60 "0=nginx:1.26.1 1=nginx:1.26.1 2=nginx:1.26.1 3=nginx:1.26.1" pods_images web

# The agent does it too.
standing=$(standing)
start_agent --repo "$repo"
wait_equal "the agent has looked" 30 1 count_log "fetched main@"
web 3Gi nginx:1.26.1 "tranche.dev/recreate: orphan" >"$repo/web.yaml"
commit "$repo" "even larger volumes"
wait_equal "the agent recreates it" 30 1 count_log "recreated: "
wait_for 30 adopted
check_equal "by the agent: Pods and claims are the same" "$standing" "$(standing)"
check_equal "by the agent: Pods and revisions are adopted" "$(uid)" "$(owners)"
stop_agent TERM
settle web

# --- whatever happens on the way ------------------------------------------------------------------

setpriv --pdeathsig KILL kubectl proxy --port=0 >"$work/proxy" 2>&1 &
wait_for 30 grep -q ':[0-9]' "$work/proxy"
upstream=$(grep -o '127.0.0.1:[0-9]*' "$work/proxy")

# meddle NUMBER COMMAND: COMMAND comes before that write: the copy, the deletion, the creation.
meddle() {
	[ -z "$meddler_pid" ] || kill "$meddler_pid"
	rm -f "$work/port"
	echo 0 >"$work/count"
	cat >"$work/meddle" <<-EOT
		count=\$((\$(cat $work/count) + 1))
		echo \$count >$work/count
		[ \$count -ne $1 ] || { $2; } >/dev/null
	EOT
	setpriv --pdeathsig KILL "$here/meddler" "$upstream" "$work/writes" "sh $work/meddle" 1000 >"$work/port" &
	meddler_pid=$!
	wait_for 30 test -s "$work/port"
	meddled=http://127.0.0.1:$(<"$work/port")
}
meddler_pid=

# Somebody changes it just before it is deleted: read, compared and decided again.
web 4Gi nginx:1.26.1 "tranche.dev/recreate: orphan" >"$repo/web.yaml"
commit "$repo" "four"
meddle 2 "kubectl -n $namespace annotate $sts example.org/touched=yes"
sync "changed meanwhile" --server "$meddled"
check_equal "changed meanwhile: recreated all the same" 4Gi "$(claim_size)"
check_equal "changed meanwhile: Pods and claims are the same" "$standing" "$(standing)"
settle web

# The agent dies when it has deleted it: what it was is not lost, the replicas that Git leaves out least.
web 5Gi nginx:1.26.1 "tranche.dev/recreate: orphan" >"$repo/web.yaml"
commit "$repo" "five"
meddle 2 "kill -KILL \$(cat $work/pid)"
sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$work/pid" "$build/tranche" sync -n "$namespace" --repo "$repo" --server "$meddled" >/dev/null 2>&1
wait_equal "killed: it is gone" 30 "" kube get $sts --ignore-not-found -o name
check_equal "killed: the Pods are not" "$standing" "$(standing)"
run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_like "killed: diff" "*statefulset.apps/web * create *note: it was deleted to be recreated, and is created again now*" "$out"
sync "the next sync"
check_like "the next sync says so" "statefulset.apps/web created*" "$out"
check_equal "the next sync: claims and replicas" "5Gi 4" "$(claim_size) $(field $sts .spec.replicas)"
wait_for 30 adopted
check_equal "the next sync: Pods and claims are the same" "$standing" "$(standing)"
check_equal "the next sync: the copy is gone" "" "$(kube get configmap tranche-recreate-web --ignore-not-found -o name)"
settle web

if [ "${TRANCHE_E2E_KUBELET-fake}" = none ] && kubectl get --raw /version | grep -q '"goVersion": ""\|"goVersion":""'; then
	# kubesim can be told to refuse. The old one is put back.
	web 6Gi nginx:1.26.1 "tranche.dev/recreate: orphan" >"$repo/web.yaml"
	commit "$repo" "six"
	meddle 3 "echo '422@create:statefulsets:$namespace*1' | kubectl replace --raw /kubesim/faults -f -"
	run "$build/tranche" sync -n "$namespace" --repo "$repo" --server "$meddled"
	check_equal "refused: exit status" 7 "$status"
	check_like "refused: what is told" "*it was deleted to be recreated, and cannot be created: *; the old one is back*" "$err"
	check_equal "refused: the old one is back" "5Gi 4 db orphan" \
		"$(claim_size) $(field $sts .spec.replicas) $(field $sts .metadata.labels.tier) $(field $sts '.metadata.annotations.tranche\.dev/recreate')"
	wait_for 30 adopted
	check_equal "refused: Pods and claims are the same" "$standing" "$(standing)"
	check_equal "refused: the copy is gone" "" "$(kube get configmap tranche-recreate-web --ignore-not-found -o name)"
	refuse="echo '422@create:statefulsets:$namespace' | kubectl replace --raw /kubesim/faults -f -"
	allow="echo | kubectl replace --raw /kubesim/faults -f -"
else
	# A quota that it does not fit is seen before anything is deleted.
	quota() {
		kube apply -f - <<-EOT
			apiVersion: v1
			kind: ResourceQuota
			metadata: {name: sets}
			spec: {hard: {count/statefulsets.apps: "$1"}}
		EOT
	}
	quota 1 >/dev/null
	wait_equal "the quota counts" 30 1 field resourcequota/sets '.status.used.count/statefulsets\.apps'
	web 6Gi nginx:1.26.1 "tranche.dev/recreate: orphan" >"$repo/web.yaml"
	commit "$repo" "six"
	before=$(uid)
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "a quota: exit status" 7 "$status"
	check_like "a quota: what is told" "*it would have to be recreated, and cannot be: *exceeded quota: sets*" "$err"
	check_equal "a quota: nothing is deleted" "$before" "$(uid)"
	kube delete resourcequota sets >/dev/null
	refuse="kubectl -n $namespace create quota none --hard=count/statefulsets.apps=0; until kubectl -n $namespace get quota none -o yaml | grep -q used:; do sleep 0.1; done"
	allow="kubectl -n $namespace delete quota none"
fi

settle web

# Neither can be created: it is gone, its copy is not, and when the server relents it comes again.
meddle 3 "$refuse"
run "$build/tranche" sync -n "$namespace" --repo "$repo" --server "$meddled"
check_equal "nothing can be created: exit status" 7 "$status"
check_like "nothing can be created: what is told" \
	"*it was deleted to be recreated, and cannot be created: *; configmap/tranche-recreate-web keeps a copy until it is created at the next sync, for the old one cannot be put back either: *" "$err"
check_equal "nothing can be created: the Pods are there" "$standing" "$(standing)"
sh -c "$allow" >/dev/null
sync "relented"
check_equal "relented: claims and replicas" "6Gi 4" "$(claim_size) $(field $sts .spec.replicas)"
wait_for 30 adopted
check_equal "relented: Pods and claims are the same" "$standing" "$(standing)"
check_equal "relented: Pods and revisions are adopted" "$(uid)" "$(owners)"

finish
