#!/usr/bin/env bash
# Pruning where something is in the way: rights, lost answers, inventories that cannot be read, kinds that
# are gone. On kubesim, whose faults are switched as the script goes.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test

new_repo() {
	rm -rf repo
	git init -q -b main repo
}

config_map() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s%s}\n' "$1" "${2-}" >"repo/$1.yaml"
}

commit() {
	git -C repo add -A
	git -C repo commit -qm change
}

tranche() {
	local command=$1

	shift
	run "$build/tranche" "$command" --repo repo --app shop "$@"
}

config_maps() {
	kubectl get configmaps -o name | grep -v tranche- | paste -sd' '
}

at() {
	echo "at main@$(git -C repo rev-parse --short=7 HEAD)"
}

# three ARGUMENT...: a fresh cluster with these arguments, an app of four, of which b and c leave Git
three() {
	start_kubesim --ready-after 10ms "$@"
	new_repo
	for name in a b c d; do config_map $name; done
	commit
	tranche sync
	rm repo/b.yaml repo/c.yaml
	commit
}

# --- rights ---------------------------------------------------------------------------------------

three --deny delete:configmaps
tranche sync --prune
check_run "may not delete" 7 "2 failed, 2 in sync, $(at)" \
	"tranche: configmap/b: configmaps \"b\" is forbidden: User \"*\" cannot delete resource \"configmaps\"*
tranche: configmap/c: *"
check_equal "may not delete: remembered" "2" \
	"$(kubectl get cm tranche-shop -o 'jsonpath={.data.inventory\.json}' | grep -o '"orphan":true' | wc -l)"

three --deny list:configmaps
tranche sync
check_run "may not list ConfigMaps, without --prune" 0 "2 left Git and kept, 2 in sync, $(at)" \
	"tranche: warning: configmap/b, configmap/c left Git, not pruned (--prune deletes it)"
tranche sync --prune
check_run "may not list ConfigMaps" 7 "2 blocked, 2 in sync, $(at)" \
	"tranche: warning: configmap/b, configmap/c left Git, not pruned: what other apps have cannot be read: *cannot list resource \"configmaps\"*"

start_kubesim --ready-after 10ms --deny get:secrets
new_repo
printf 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n' >repo/robot.yaml
config_map a
commit
tranche sync
# As if it had been applied before the right was taken away.
kubectl get cm tranche-shop -o json | sed 's/ServiceAccount/Secret/g' | kubectl replace -f - >/dev/null
rm repo/robot.yaml
commit
tranche sync
check_run "cannot be read, without --prune" 0 "1 left Git and kept, 1 in sync, $(at)" \
	"tranche: warning: secret/robot left Git, kept: it cannot be read: *cannot get resource \"secrets\"*"
tranche sync --prune
check_run "cannot be read" 7 "1 failed, 1 in sync, $(at)" "tranche: secret/robot: *cannot get resource \"secrets\"*"

# --- answers that do not come ---------------------------------------------------------------------

for fault in '409@delete:configmaps*2' 'lose@delete:configmaps*1' 'refuse@delete:configmaps*1' '503@delete:configmaps*1'; do
	three
	faults "$fault"
	tranche sync --prune
	check_equal "$fault: pruned all the same" "0 configmap/a configmap/d" "$status $(config_maps)"
	check_equal "$fault: told once each" "2 pruned, 2 in sync, $(at)
configmap/b pruned
configmap/c pruned" "$(sort <<<"$out")"
done

three
faults '409@delete:configmaps*20'
tranche sync --prune
check_run "conflicts without end" 7 "2 failed, 2 in sync, $(at)" "tranche: configmap/b: *
tranche: configmap/c: *"
faults ''
tranche sync --prune
check_equal "and later" 0 "$status"

three
kubectl create cm tranche-other --from-literal=inventory.json='{"version":99,"app":"other"}' >/dev/null
kubectl label cm tranche-other app.kubernetes.io/name=tranche app.kubernetes.io/managed-by=tranche >/dev/null
tranche diff --prune
check_run "an inventory that cannot be read" 1 "configmap/b *blocked
  note: not pruned: what other apps have cannot be read: configmap/tranche-other: a newer tranche wrote it (format 99, this one knows 2)
*2 blocked, 2 in sync, $(at)" ""

# --- two apps of one repository -------------------------------------------------------------------

# two: a fresh cluster with the apps shop (folder a) and bank (folder b), which both have synced
two() {
	start_kubesim --ready-after 10ms
	new_repo
	mkdir repo/a repo/b
	config_map a
	config_map b
	mv repo/a.yaml repo/a/
	mv repo/b.yaml repo/b/
	cat >repo/a/more.yaml <<-EOT
		apiVersion: scheduling.k8s.io/v1
		kind: PriorityClass
		metadata: {name: urgent}
		value: 10
		---
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: placed, namespace: default}
	EOT
	commit
	tranche sync --path a
	bank sync
}

bank() {
	local command=$1

	shift
	run "$build/tranche" "$command" --repo repo --app bank --path b "$@"
}

two
git -C repo mv a/more.yaml b/
commit
tranche sync --path a --prune
check_run "what moves to another folder" 0 "2 left Git and kept, 1 in sync, $(at)" \
	"tranche: warning: priorityclass.scheduling.k8s.io/urgent, configmap/placed left Git, kept: it moved to the app \"bank\", which takes it over when it syncs"
echo 'kind: [' >repo/b/broken.yaml
commit
tranche sync --path a --prune
check_run "the other folder has errors" 7 "2 blocked, 1 in sync, $(at)" \
	"tranche: warning: priorityclass.scheduling.k8s.io/urgent, configmap/placed left Git, not pruned: what other apps have cannot be read: the app \"bank\": its manifests have errors"
