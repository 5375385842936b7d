# shellcheck shell=bash
# What the scenarios about rollouts share; sourced after lib.sh. Each has a repository ($repo) with a
# StatefulSet "web" in it, whose manifest is made of these variables:
repo=$work/repo
replicas=5 image=nginx:1.25.4 partition=0
release=1                 # a label that has nothing to do with the rollout
declare -A annotations=() # of tranche.dev/: [step]=1
spec=()                   # lines of spec: "podManagementPolicy: Parallel"

old=nginx:1.25.4 new=nginx:1.26.1 broken=nginx:broken
sts=statefulset/web

# web_manifest: the YAML.
web_manifest() {
	local key line

	cat <<-EOT
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, name: http}]}
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata:
		  name: web
		  labels: {release: "$release"}
	EOT
	[ "${#annotations[@]}" -eq 0 ] || echo "  annotations:"
	for key in "${!annotations[@]}"; do
		echo "    tranche.dev/$key: \"${annotations[$key]}\""
	done
	cat <<-EOT
		spec:
		  serviceName: web
		  replicas: $replicas
		  selector: {matchLabels: {app: web}}
		  updateStrategy: {rollingUpdate: {partition: $partition}}
	EOT
	for line in "${spec[@]}"; do
		echo "  $line"
	done
	cat <<-EOT
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      terminationGracePeriodSeconds: 1
		      containers: [{name: nginx, image: $image}]
	EOT
}

# commit_web MESSAGE [VARIABLE=VALUE...]: sets the variables and commits the manifest.
commit_web() {
	local message=$1 setting

	shift
	for setting in "$@"; do
		declare -g "$setting"
	done
	web_manifest >"$repo/web.yaml"
	commit "$repo" "$message"
}

# run_sync [OPTION...]: `tranche sync` of the repository, by `run`.
run_sync() {
	run "$build/tranche" sync -n "$namespace" --repo "$repo" "$@"
}

# run_diff: `tranche diff` of the repository, by `run`.
run_diff() {
	run "$build/tranche" diff -n "$namespace" --repo "$repo"
}

# all_pods IMAGE [FIRST LAST]: as pods_images shows that many that are well.
all_pods() {
	local i

	for ((i = ${2-0}; i <= ${3-replicas - 1}; i++)); do
		printf '%s%s=%s' "$([ "$i" = "${2-0}" ] || echo ' ')" "$i" "$1"
	done
}

# set_ready POD True|False: as a probe that begins to fail, or to succeed.
set_ready() {
	kube patch pod "$1" --subresource=status -p "{\"status\":{\"conditions\":[
		{\"type\":\"Ready\",\"status\":\"$2\",\"lastTransitionTime\":\"$(date -u +%FT%TZ)\"}]}}" >/dev/null
}

# server_minor: of its version, from which some fields are known.
server_minor() {
	kubectl version -o json 2>/dev/null |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["serverVersion"]["minor"].rstrip("+"))'
}

# budget: "3 of 4", the Pods that the disruption budget takes for healthy, and those it wants.
budget() {
	echo "$(field pdb/web .status.currentHealthy) of $(field pdb/web .status.desiredHealthy)"
}

live_partition() {
	local value

	value=$(field $sts .spec.updateStrategy.rollingUpdate.partition)
	echo "${value:-0}"
}

# inventory PATH: of the app's record of web: `inventory .rollout.rejected.reason`.
inventory() {
	kube get configmap "tranche-$(basename "$repo")" -o jsonpath='{.data.inventory\.json}' |
		python3 -c '
import json, sys
for entry in json.load(sys.stdin)["objects"]:
    if entry["kind"] == "StatefulSet":
        value = entry
        for key in sys.argv[1].strip(".").split("."):
            value = value.get(key, "") if isinstance(value, dict) else ""
        print(value)' "$1"
}

# told TEXT: how many lines of the agent's log about web end with it.
told() {
	grep -cE "statefulset\.apps/web: $(sed 's/[][().*+?^$|{}\\]/\\&/g' <<<"$1")$" "$work/agent.log"
}

new_repo "$repo"
