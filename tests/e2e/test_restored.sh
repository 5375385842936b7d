#!/usr/bin/env bash
# The API server is restarted with all its state, and then with an older one, as from a backup of etcd: versions go back,
# and objects and the inventory are older. The agent makes the cluster what Git says again, without a restart, and sees
# what others change from then on. On a control plane of its own.
plane=$(mktemp -d)
export TRANCHE_CACHE=${TRANCHE_CACHE:-${XDG_CACHE_HOME:-${HOME:-~}/.cache}/tranche} # not in the HOME that lib.sh makes
"$(dirname "$0")/control-plane" start "$plane" --owner $$ || exit 1
export KUBECONFIG=$plane/kubeconfig TRANCHE_E2E_CONTROL_PLANE=$plane TRANCHE_E2E_KUBELET=none
. "$(dirname "$0")/lib.sh"
at_end "'$here/control-plane' stop '$plane'; rm -rf '$plane'"

repo=$work/repo

restart() {
	"$here/control-plane" start "$plane" --owner $$
}

stop() {
	"$here/control-plane" stop "$plane"
}

# manifests NUMBER CONFIGMAP...
manifests() {
	local map number=$1

	shift
	cat >"$repo/all.yaml" <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web}
		spec:
		  replicas: 0
		  serviceName: web
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}, annotations: {number: "$number"}}
		    spec: {containers: [{name: c, image: nginx}]}
	EOT
	for map; do
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {number: "%s"}\n' "$map" "$number"
	done >>"$repo/all.yaml"
	commit "$repo" "$number"
}

# What is in the cluster: the StatefulSet's number, the ConfigMaps with theirs, the commit that the inventory has.
standing() {
	kube get statefulsets,configmaps -o json | python3 -c '
import json, sys
for item in json.load(sys.stdin)["items"]:
    name, data = item["metadata"]["name"], item.get("data", {})
    if "inventory.json" in data:
        print(name, json.loads(data["inventory.json"])["revision"])
    elif item["kind"] == "StatefulSet":
        print(name, item["spec"]["template"]["metadata"]["annotations"]["number"])
    elif name != "kube-root-ca.crt":
        print(name, data["number"])' | sort
}

git_says() {
	sort <<-EOT
		$1
		tranche-shop $(git -C "$repo" rev-parse HEAD)
	EOT
}

new_repo "$repo"
manifests 1 kept gone
start_agent --app shop --repo "$repo" --prune --interval 5s
wait_equal "the beginning" 60 "$(git_says $'web 1\nkept 1\ngone 1')" standing

stop
cp -r "$plane/etcd" "$plane/older"
restart
manifests 2 kept later
wait_equal "restarted with all state, it goes on" 90 "$(git_says $'web 2\nkept 2\nlater 2')" standing
for i in {1..40}; do # the server is far ahead of what it will be set back to
	kube create configmap filler --from-literal=number="$i" && kube delete configmap filler
done >/dev/null

stop
rm -rf "$plane/etcd"
mv "$plane/older" "$plane/etcd"
restart
wait_equal "with older state it becomes what Git says again" 120 "$(git_says $'web 2\nkept 2\nlater 2')" standing
kube patch configmap kept --type merge -p '{"data":{"number":"3"}}' >/dev/null
wait_equal "and who changes something then is seen" 60 1 count_drift 'data.number "2" -> "3"'
check_equal "the agent is the same" 0 "$(kill -0 "$agent_pid"; echo $?)"
stop_agent TERM
check_equal "TERM ends it well" 0 $?
finish