rm -r repo/b
commit
tranche sync --path a --prune
check_run "the other folder is gone" 0 "configmap/placed pruned
priorityclass.scheduling.k8s.io/urgent pruned
2 pruned, 1 in sync, $(at)" ""

two
git -C repo branch other
run "$build/tranche" sync --repo repo --app bank --path b --ref other
git -C repo mv a/more.yaml b/
commit
tranche sync --path a --prune
check_like "the other app follows another branch" "0 *2 pruned, 1 in sync, $(at)" "$status $out"

# --- an object that another app has -----------------------------------------------------------------

# as APP COMMAND ARGUMENT...: on folder a, under another app's name
as() {
	local app=$1 command=$2

	shift 2
	run "$build/tranche" "$command" --repo repo --path a --app "$app" "$@"
}

two
run "$build/tranche" suspend shop --reason 'restoring a backup'
config_map new
mv repo/new.yaml repo/a/
echo 'data: {k: v}' >>repo/a/a.yaml
commit
suspended='the app "shop" has it and is suspended by * since *: restoring a backup; resume that one first (tranche resume shop -n default)'
as other sync
check_run "nobody takes over what a suspended app has" 7 "configmap/new created
1 created, 3 failed, $(at)" "tranche: a/a.yaml:1: configmap/a: $suspended
tranche: a/more.yaml:1: priorityclass.scheduling.k8s.io/urgent: $suspended
tranche: a/more.yaml:6: configmap/placed: $suspended"
check_equal "nothing of it is written" "" "$(kubectl get cm a -o 'jsonpath={.data}')"
as other diff
check_like "diff says so" "* $suspended*" "$err$out"
run "$build/tranche" resume shop
as other sync
check_run "one that goes on is told of" 0 "configmap/a replaced*
1 replaced, 3 in sync, $(at)" "*configmap/a: the app \"shop\" has it, too: an object belongs into one app's Git only
*"
as third diff
check_run "with the names of those that have it" 0 "configmap/a *in sync*
  note: the app \"other\" has it, too: an object belongs into one app's Git only
*" ""
three --deny list:configmaps
run "$build/tranche" sync --repo repo --app other
check_run "without the right to look" 0 "2 in sync, $(at)" ""

# --- where it may not reach -----------------------------------------------------------------------

start_kubesim --ready-after 10ms
new_repo
kubectl create namespace other >/dev/null 2>&1
config_map a
config_map b
config_map far ', namespace: other'
printf 'apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: pv}\nspec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}}\n' >repo/pv.yaml
commit
tranche sync
rm repo/far.yaml repo/pv.yaml repo/b.yaml
commit
tranche sync --prune --prune-kinds PersistentVolume --namespace-only
check_equal "--namespace-only" "0 configmap/b pruned
1 pruned, 2 left Git and kept, 1 in sync, $(at)
tranche: warning: persistentvolume/pv, configmap/far left Git, kept: --namespace-only leaves it alone" "$status $out
$err"

# --- kinds that are gone, claims that would go along ------------------------------------------------

start_kubesim --ready-after 10ms
new_repo
config_map a
cat >repo/boat.yaml <<-EOT
	apiVersion: apiextensions.k8s.io/v1
	kind: CustomResourceDefinition
	metadata: {name: boats.example.org}
	spec:
	  group: example.org
	  scope: Namespaced
	  names: {plural: boats, singular: boat, kind: Boat}
	  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
	---
	apiVersion: example.org/v1
	kind: Boat
	metadata: {name: dory}
EOT
commit
tranche sync
rm repo/boat.yaml
commit
kubectl delete crd boats.example.org >/dev/null
tranche sync --prune
check_run "the kind is gone" 0 "1 left Git and kept, 1 in sync, $(at)" \
	"tranche: warning: boat.example.org/dory left Git, no longer this app's: the cluster does not offer its kind any more"
tranche sync --prune
check_run "which is told once" 0 "1 in sync, $(at)" ""

cat >repo/db.yaml <<-EOT
	apiVersion: apps/v1
	kind: StatefulSet
	metadata: {name: db}
	spec:
	  replicas: 1
	  serviceName: db
	  selector: {matchLabels: {app: db}}
	  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}
	  template:
	    metadata: {labels: {app: db}}
	    spec: {containers: [{name: c, image: 'nginx:1'}]}
	  volumeClaimTemplates:
	  - metadata: {name: data}
	    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
EOT
sed 's/db/cache/g' repo/db.yaml | sed '/volumeClaimTemplates/,$d; /RetentionPolicy/d' >repo/cache.yaml
commit
tranche sync --wait
rm repo/db.yaml
commit
tranche sync --prune --wait --timeout 5m
check_run "claims would go with it" 0 "1 left Git and kept, 2 in sync, $(at)" "*
tranche: warning: statefulset.apps/db left Git, kept: its PersistentVolumeClaims would go with it (whenDeleted: Delete), and none is pruned unless --prune-kinds names the kind"
tranche diff --prune --prune-kinds PersistentVolumeClaim
check_run "which diff says" 1 "statefulset.apps/db *prune
  note: takes Pod 0 and its PersistentVolumeClaims with it
*1 to prune, 2 in sync, $(at)" "*"
tranche sync --prune --prune-kinds PersistentVolumeClaim --wait --timeout 5m
check_run "--wait does not wait for what goes" 0 "statefulset.apps/db pruned
1 pruned, 2 in sync, $(at)" "*"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
