#!/usr/bin/env bash
# Any kind syncs: cluster-scoped and namespaced ones, and a CRD with an instance of it in one commit.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
group=$namespace.example.org # a CRD is cluster-wide: this one is ours

sync() {
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "$1: exit status" 0 "$status" || echo "$err"
}

new_repo "$repo"
cat >"$repo/all.yaml" <<-EOT
	apiVersion: $group/v1
	kind: Boat
	metadata: {name: dory}
	spec: {oars: 2}
	---
	apiVersion: $group/v1
	kind: Harbour
	metadata: {name: $namespace}
	spec: {berths: 10}
	---
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: chart, namespace: $namespace-b}
	data: {depth: "3"}
	---
	$(definition "$group" boats Boat Namespaced)
	---
	$(definition "$group" harbours Harbour Cluster)
	---
	apiVersion: rbac.authorization.k8s.io/v1
	kind: ClusterRole
	metadata: {name: $namespace-sailor}
	rules:
	  - {apiGroups: [$group], resources: [boats], verbs: [get]}
	---
	apiVersion: v1
	kind: Namespace
	metadata: {name: $namespace-b}
	---
	apiVersion: v1
	kind: ServiceAccount
	metadata: {name: sailor}
	---
	apiVersion: rbac.authorization.k8s.io/v1
	kind: RoleBinding
	metadata: {name: sailor}
	roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: $namespace-sailor}
	subjects:
	  - {kind: ServiceAccount, name: sailor, namespace: $namespace}
EOT
commit "$repo" "boats"
at_end "kubectl delete crd boats.$group harbours.$group --wait=false >/dev/null 2>&1"
at_end "kubectl delete clusterrole $namespace-sailor >/dev/null 2>&1"
at_end "kubectl delete namespace $namespace-b --wait=false >/dev/null 2>&1"

sync "the first time"
check_equal "the instance of a namespaced CRD" 2 "$(field "boats.$group/dory" .spec.oars)"
check_equal "the instance of a cluster-scoped CRD" 10 "$(field "harbours.$group/$namespace" .spec.berths)"
check_equal "an object in a namespace of the same commit" 3 \
	"$(kubectl -n "$namespace-b" get configmap chart -o 'jsonpath={.data.depth}')"
check_equal "a cluster role" get "$(field "clusterrole/$namespace-sailor" '.rules[0].verbs[0]')"
check_equal "a role binding" sailor "$(field rolebinding/sailor '.subjects[0].name')"

run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_equal "then nothing differs" 0 "$status" || echo "$out"

sed -i 's/oars: 2/oars: 4/; s/berths: 10/berths: 11/; s/depth: "3"/depth: "4"/; s/verbs: \[get\]/verbs: [list]/' \
	"$repo/all.yaml"
commit "$repo" "bigger"
sync "the second time"
check_equal "the namespaced instance is replaced" 4 "$(field "boats.$group/dory" .spec.oars)"
check_equal "the cluster-scoped instance is replaced" 11 "$(field "harbours.$group/$namespace" .spec.berths)"
check_equal "the ConfigMap is replaced" 4 \
	"$(kubectl -n "$namespace-b" get configmap chart -o 'jsonpath={.data.depth}')"
check_equal "the cluster role is replaced" list "$(field "clusterrole/$namespace-sailor" '.rules[0].verbs[0]')"

finish
