# shellcheck shell=bash
# What the end-to-end scenarios share. A scenario sources this file first and ends with `finish`. It
# has a temporary folder ($work) and a namespace of its own ($namespace) in the cluster that KUBECONFIG
# names. BUILD is the folder with the programs.
#
# TRANCHE_E2E_KUBELET=none says that the cluster makes Pods ready by itself; otherwise fake_kubelet does
# so in the namespace. Both know images with the tag "broken" as ones that cannot be pulled, "crashing" as
# ones that end again and again, "never-ready" as ones whose probe fails, "too-big" as ones no node takes.
. "$(dirname "${BASH_SOURCE[0]}")/../support/checks.sh"

: "${BUILD:?the folder with the programs}" "${KUBECONFIG:?the cluster to use}"
# shellcheck disable=SC2034 # used by scenarios
here=$(realpath "$(dirname "$0")")
build=$(realpath "$BUILD")
name=$(basename "$0" .sh)
work=$(mktemp -d)
namespace=e2e-$(tr _ - <<<"${name#test_}")-$$
finished='' agent_pid='' kubelet_pid='' end_commands=()

leave_user_settings

now_ms() {
	date +%s%3N
}

# --- the cluster --------------------------------------------------------------------------------

kube() {
	kubectl -n "$namespace" "$@"
}

# "0=nginx:1.25.4 1=nginx:1.26.1(not ready)": the Pods of a StatefulSet.
pods_images() {
	kube get pods -o jsonpath='{range .items[*]}{.metadata.name} {.spec.containers[0].image} {.metadata.deletionTimestamp},{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' |
		sed -n "s/^$1-\([0-9]*\) /\1 /p" | sort -n | awk '{
			note = $3 == ",True" ? "" : $3 ~ /^,/ ? "(not ready)" : "(terminating)"
			printf "%s%s=%s%s", (NR > 1 ? " " : ""), $1, $2, note
		}'
}

# "0=UID 1=UID ..."
pods_uids() {
	kube get pods -o jsonpath='{range .items[*]}{.metadata.name}={.metadata.uid}{"\n"}{end}' |
		sed -n "s/^$1-//p" | sort -n | paste -sd' '
}

# field statefulset/web .spec.replicas
field() {
	kube get "$1" -o jsonpath="{$2}"
}

# field_reaches OBJECT PATH NUMBER
field_reaches() {
	local value

	value=$(field "$1" "$2" 2>/dev/null)
	[ "${value:-0}" -ge "$3" ]
}

# has_field OBJECT PATH
has_field() {
	[ -n "$(field "$1" "$2" 2>/dev/null)" ]
}

# settle STATEFULSET: until its controller has nothing left to write of it, which would be a conflict for whoever read it.
settle() {
	kube rollout status "statefulset/$1" --timeout=120s >/dev/null
}

# normalised OBJECT: as kubectl prints it, without what the server owns.
normalised() {
	kube get "$1" -o json | python3 -c '
import json, sys
o = json.load(sys.stdin)
o.pop("status", None)
for key in ("uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields"):
    o["metadata"].pop(key, None)
for claim in o.get("spec", {}).get("volumeClaimTemplates", []):
    for key in ("apiVersion", "kind", "status"):
        claim.pop(key, None)
    claim["metadata"].pop("creationTimestamp", None)
json.dump(o, sys.stdout)' | kubectl create --dry-run=client --validate=false -o yaml -f - |
		sed '/^  creationTimestamp: null$/d'
}

# --- manifests in Git -----------------------------------------------------------------------------

# walkthrough_manifest REPLICAS IMAGE PARTITION: the example, with these.
walkthrough_manifest() {
	sed "s/^  replicas: .*/  replicas: $1/
		s/^          image: .*/          image: $2/
		s/^      partition: .*/      partition: $3/" "$here/../../examples/canary/web.yaml"
}

new_repo() {
	git init -q -b main "$1"
}

# commit REPO MESSAGE: all that is in its folder.
commit() {
	git -C "$1" add -A
	git -C "$1" commit -q -m "$2"
}

# definition GROUP PLURAL KIND SCOPE: a CustomResourceDefinition, for objects of any fields.
definition() {
	cat <<-EOT
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: $2.$1}
		spec:
		  group: $1
		  scope: $4
		  names: {plural: $2, singular: $(tr '[:upper:]' '[:lower:]' <<<"$3"), kind: $3}
		  versions:
		    - name: v1
		      served: true
		      storage: true
		      schema:
		        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
	EOT
}

