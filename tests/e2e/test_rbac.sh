#!/usr/bin/env bash
# The manifests of examples/in-cluster on a server that decides by RBAC: the agent, as its ServiceAccount, does
# everything with the rights that they give, uses each of them, and asks for no other. Runs on a control
# plane of our own only, for its audit log is what tells.
. "$(dirname "$0")/lib.sh"
. "$here/../support/pod.sh"

repo=$work/repo
plane=${TRANCHE_E2E_CONTROL_PLANE:?this takes a control plane of our own}
examples=$here/../../examples/in-cluster
EXIT_OBJECTS=7

# The examples, for our namespace in place of "shop". Nobody else here has a namespace "tranche".
cp -r "$examples" "$work/in-cluster"
rm "$work/in-cluster/read-only/diff.yaml" # batch/v1 CronJobs are younger than this server
sed -i "s/namespace: shop/namespace: $namespace/; s/--namespace=shop/--namespace=$namespace/; s,policy/v1$,policy/v1beta1," \
	"$work"/in-cluster/{,*/}*.yaml

# --- the manifests ------------------------------------------------------------------------------------------

# A dry run, for which the Namespaces have to be there.
kubectl create namespace tranche >/dev/null
at_end "kubectl delete namespace tranche --wait=false >/dev/null 2>&1"
for folder in . prune read-only users; do
	run kubectl create --dry-run=server --validate=true -o name -f "$work/in-cluster/$folder"
	check_equal "$folder: the server takes it, but for the Namespace that is there" \
		"$([ $folder = . ] && echo 'Error from server (AlreadyExists): error when creating "agent.yaml": namespaces "tranche" already exists')" \
		"$(sed "s,$work/in-cluster/[^\"]*/,,; s,$work/in-cluster/,," <<<"$err")"
done
kubectl apply -f "$work/in-cluster/" >/dev/null 2>&1
check_equal "and all of it is in sync then" "0" \
	"$("$build/tranche" diff -n tranche -f "$work/in-cluster" >"$work/diff.log" 2>&1; echo $?)" || cat "$work/diff.log"

# --- the account ----------------------------------------------------------------------------------------------

# token_for ACCOUNT SECRET: one that is worth something as long as the Secret is there.
token_for() {
	kubectl -n tranche create secret generic "$2" >/dev/null
	kubectl -n tranche create token "$1" --bound-object-kind Secret --bound-object-name "$2"
}

# kubeconfig_for TOKEN
kubeconfig_for() {
	sed "s/^\( *token: \).*/\1$1/" "$plane/kubeconfig"
}

token_for tranche first >"$work/token"
kubeconfig_for "$(<"$work/token")" >"$work/agent.kubeconfig"

# sync WHAT STATUS ARGUMENT...: as the agent's account
sync() {
	local what=$1 code=$2

	shift 2
	run "$build/tranche" sync --kubeconfig "$work/agent.kubeconfig" -n "$namespace" --namespace-only --app shop \
		--repo "$repo" "$@"
	check_equal "$what: exit status" "$code" "$status" || printf '%s\n' "$out" "$err"
}

# since LINE ACCOUNT: what it has asked for since that line of the audit log
since() {
	tail -n "+$(($1 + 1))" "$plane/audit.log" |
		python3 "$here/rights.py" used "system:serviceaccount:tranche:$2" "$namespace"
}

granted() {
	kubectl -n "$namespace" get roles "$@" -o json |
		python3 -c 'import json, sys; o = json.load(sys.stdin); json.dump(o if "items" in o else {"items": [o]}, sys.stdout)' |
		python3 "$here/rights.py" granted
}

now() {
	wc -l <"$plane/audit.log"
}

# --- the commits ------------------------------------------------------------------------------------------------

policy='unstick: "true"'

# manifests COUNT IMAGE VALUE: that many objects of each kind that the Role names, in versions that this
# server knows. From eight of a kind on they are listed rather than got.
manifests() {
	local i

	for ((i = 0; i < $1; i++)); do
		cat <<-EOT
			apiVersion: v1
			kind: ConfigMap
			metadata: {name: c$i}
			data: {value: "$3"}
			---
			apiVersion: v1
			kind: Service
			metadata: {name: w$i, labels: {value: "$3"}}
			spec: {clusterIP: None, selector: {app: w$i}, ports: [{port: 80}]}
			---
			apiVersion: v1
			kind: ServiceAccount
			metadata: {name: a$i, labels: {value: "$3"}}
			---
			apiVersion: autoscaling/v1
			kind: HorizontalPodAutoscaler
			metadata: {name: h$i, labels: {value: "$3"}}
			spec: {minReplicas: 1, maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: none$i}}
			---
			apiVersion: networking.k8s.io/v1
			kind: NetworkPolicy
			metadata: {name: n$i, labels: {value: "$3"}}
			spec: {podSelector: {matchLabels: {app: w$i}}}
			---
			apiVersion: policy/v1beta1
			kind: PodDisruptionBudget
			metadata: {name: b$i, labels: {value: "$3"}}
			spec: {maxUnavailable: 1, selector: {matchLabels: {app: w$i}}}
			---
			apiVersion: apps/v1
			kind: StatefulSet
			metadata: {name: w$i, annotations: {tranche.dev/$policy}}
			spec:
			  replicas: $((i ? 0 : 2))
			  serviceName: w$i
			  selector: {matchLabels: {app: w$i}}
			  template:
			    metadata: {labels: {app: w$i}}
			    spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: '$2'}]}
			---
		EOT
	done
}

