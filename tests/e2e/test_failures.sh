#!/usr/bin/env bash
# Some objects fail: the others are written, but for those that need a failed one; the exit status and the
# summary say so. What the server warns of is shown.
. "$(dirname "$0")/lib.sh"

EXIT_OBJECTS=7
repo=$work/repo
group=$namespace.example.org

new_repo "$repo"
cat >"$repo/all.yaml" <<-EOT
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: in-harbour, namespace: $namespace-harbour}
	---
	apiVersion: $group/v1
	kind: Boat
	metadata: {name: dory}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: refused, finalizers: [unqualified]}
	spec: {ports: [{port: 80}]}
	---
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: fine}
	---
	apiVersion: v1
	kind: Namespace
	metadata: {name: $namespace-harbour, finalizers: [unqualified]}
	---
	apiVersion: apiextensions.k8s.io/v1
	kind: CustomResourceDefinition
	metadata: {name: ships.$group}
	spec:
	  group: $group
	  scope: Namespaced
	  names: {plural: boats, singular: boat, kind: Boat}
	  versions:
	    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
	---
	apiVersion: apps/v1
	kind: StatefulSet
	metadata: {name: web}
	spec:
	  selector: {matchLabels: {app: web}}
	  template:
	    metadata: {labels: {app: web}}
	    spec: {containers: [{name: nginx, image: "nginx:1.25.4"}]}
EOT
commit "$repo" "three that fail and two that need them"
at_end "kubectl delete namespace $namespace-harbour --ignore-not-found --wait=false >/dev/null 2>&1"
at_end "kubectl delete crd boats.$group --ignore-not-found --wait=false >/dev/null 2>&1"

unqualified='Invalid value: "unqualified": name is neither a standard finalizer name nor is it fully qualified'
space="Namespace \"$namespace-harbour\" is invalid: metadata.finalizers[0]: $unqualified"
definition="CustomResourceDefinition.apiextensions.k8s.io \"ships.$group\" is invalid: metadata.name: Invalid value: \"ships.$group\": must be spec.names.plural+\".\"+spec.group"

run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_exact "the first sync" $EXIT_OBJECTS "configmap/fine created
statefulset.apps/web created
2 created, 5 failed, at main@$(short_id "$repo")" "\
tranche: all.yaml:1: configmap/in-harbour: its Namespace \"$namespace-harbour\" is not there: $space
tranche: all.yaml:5: boat.$group/dory: its CustomResourceDefinition \"ships.$group\" is not there: $definition
tranche: all.yaml:9: service/refused: Service \"refused\" is invalid: metadata.finalizers[0]: $unqualified
tranche: all.yaml:18: namespace/$namespace-harbour: $space
tranche: all.yaml:22: customresourcedefinition.apiextensions.k8s.io/ships.$group: $definition"
run "$build/tranche" diff -n "$namespace" --repo "$repo" -o json
check_equal "the exit status of diff" $EXIT_OBJECTS "$status"
check_equal "the words of diff" "CustomResourceDefinition invalid
Namespace invalid
Service invalid" "$(python3 -c '
import json, sys
for item in json.load(sys.stdin)["objects"]:
    if "error" in item:
        print(item["kind"], item["error"]["class"])' <<<"$out" | sort)"

# Mended in part: what needs the Namespace follows it at once.
sed -i 's/^metadata: {name: \(.*-harbour\), finalizers.*/metadata: {name: \1}/; s/ships\./boats./' "$repo/all.yaml"
commit "$repo" "mended but for one"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_like "mended but for one" "$EXIT_OBJECTS *4 created, 1 failed, 2 in sync, at main@* tranche: all.yaml:9: service/refused: *" \
	"$status $out $err"
check_equal "the object in the namespace is there" in-harbour \
	"$(kubectl -n "$namespace-harbour" get configmap in-harbour -o 'jsonpath={.metadata.name}')"
check_equal "the instance of the CRD is there" dory "$(field "boats.$group/dory" .metadata.name)"

# --- warnings -------------------------------------------------------------------------------------

if kubectl api-versions | grep -qx networking.k8s.io/v1beta1; then
	cat >"$repo/old.yaml" <<-EOT
		apiVersion: networking.k8s.io/v1beta1
		kind: Ingress
		metadata: {name: old}
		spec: {backend: {serviceName: fine, servicePort: 80}}
	EOT
	sed -i 's/, finalizers: .unqualified.//' "$repo/all.yaml"
	commit "$repo" "an old version"
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_like "a warning of the server" "0 *2 created, 6 in sync* the server warns: networking.k8s.io/v1beta1 Ingress is deprecated in v1.19+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress" \
		"$status $out $err"
fi

finish
