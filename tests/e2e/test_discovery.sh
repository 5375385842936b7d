#!/usr/bin/env bash
# Kinds that come and go while the agent runs: a CRD in the same commit, one that somebody else installs
# between two passes, another version of it, and one that comes back with another scope.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
group=$namespace.example.org # a CRD is cluster-wide: this one is ours

# crd SCOPE VERSION...: of Boats; the last version is stored.
crd() {
	local scope=$1 version last=${*: -1}

	cat <<-EOT
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: boats.$group}
		spec:
		  group: $group
		  scope: $scope
		  names: {plural: boats, singular: boat, kind: Boat}
		  versions:
	EOT
	shift
	for version; do
		cat <<-EOT
			    - name: $version
			      served: true
			      storage: $([ "$version" = "$last" ] && echo true || echo false)
			      schema:
			        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
		EOT
	done
}

# boat VERSION OARS
boat() {
	printf 'apiVersion: %s/%s\nkind: Boat\nmetadata: {name: dory-%s}\nspec: {oars: %s}\n' "$group" "$1" "$namespace" "$2"
}

oars() {
	field "boats.$group/dory-$namespace" .spec.oars
}

at_end "kubectl delete crd boats.$group --wait=false >/dev/null 2>&1"
new_repo "$repo"
boat v1 2 >"$repo/boat.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: chart}\n' >"$repo/chart.yaml"
commit "$repo" "A boat"
start_agent --repo "$repo" --self-heal
wait_for 30 grep -qF "boat.yaml:1: no matches for kind \"Boat\" in version \"$group/v1\"" "$work/agent.log"
check_equal "a kind that nobody brings is told" 0 $?
wait_equal "what else is in the commit is synced" 30 configmap/chart kube get configmap chart -o name
crd Namespaced v1 | kubectl create -f - >/dev/null
wait_equal "its CRD comes from somebody else: it is synced" 30 2 oars
check_equal "that the kind was missing is told once" 1 "$(count_log 'no matches for kind')"

crd Namespaced v1 v2 | kubectl replace -f - >/dev/null
boat v2 3 >"$repo/boat.yaml"
commit "$repo" "A boat of the new kind"
wait_equal "a version that is new" 30 3 oars

crd Namespaced v1 v2 v3 >"$repo/crd.yaml"
boat v3 4 >"$repo/boat.yaml"
commit "$repo" "Boats by ourselves"
wait_equal "a version that the same commit brings" 30 4 oars

# The CRD goes and comes back: what was known of its kind is not believed for ever.
git -C "$repo" rm -q crd.yaml
commit "$repo" "Boats by somebody else"
wait_for 30 grep -qF "fetched main@$(short_id "$repo")" "$work/agent.log"
kubectl delete crd "boats.$group" --timeout=120s >/dev/null
kill -HUP "$agent_pid"
wait_for 30 grep -qF "boat.yaml:1: no matches for kind \"Boat\" in version \"$group/v3\"" "$work/agent.log"
check_equal "the kind is missed" 0 $?
crd Cluster v3 | kubectl create -f - >/dev/null
kill -HUP "$agent_pid"
wait_equal "back with another scope" 60 4 kubectl get "boats.$group" "dory-$namespace" -o 'jsonpath={.spec.oars}'
stop_agent TERM

finish
