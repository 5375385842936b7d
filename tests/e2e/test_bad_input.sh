#!/usr/bin/env bash
# What goes wrong, and how the program says so: one exit code and one message each.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
EXIT_USAGE=2 EXIT_MANIFEST=4 EXIT_SOURCE=5 EXIT_CLUSTER=6 EXIT_OBJECTS=7

# refused WHAT STATUS MESSAGE ARGUMENT...: `tranche ARGUMENT...` says only that.
refused() {
	local what=$1 code=$2 message=$3

	shift 3
	run "$build/tranche" "$@"
	check_exact "$what" "$code" "" "$message"
}

# offline WHAT MESSAGE: both commands refuse the manifests of $repo before anything is sent.
offline() {
	local command

	for command in diff sync; do
		refused "$command: $1" $EXIT_MANIFEST "$2
tranche: 1 error in the manifests; nothing was sent" "$command" -n "$namespace" --repo "$repo"
	done
}

# file NAME TEXT: a commit that holds only this file.
file() {
	git -C "$repo" rm -rq --ignore-unmatch .
	mkdir -p "$repo"
	printf '%s\n' "$2" >"$repo/$1"
	commit "$repo" "$1"
}

# --- the command line ---------------------------------------------------------------------------

refused "no source" $EXIT_USAGE "tranche: name a source: --repo URL|DIR or -f FILE|DIR|-" diff -n "$namespace"
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
offline "YAML error" \
	"web.yaml:5:2: error: did not find expected key, while parsing a block mapping that began at 1:1"

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
offline "a Deployment with a partition" "deploy.yaml:11:7: error: Deployment \"web\": unknown field \
\"spec.strategy.rollingUpdate.partition\": the Pods of a Deployment have no ordinals that a partition could \
divide; remove it, or make this a StatefulSet"
check_equal "the Deployment was not sent" "" "$(kube get deployments -o name)"

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0 | sed 's/replicas:/replica:/')"
offline "unknown field" "web.yaml:24:3: error: StatefulSet \"nginx-statefulset\": unknown field \"replica\" in \
StatefulSet.spec; did you mean \"replicas\"?"

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 -1)"
offline "negative partition" "web.yaml:42:7: error: StatefulSet \"nginx-statefulset\": \
spec.updateStrategy.rollingUpdate.partition is -1, but must be 0 or more"

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0 | sed 's/^      app: nginx-stateful$/      app: nginx/')"
offline "selector does not match" "web.yaml:31:9: error: StatefulSet \"nginx-statefulset\": \`selector\` does not \
match template \`labels\`: \"app\" is \"nginx\" in spec.selector.matchLabels, but \"nginx-stateful\" in \
spec.template.metadata.labels"

file web.yaml $'kind: ConfigMap\nmetadata: {name: a}'
offline "no apiVersion" "web.yaml:1:1: error: ConfigMap \"a\": apiVersion is missing"

file web.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata: {}'
offline "no name" "web.yaml:3:1: error: ConfigMap: metadata.name is missing"

file web.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}'
offline "named twice" \
	"web.yaml:5:1: error: ConfigMap \"a\" of namespace \"$namespace\" is there twice: first at web.yaml:1; remove one"

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0 | sed 's/serviceName: .*/serviceName: other/')"
run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_run "a serviceName that no Service bears is a warning" 1 '*' "web.yaml:23:3: warning: StatefulSet \
\"nginx-statefulset\": spec.serviceName is \"other\", but no Service here bears that name; without it the Pods have \
no DNS names"

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
others_applied "unknown kind" \
	'tranche: odd.yaml:1: oddity.example.org/odd: no matches for kind "Oddity" in version "example.org/v1"'

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0)"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "a good sync" 0 "$status"
file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0 | sed 's/serviceName: .*/serviceName: other/')"
others_applied "immutable field" \
	'*tranche: web.yaml:16: statefulset.apps/nginx-statefulset: *updates to statefulset spec for fields other than *are forbidden*'

file name.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "Not_A_Name"}'
offline "invalid name" "name.yaml:3:12: error: ConfigMap \"Not_A_Name\": metadata.name \"Not_A_Name\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0 | sed 's/^        - name: .*/&\n          imagePullPolicy: always/')"
offline "a Pod that could not be created" "web.yaml:35:11: error: StatefulSet \"nginx-statefulset\": spec.template.spec.containers[0].imagePullPolicy is \"always\", but must be Always, IfNotPresent or Never"

kube create -f - >/dev/null <<-EOT
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: frozen}
	data: {a: "1"}
	immutable: true
EOT
file frozen.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: frozen}\ndata: {a: "2"}\nimmutable: true'
others_applied "immutable data" "*tranche: frozen.yaml:1: configmap/frozen: *field is immutable when *immutable* is set*"

# --- the cluster --------------------------------------------------------------------------------

file web.yaml "$(walkthrough_manifest 1 nginx:1.25.4 0)"
refused "cluster unreachable" $EXIT_CLUSTER \
	"tranche: cannot reach http://127.0.0.1:1: connection refused" \
	diff -n "$namespace" --repo "$repo" --server http://127.0.0.1:1
run "$build/tranche" diff -n "$namespace" --repo "$repo" --context nope
check_run "no such context" $EXIT_CLUSTER "" 'tranche: context "nope" does not exist in * (there are: "*")'
refused "no kubeconfig" $EXIT_CLUSTER "tranche: cannot read $work/nope: no such file" \
	diff -n "$namespace" --repo "$repo" --kubeconfig "$work/nope"

finish
