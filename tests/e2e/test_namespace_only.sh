#!/usr/bin/env bash
# --namespace-only: a commit that reaches beyond the namespace is refused as a whole, before anything is
# written; also where only the cluster knows that a kind belongs to no namespace.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
group=$namespace.example.org # a CRD is cluster-wide: this one is ours
EXIT_DIFFERENT=1 EXIT_USAGE=2 EXIT_MANIFEST=4

config_map() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {a: "%s"}\n' "$1" "$2"
}

# file NAME TEXT: a commit that holds this file, and a ConfigMap that is fine.
file() {
	git -C "$repo" rm -rq --ignore-unmatch .
	mkdir -p "$repo"
	printf '%s\n' "$2" >"$repo/$1"
	config_map fine "$1" >"$repo/fine.yaml"
	commit "$repo" "$1"
}

# refused WHAT FINDING: by diff and by sync, of which the latter writes nothing.
refused() {
	local command

	for command in diff sync; do
		run "$build/tranche" "$command" -n "$namespace" --namespace-only --repo "$repo"
		check_exact "$command: $1" $EXIT_MANIFEST "" "$2
tranche: 1 error in the manifests; nothing was sent"
	done
	check_equal "$1: nothing is written" "" "$(kube get configmap fine -o name --ignore-not-found)"
}

only="only objects of the namespace \"$namespace\" are allowed (--namespace-only)"
new_repo "$repo"

file other.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: default'
refused "another namespace" "other.yaml:5:3: error: ConfigMap \"a\": is in the namespace \"default\"; $only"
file role.yaml $'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules: []'
refused "a kind that belongs to no namespace" \
	"role.yaml:2:1: error: ClusterRole \"a\": the kind belongs to no namespace; $only"
run "$build/tranche" validate -n "$namespace" --namespace-only --repo "$repo"
check_run "validate" $EXIT_DIFFERENT "role.yaml:2:1: error: ClusterRole \"a\": the kind belongs to no namespace; $only" "1 error, *"
run "$build/tranche" validate --namespace-only --repo "$repo"
check_exact "validate wants to know which namespace" $EXIT_USAGE "" "tranche: --namespace-only wants to know which: -n"
run "$build/tranche" diff --live /dev/stdin -n "$namespace" --namespace-only --repo "$repo" </dev/null
check_run "diff --live" $EXIT_MANIFEST "" "role.yaml:2:1: error: *"

definition "$group" harbours Harbour Cluster | kubectl create -f - >/dev/null
at_end "kubectl delete crd harbours.$group --wait=false >/dev/null 2>&1"
kubectl wait --for=condition=Established --timeout=120s "crd/harbours.$group" >/dev/null
file harbour.yaml "$(printf 'apiVersion: %s/v1\nkind: Harbour\nmetadata: {name: %s}' "$group" "$namespace")"
refused "a custom kind that belongs to no namespace" \
	"harbour.yaml:2:1: error: Harbour \"$namespace\": the kind belongs to no namespace; $only"

# The agent says so once, and goes on with the next commit.
start_agent --repo "$repo" --namespace-only
wait_for 30 grep -q "nothing was sent" "$work/agent.log"
kill -HUP "$agent_pid"
wait_for 30 grep -q "SIGHUP" "$work/agent.log"
file mine.yaml "$(config_map mine yes)"
wait_equal "run: the next commit is synced" 30 yes field configmap/mine .data.a
check_equal "run: the finding is told once" 1 "$(count_log "harbour.yaml:2:1: error: Harbour")"
check_equal "run: that it is refused is told once" 1 "$(count_log "1 error in the manifests; nothing was sent")"
wait_for 30 grep -q "the commit works again" "$work/agent.log"
check_equal "run: that it works again is told" 0 $?
check_equal "nothing of the refused kind is there" "" "$(kubectl get "harbours.$group" -o name)"
stop_agent TERM

finish