# new_zoo REPO: the manifests of zoo/ for this server, and our namespace as kubectl's default one. Leaves
# in $zoo_folder which of the folders by version was taken.
new_zoo() {
	local file

	zoo_folder=v1.20
	kubectl api-versions | grep -qx autoscaling/v2 && zoo_folder=v1.27+
	new_repo "$1"
	for file in "$here/zoo/all/"* "$here/zoo/charts/"* "$here/zoo/$zoo_folder/"*; do
		sed "s/zoo-ns/$namespace/g" "$file" >"$1/$(basename "$file")"
	done
	cp -r "$1" "$work/zoo"
	kubectl config view --raw --flatten >"$work/kubeconfig"
	export KUBECONFIG=$work/kubeconfig
	kubectl config set-context --current --namespace="$namespace" >/dev/null
	at_end "kubectl delete -f '$work/zoo' --ignore-not-found --wait=false >/dev/null 2>&1"
}

# A server takes a StatefulSet with any template: NAME REPLICAS READY of those whose Pods are not all there.
sets_without_pods() {
	kube get statefulsets -o jsonpath='{range .items[*]}{.metadata.name} {.spec.replicas} {.status.readyReplicas}{"\n"}{end}' |
		awk '$2 > 0 && $2 != $3'
}

# short_id REPO: as the agent prints the commit.
short_id() {
	git -C "$1" rev-parse --short=7 HEAD
}

# --- the agent ------------------------------------------------------------------------------------

# start_agent ARGUMENT...: `tranche run`, its lines in $work/agent.log. The interval is long, so that
# what happens soon happens because of a notification.
start_agent() {
	setpriv --pdeathsig KILL "$build/tranche" run -n "$namespace" --interval 1h "$@" >>"$work/agent.log" 2>&1 </dev/null &
	agent_pid=$!
}

# stop_agent SIGNAL
stop_agent() {
	[ -n "$agent_pid" ] || return 0
	is_running "$agent_pid" && kill -s "$1" "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	agent_status=$?
	agent_pid=
	return "$agent_status"
}

# count_log TEXT: how many lines of the agent's log hold it.
count_log() {
	grep -cF -- "$1" "$work/agent.log"
}

# count_drift TEXT: how many lines tell of drift that begins with the text, whoever made it: servers before
# 1.21 do not note who scaled.
count_drift() {
	sed -E 's/ by [^;,]*( on [-0-9]+)? at [0-9:]{8}([;,]|$)/\2/g' "$work/agent.log" | grep -cF -- "drift: $1"
}

# --- beginning and end ----------------------------------------------------------------------------

# at_end COMMAND: is run at the script's end, whatever that is. What runs in the background ends by itself.
at_end() {
	end_commands+=("$1")
}

finish() {
	finished=yes
	exit "$((failed > 0))"
}

at_exit() {
	local log command

	if [ -z "$finished" ]; then
		failed=$((failed + 1))
		echo "FAILED: the script stopped before its end"
	fi
	if [ "$failed" -gt 0 ]; then
		for log in "$work"/*.log; do
			[ -s "$log" ] && printf -- '--- %s\n' "$(basename "$log")" && tail -n 60 "$log"
		done
		kube get statefulsets,pods -o wide
	fi
	# What still runs in the background; but Pods that were bound to a node need our kubelet to go.
	jobs -rp | grep -vx -- "${kubelet_pid:-none}" | xargs -r kill -KILL
	for command in "${end_commands[@]}"; do
		eval "$command"
	done
	# What dies with its cluster can stay.
	[ -n "${TRANCHE_E2E_CONTROL_PLANE-}" ] ||
		kubectl delete namespace "$namespace" --timeout=60s >/dev/null 2>&1
	jobs -rp | xargs -r kill -KILL
	wait 2>/dev/null
	rm -rf "$work"
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] || exit 1
}

trap at_exit EXIT
trap 'exit 1' INT TERM HUP
# Not `create namespace`: newer ones send protobuf, which kubesim does not read.
kubectl create -f - >/dev/null <<-EOT || exit 1
	apiVersion: v1
	kind: Namespace
	metadata: {name: $namespace}
EOT
if [ "${TRANCHE_E2E_KUBELET-fake}" != none ]; then
	setpriv --pdeathsig KILL "$build/fake_kubelet" -n "$namespace" --ready-after 50ms \
		--fail-image '*:broken=ImagePullBackOff' --fail-image '*:crashing=CrashLoopBackOff' \
		--fail-image '*:never-ready=NotReady' --fail-image '*:too-big=Unschedulable' \
		>"$work/kubelet.log" 2>&1 </dev/null &
	kubelet_pid=$!
fi