# commit_all MESSAGE COUNT IMAGE VALUE
commit_all() {
	manifests "${@:2}" >"$repo/all.yaml"
	commit "$repo" "$1"
}

# --- sync -------------------------------------------------------------------------------------------------------

start=$(now)
new_repo "$repo"
commit_all "one of each" 1 nginx:1.25.4 one
sync "creates" 0 --wait --timeout 240s
commit_all "eight of each" 8 nginx:1.25.4 two
sync "creates and replaces" 0 --wait --timeout 240s
commit_all "an image that cannot be had" 8 nginx:broken two
sync "gets stuck" 3 --wait --timeout 240s
commit_all "and one that can" 8 nginx:1.26.1 two
sync "evicts" 0 --wait --timeout 240s
check_equal "the Pods" "0=nginx:1.26.1 1=nginx:1.26.1" "$(pods_images w0)"
policy='on-stuck: rollback'
commit_all "that would be rolled back" 8 nginx:1.26.2 two
sync "looks what it would go back to" 0 --wait --timeout 240s

# The agent, as the Deployment has it, with files of the account that are renewed, and the token in use taken
# back. Where that takes more than this machine allows, from a kubeconfig.
mkdir -p "$work/git/repos"
git clone -q --bare "$repo" "$work/git/repos/shop.git"
git -C "$work/git/repos/shop.git" symbolic-ref HEAD refs/heads/main
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$work/git.key" -out "$work/git.crt" 2>/dev/null
echo "basic agent:password" >"$work/git/auth"
setpriv --pdeathsig KILL python3 "$here/../support/git_backend.py" "$work/git" "$work/git.crt" "$work/git.key" \
	>"$work/git.log" 2>&1 &
wait_for 30 test -s "$work/git/port"
mapfile -t args < <(pod_arguments | sed "s/--log-format=json/--log-format=text/")
push() {
	git -C "$repo" push -q "$work/git/repos/shop.git" main
	kill -HUP "$agent_pid" # as a webhook would
}
if pod_is_possible; then
	"$examples/image/rootfs" "$build/tranche" "$work/rootfs" >/dev/null
	pod_make "$work/rootfs" "$work/pod"
	cat "$work/git.crt" >>"$work/pod/etc/ssl/certs/ca-certificates.crt"
	pod_account "$work/pod" "$(<"$work/token")"
	pod_mount "$work/pod" /etc/tranche/git username agent password password
	pod_mount "$work/pod" /etc/tranche/config tranche.yaml "$(pod_config | sed "s,git.example.com,localhost:$(<"$work/git/port"),
		s/namespace: shop/namespace: $namespace/; s/path: deploy/path: ./; s/^defaults:/&\n  interval: 1s/")"
	pod_exec "$work/pod" "${args[@]}" >>"$work/agent.log" 2>&1 &
	agent_pid=$!
	wait_equal "in the Pod it follows" 30 1 count_log "as the service account in"
	commit_all "replicas" 8 nginx:1.26.2 three
	push
	wait_equal "in the Pod it replaces" 30 three field configmap/c0 .data.value
	token_for tranche second >"$work/token"
	pod_account "$work/pod" "$(<"$work/token")"
	kubectl -n tranche delete secret first >/dev/null
	commit_all "an image" 8 nginx:1.27.0 four
	push
	wait_equal "with the next token, the first one being worth nothing" 30 four field configmap/c0 .data.value
	wait_equal "and it follows the Pods" 60 "0=nginx:1.27.0 1=nginx:1.27.0" pods_images w0
	wait_equal "which it says" 30 1 count_log "2 of 2 Pods on nginx:1.27.0"
	kubectl -n "$namespace" scale statefulset w0 --replicas=3 >/dev/null
	wait_equal "somebody scales" 30 1 count_log "drift: spec.replicas 2 -> 3"
	kubectl -n "$namespace" scale statefulset w0 --replicas=2 >/dev/null
	wait_equal "and scales back" 30 1 count_log "drift ended"
	stop_agent TERM
	check_equal "in the Pod TERM ends it well" 0 $?
	kubeconfig_for "$(<"$work/token")" >"$work/agent.kubeconfig"
