#!/usr/bin/env bash
# What goes wrong, and how the program says so: one exit code and one message each.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
EXIT_USAGE=2 EXIT_MANIFEST=4 EXIT_SOURCE=5 EXIT_CLUSTER=6 EXIT_OBJECTS=7

# refused WHAT STATUS ERR ARGUMENT...: nothing on standard output.
refused() {
	local what=$1 code=$2 message=$3

	shift 3
	run "$build/tranche" "$@"
	check_run "$what" "$code" "" "$message"
}

# file NAME TEXT: a commit that holds only this file.
file() {
	git -C "$repo" rm -rq --ignore-unmatch .
	mkdir -p "$repo"
	printf '%s\n' "$2" >"$repo/$1"
	commit "$repo" "$1"
}

# --- the command line ---------------------------------------------------------------------------

refused "no source" $EXIT_USAGE "tranche: *--repo*-f*" diff -n "$namespace"
refused "an unknown flag" $EXIT_USAGE "tranche: 'tranche diff' has no option --nope; see 'tranche help diff'" \
	diff --nope
refused "an unknown command" $EXIT_USAGE "tranche: unknown command \"nope\"; run 'tranche help' to see them" nope

# --- the source ---------------------------------------------------------------------------------

mkdir "$work/folder"
refused "not a repository" $EXIT_SOURCE "tranche: $work/folder: not a Git repository" \
	diff -n "$namespace" --repo "$work/folder"
refused "no such folder" $EXIT_SOURCE "tranche: $work/nothing: not a Git repository" \
	diff -n "$namespace" --repo "$work/nothing"

new_repo "$repo"
refused "no commit yet" $EXIT_SOURCE "tranche: $repo: the repository has no commit yet" \
	diff -n "$namespace" --repo "$repo"
walkthrough_manifest 1 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "good"
refused "unknown ref" $EXIT_SOURCE "tranche: $repo: no branch, tag or commit \"nope\"" \
	diff -n "$namespace" --repo "$repo" --ref nope
refused "path not in the tree" $EXIT_SOURCE \
	"tranche: $repo at main@$(short_id "$repo"): path \"nope\" does not exist" \
	diff -n "$namespace" --repo "$repo" --path nope
refused "no such file" $EXIT_SOURCE "tranche: $work/nope.yaml: No such file or directory" \
	diff -n "$namespace" -f "$work/nope.yaml"

# --- the manifests, refused before anything is sent ---------------------------------------------

file web.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n data: {}'
refused "YAML error" $EXIT_MANIFEST "web.yaml:5:2: error: *" diff -n "$namespace" --repo "$repo"

file deploy.yaml "$(
	cat <<-EOT
		apiVersion: apps/v1
		kind: Deployment
		metadata:
		  name: web
		spec:
		  selector:
		    matchLabels: {app: web}
		  strategy:
		    type: RollingUpdate
		    rollingUpdate:
		      partition: 2
		  template:
		    metadata:
		      labels: {app: web}
		    spec:
		      containers: [{name: web, image: "nginx:1.25.4"}]
	EOT
)"
for command in diff sync; do
	refused "$command: a Deployment with a partition" $EXIT_MANIFEST \
		"deploy.yaml:11:7: error: *spec.strategy.rollingUpdate.partition*" \
		$command -n "$namespace" --repo "$repo"
done
check_equal "the Deployment was not sent" "" "$(kube get deployments -o name)"

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0 | sed 's/replicas:/replica:/')"
refused "unknown field" $EXIT_MANIFEST \
	"web.yaml:22:3: error: *unknown field \"spec.replica\"*did you mean \"replicas\"*" sync -n "$namespace" --repo "$repo"

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 -1)"
refused "negative partition" $EXIT_MANIFEST "web.yaml:*: error: *spec.updateStrategy.rollingUpdate.partition*" \
	sync -n "$namespace" --repo "$repo"

file web.yaml $'kind: ConfigMap\nmetadata: {name: a}'
refused "no apiVersion" $EXIT_MANIFEST "web.yaml:1:1: error: *apiVersion is missing*" sync -n "$namespace" --repo "$repo"

file web.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}'
refused "named twice" $EXIT_MANIFEST "web.yaml:5:1: error: *configmap/a*web.yaml:1*" sync -n "$namespace" --repo "$repo"

# --- one object refused by the server, the others applied ---------------------------------------

# The manifests in $repo and a ConfigMap "good"; the sync ends with EXIT_OBJECTS and has applied that.
others_applied() {
	local what=$1 message=$2

	cat >"$repo/good.yaml" <<-EOT
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: good}
		data: {what: "$what"}
	EOT
	commit "$repo" "$what"
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "$what: exit status" $EXIT_OBJECTS "$status"
	check_like "$what: message" "$message" "$err"
	check_equal "$what: the others are applied" "$what" "$(field configmap/good .data.what)"
}

file odd.yaml $'apiVersion: example.org/v1\nkind: Oddity\nmetadata: {name: odd}'
others_applied "unknown kind" '*oddity.example.org/odd*odd.yaml:1*example.org/v1*'

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0)"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "a good sync" 0 "$status"
file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0 | sed 's/serviceName: .*/serviceName: other/')"
others_applied "immutable field" \
	'*statefulset.apps/nginx-statefulset*updates to statefulset spec for fields other than *are forbidden*'

file name.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "Not_A_Name"}'
others_applied "invalid name" '*configmap/Not_A_Name*a lowercase RFC 1123 subdomain must consist of*'

# --- the cluster --------------------------------------------------------------------------------

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0)"
refused "cluster unreachable" $EXIT_CLUSTER "tranche: *127.0.0.1:1*onnection refused*" \
	diff -n "$namespace" --repo "$repo" --server http://127.0.0.1:1
refused "no such context" $EXIT_CLUSTER "tranche: *nope*" diff -n "$namespace" --repo "$repo" --context nope
refused "no kubeconfig" $EXIT_CLUSTER "tranche: *$work/nope*" \
	diff -n "$namespace" --repo "$repo" --kubeconfig "$work/nope"

finish