else
	echo "counted: not as a Pod: that takes root and unshare --mount"
	[ -z "${CI-}" ] || check_equal "CI runs it as a Pod" "root and namespaces" "$(id -un)"
	start_agent --kubeconfig "$work/agent.kubeconfig" --namespace-only --app shop --repo "$repo"
	commit_all "replicas" 8 nginx:1.26.2 three
	wait_equal "it replaces" 30 three field configmap/c0 .data.value
	wait_equal "it follows" 30 1 count_log "2 of 2 Pods on nginx:1.26.2"
	stop_agent TERM
fi
# An Event is updated only where the same is told again.
# A watch is in the audit log when the server has noticed its end.
used() {
	since "$start" tranche | grep -v '^elsewhere: .* leases'
}
wait_equal "sync: uses the rights of role-sync.yaml, all of them and no others" 30 \
	"$(granted tranche-sync | grep -v 'update events')" used
if pod_is_possible; then
	used_for_lease() {
		since "$start" tranche | sed -n 's/^elsewhere: \(.* leases.*\) in tranche/\1/p'
	}
	wait_equal "the Pod: uses the rights of role-agent.yaml, all of them" 30 \
		"$(namespace=tranche granted tranche-agent)" used_for_lease
fi

# What it may not.
start=$(now)
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n' >"$repo/secret.yaml"
commit "$repo" "a Secret"
sync "a kind that the Role does not name" $EXIT_OBJECTS
check_like "a kind that the Role does not name: the server's words" \
	"*secret/s: *secrets \"s\" is forbidden: User \"system:serviceaccount:tranche:tranche\" cannot get resource \"secrets\"*" "$err"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: tranche}\n' >"$repo/secret.yaml"
commit "$repo" "another namespace"
run "$build/tranche" sync --kubeconfig "$work/agent.kubeconfig" -n "$namespace" --app shop --repo "$repo"
check_like "another namespace: the server's words, where --namespace-only does not forbid it" \
	"$EXIT_OBJECTS *configmaps \"c\" is forbidden: User \"system:serviceaccount:tranche:tranche\" cannot get resource*in the namespace \"tranche\"*" \
	"$status $err"
rm "$repo/secret.yaml"
commit_all "one of each" 1 nginx:1.27.0 five
sync "--prune without the right to" $EXIT_OBJECTS --prune --prune-limit 100
check_like "--prune without the right to: the server's words" '*configmaps "c1" is forbidden: *cannot delete resource "configmaps"*' "$err"
check_equal "and nothing of that was done" "" "$(since "$start" tranche | grep -vE '^denied: ' | comm -23 - <(granted tranche-sync))"

# --- prune, recreate ------------------------------------------------------------------------------------------------

kubectl apply -f "$work/in-cluster/prune" >/dev/null
start=$(now)
sync "prunes" 0 --prune --prune-limit 100
check_equal "what is left" "w0" "$(kube get statefulsets -o jsonpath='{.items[*].metadata.name}')"
sed -i 's/serviceName: w0/serviceName: other/; s/on-stuck: rollback/recreate: orphan/' "$repo/all.yaml"
commit "$repo" "a field that cannot change"
sync "recreates" 0
used_beyond_sync() {
	since "$start" tranche | comm -23 - <(granted tranche-sync)
}
wait_equal "prune: uses the rights of role-prune.yaml, all of them and no others beyond role-sync.yaml" 30 \
	"$(granted tranche-prune)" used_beyond_sync

# --- reading only -----------------------------------------------------------------------------------------------------

kubectl apply -f "$work/in-cluster/read-only/role-diff.yaml" >/dev/null
kubectl -n tranche create secret generic diff >/dev/null 2>&1
kubeconfig_for "$(kubectl -n tranche create token tranche-diff --bound-object-kind Secret --bound-object-name diff)" \
	>"$work/diff.kubeconfig"
# difference STATUS ARGUMENT...
difference() {
	local code=$1

	shift
	run "$build/tranche" diff --client-side --kubeconfig "$work/diff.kubeconfig" -n "$namespace" --namespace-only --app shop \
		--repo "$repo" "$@"
	check_equal "a reader's diff: exit status" "$code" "$status" || printf '%s\n' "$out" "$err"
}
start=$(now)
difference 0
# What the inventory has is read before Git is, so that it takes as many more to list a kind.
commit_all "sixteen" 16 nginx:1.28.0 six
difference 1
check_like "a reader's diff" "*configmap/c0 *value*five -> six*" "$out"
run "$build/tranche" status --kubeconfig "$work/diff.kubeconfig" -n "$namespace"
check_like "a reader's status" "0 *w0 *" "$status $out"
sed -i 's/replicas: 2/replicas: 1/' "$repo/all.yaml"
commit "$repo" "fewer"
difference 1
wait_equal "reading: uses the rights of role-diff.yaml, all of them and no others" 30 "$(granted tranche-diff)" \
	since "$start" tranche-diff

finish
