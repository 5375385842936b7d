#!/usr/bin/env bash
# What leaves Git: remembered and told without --prune, deleted with it, and kept where deleting may be a
# mistake. Each scenario is an app with a repository of its own.
. "$(dirname "$0")/lib.sh"

EXIT_DIFFERENT=1 EXIT_MANIFEST=4 EXIT_SOURCE=5 EXIT_OBJECTS=7
left="left Git, not pruned (--prune deletes it)"

# scenario NAME: from now on $app, with $repo.
scenario() {
	app=$1
	repo=$work/$app
	[ -d "$repo" ] || new_repo "$repo"
}

# tranche COMMAND ARGUMENT...: on the app's repository
tranche() {
	local command=$1

	shift
	run "$build/tranche" "$command" -n "$namespace" --repo "$repo" --app "$app" "$@"
}

# config_map NAME [METADATA]: its manifest, in a file of its own
config_map() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s%s}\ndata: {k: v}\n' "$1" "${2-}" >"$repo/$1.yaml"
}

# config_maps NAME...
config_maps() {
	local name

	for name; do config_map "$name"; done
}

# leave NAME...: their files leave Git
leave() {
	git -C "$repo" rm -q "${@/%/.yaml}"
	git -C "$repo" commit -qm "without $*" --allow-empty
}

# there KIND/NAME...: "yes" or "no" for each
there() {
	local object found

	found=$(kube get --ignore-not-found -o name "$@" | sed 's,[.][^/]*/,/,')
	for object; do
		grep -qx "$object" <<<"$found" && echo yes || echo no
	done | paste -sd' '
}

# remembered: the names in the app's inventory, an orphan's with a minus in front
remembered() {
	kube get configmap "tranche-$app" -o 'jsonpath={.data.inventory\.json}' | python3 -c '
import json, sys
for o in json.load(sys.stdin)["objects"]:
    print(("-" if o.get("orphan") else "") + o["name"])' | paste -sd' '
}

# at: as summaries end
at() {
	echo "at main@$(short_id "$repo")"
}

# --- remembered, told, deleted ------------------------------------------------------------------

scenario basic
config_maps basic-a basic-b basic-c
commit "$repo" three
tranche sync
leave basic-b
tranche sync
check_exact "without --prune: told" 0 "1 left Git and kept, 2 in sync, $(at)" "tranche: warning: configmap/basic-b $left"
check_equal "without --prune: kept and remembered" "yes basic-a -basic-b basic-c" \
	"$(there configmap/basic-b) $(remembered)"
tranche diff
check_exact "diff without --prune" 0 "configmap/basic-b  left Git
  note: not pruned (--prune deletes it)
configmap/basic-a  in sync   basic-a.yaml:1
configmap/basic-c  in sync   basic-c.yaml:1
1 left Git and kept, 2 in sync, $(at)" ""

tranche diff --prune
check_exact "diff --prune" $EXIT_DIFFERENT "configmap/basic-b  prune
configmap/basic-a  in sync  basic-a.yaml:1
configmap/basic-c  in sync  basic-c.yaml:1
1 to prune, 2 in sync, $(at)" ""
tranche diff --prune -o unified
check_exact "diff --prune -o unified" $EXIT_DIFFERENT "--- live/$namespace/configmap/basic-b
+++ /dev/null
@@ -1,7 +0,0 @@
-apiVersion: v1
-data:
-  k: v
-kind: ConfigMap
-metadata:
-  name: basic-b
-  namespace: $namespace" ""
tranche diff --prune -o json
check_equal "diff --prune -o json" '1 prune ConfigMap basic-b "" True' "$(python3 -c '
import json, sys
d = json.load(sys.stdin)
o = d["objects"][-1]
print(d["summary"]["prune"], o["action"], o["kind"], o["name"], json.dumps(o["file"]), o["exists"])' <<<"$out")"
check_equal "diff deletes nothing" yes "$(there configmap/basic-b)"
tranche sync --prune --dry-run
check_equal "nor does sync --dry-run" "$EXIT_DIFFERENT yes" "$status $(there configmap/basic-b)"

tranche sync --prune
check_exact "sync --prune" 0 "configmap/basic-b pruned
1 pruned, 2 in sync, $(at)" ""
check_equal "pruned and forgotten" "no basic-a basic-c" "$(there configmap/basic-b) $(remembered)"
tranche sync --prune
check_exact "nothing is left to prune" 0 "2 in sync, $(at)" ""

leave basic-c
tranche sync
config_maps basic-c
commit "$repo" "c is back"
tranche sync --prune
check_exact "back in Git" 0 "2 in sync, $(at)" ""
check_equal "back in Git: remembered" "basic-a basic-c" "$(remembered)"
leave basic-c
tranche sync
kube delete configmap basic-c >/dev/null
tranche diff --prune
check_exact "deleted by somebody: nothing to tell" 0 "configmap/basic-a  in sync  basic-a.yaml:1
1 in sync, $(at)" ""
tranche sync
check_equal "deleted by somebody: forgotten" basic-a "$(remembered)"

# An inventory as earlier versions wrote it.
config_maps basic-b
commit "$repo" b
tranche sync
kube get configmap tranche-basic -o json | python3 -c '
import json, sys
o = json.load(sys.stdin)
i = json.loads(o["data"]["inventory.json"])
for key in ("ref", "path"):
    i.pop(key, None)
for e in i["objects"]:
    for key in set(e) - {"apiVersion", "kind", "namespace", "name", "uid", "desired", "live"}:
        del e[key]
o["data"]["inventory.json"] = json.dumps(i)
json.dump(o, sys.stdout)' | kube replace -f - >/dev/null
leave basic-b
tranche sync --prune
check_exact "an inventory of an earlier version" 0 "configmap/basic-b pruned
1 pruned, 1 in sync, $(at)" ""

# --- a database ---------------------------------------------------------------------------------

scenario database
config_maps database-a database-b database-c
sed 's/nginx-stateful/db/g' >"$repo/db.yaml" <<-EOT
	$(walkthrough_manifest 2 nginx:1.25.4 0)
	  volumeClaimTemplates:
	  - metadata: {name: data}
	    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
EOT
sts=statefulset/$(grep -A3 'kind: StatefulSet' "$repo/db.yaml" | sed -n 's/^ *name: //p')
service=service/$(grep -A3 'kind: Service' "$repo/db.yaml" | sed -n 's/^ *name: //p')
commit "$repo" database
tranche sync
wait_for 30 field_reaches "$sts" .status.replicas 2
leave db
tranche sync --prune
check_exact "the last StatefulSet" $EXIT_OBJECTS "2 blocked, 3 in sync, $(at)" \
	"tranche: warning: $service, ${sts/set/set.apps} left Git, not pruned: it would delete all of the app's StatefulSets (1) at once, which may be a mistake (--prune-limit 100 allows it)"
check_equal "the last StatefulSet stays" "yes yes" "$(there "$sts" "$service")"
tranche diff --prune
check_like "diff says that it is blocked" "exit status 1 ${sts/set/set.apps} *blocked*2 blocked, 3 in sync*" \
	"exit status $status $(grep -A9 statefulset <<<"$out")"
tranche diff --prune --prune-limit 100
check_like "diff says what goes with it" "*
${sts/set/set.apps} *prune
  note: takes Pods 0, 1 with it; its PersistentVolumeClaims stay
*" "$out"
tranche sync --prune --prune-limit 100
out=$(sort <<<"$out") # they are deleted side by side
check_exact "--prune-limit 100" 0 "2 pruned, 3 in sync, $(at)
$service pruned
${sts/set/set.apps} pruned" ""
wait_equal "its Pods go" 30 "" pods_images "${sts#*/}"
check_equal "its claims stay" "yes yes" "$(there persistentvolumeclaim/data-"${sts#*/}"-{0,1})"

# The word stands in Git first, then the manifest goes.
walkthrough_manifest 1 nginx:1.25.4 0 | sed '/kind: StatefulSet/,$s/^metadata:/&\n  annotations: {tranche.dev\/prune: enabled}/' >"$repo/web.yaml"
commit "$repo" "to be retired"
tranche sync
leave web
tranche sync --prune
out=$(sort <<<"$out") # they are deleted side by side
check_exact "tranche.dev/prune: enabled" 0 "2 pruned, 3 in sync, $(at)
service/nginx-stateful-service pruned
statefulset.apps/nginx-statefulset pruned" ""

# --- too much at once ---------------------------------------------------------------------------

scenario limits
config_maps limits-{1..7}
commit "$repo" seven
tranche sync
leave limits-{1..4}
tranche sync --prune
check_exact "more than half" $EXIT_OBJECTS "4 blocked, 3 in sync, $(at)" \
	"tranche: warning: configmap/limits-1, configmap/limits-2, configmap/limits-3, configmap/limits-4 left Git, not pruned: it would delete 4 of the app's 7 objects at once, which may be a mistake (--prune-limit 58 allows it)"
leave limits-{5..7}
tranche sync --prune --prune-limit 100
check_run "an empty commit" $EXIT_OBJECTS "7 blocked, $(at)" \
	"tranche: warning: configmap/limits-1, * left Git, not pruned: the commit has no objects at all, which may be a mistake (--allow-empty allows it)"
check_equal "an empty commit deletes nothing" "yes yes yes yes yes yes yes" "$(there configmap/limits-{1..7})"
tranche sync --prune --allow-empty
check_like "--allow-empty" "0 *7 pruned, $(at)" "$status $out"
check_equal "--allow-empty: all are gone" "no no no no no no no" "$(there configmap/limits-{1..7})"

# --- what went wrong in the commit or the pass --------------------------------------------------

scenario wrong
mkdir "$repo/deploy"
config_maps deploy/wrong-a deploy/wrong-b deploy/wrong-c
sed -i 's,name: deploy/,name: ,' "$repo"/deploy/*
commit "$repo" three
tranche sync --path deploy
git -C "$repo" mv deploy elsewhere
commit "$repo" "the folder moves"
tranche sync --prune --path deploy
check_exact "the path is gone" $EXIT_SOURCE "" \
	"tranche: $repo at main@$(short_id "$repo"): path \"deploy\" does not exist"
git -C "$repo" mv elsewhere deploy
git -C "$repo" rm -qf deploy/wrong-b.yaml
echo 'kind: [' >"$repo/deploy/broken.yaml"
commit "$repo" "broken"
tranche sync --prune --path deploy
check_equal "an error in the manifests" $EXIT_MANIFEST "$status"
echo '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "frozen"}, "immutable": true}' |
	kube create -f - >/dev/null
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: frozen}\ndata: {a: "2"}\n' >"$repo/deploy/broken.yaml"
commit "$repo" "refused by the server"
tranche sync --prune --path deploy
check_like "an object that fails" "$EXIT_OBJECTS *1 blocked, 1 failed, 2 in sync* configmap/wrong-b left Git, not pruned: 1 object failed*" \
	"$status $out $err"
check_equal "none of these deletes anything" "yes yes yes" "$(there configmap/wrong-{a..c})"
git -C "$repo" rm -q deploy/broken.yaml
commit "$repo" "mended"
tranche sync --prune --path deploy
check_exact "mended, it is pruned" 0 "configmap/wrong-b pruned
1 pruned, 2 in sync, $(at)" ""

# --- never without being told -------------------------------------------------------------------

scenario kinds
config_maps kinds-a kinds-b kinds-c kinds-d
cat >"$repo/kept.yaml" <<-EOT
	apiVersion: v1
	kind: Namespace
	metadata: {name: $namespace-kept}
	---
	apiVersion: v1
	kind: PersistentVolumeClaim
	metadata: {name: kept}
	spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
	---
	$(definition "$namespace.example.org" boats Boat Namespaced)
EOT
cat >"$repo/boat.yaml" <<-EOT
	apiVersion: $namespace.example.org/v1
	kind: Boat
	metadata: {name: dory}
EOT
at_end "kubectl delete --ignore-not-found namespace/$namespace-kept crd/boats.$namespace.example.org --wait=false >/dev/null 2>&1"
config_map kinds-no ', annotations: {tranche.dev/prune: disabled}'
commit "$repo" all
tranche sync
leave kept kinds-no boat
kube annotate configmap kinds-a tranche.dev/prune=disabled >/dev/null
tranche sync --prune
err=${err/ by kubectl (annotate) at ??:??:??/} # where the server notes who
check_exact "kinds that stay" 0 "boat.$namespace.example.org/dory pruned
1 pruned, 4 left Git and kept, 1 drifted, 3 in sync, $(at)" \
	"tranche: warning: configmap/kinds-a drifted: metadata.annotations - -> {\"tranche.dev/prune\":\"disabled\"}; left alone (--self-heal undoes it)
tranche: warning: namespace/$namespace-kept left Git, kept: no Namespace is pruned unless --prune-kinds names the kind
tranche: warning: customresourcedefinition.apiextensions.k8s.io/boats.$namespace.example.org left Git, kept: no CustomResourceDefinition is pruned unless --prune-kinds names the kind
tranche: warning: configmap/kinds-no left Git, kept: tranche.dev/prune is \"disabled\"
tranche: warning: persistentvolumeclaim/kept left Git, kept: no PersistentVolumeClaim is pruned unless --prune-kinds names the kind"
kube annotate configmap kinds-no tranche.dev/prune- >/dev/null
leave kinds-a
tranche sync --prune --prune-kinds Namespace,PersistentVolumeClaim
check_like "--prune-kinds" "*persistentvolumeclaim/kept pruned*
namespace/$namespace-kept pruned*
2 pruned, 3 left Git and kept, 3 in sync, $(at)" "$out"
check_like "the annotation counts as it is, and as it was in Git" "*configmap/kinds-a left Git, kept: tranche.dev/prune is \"disabled\"*
*configmap/kinds-no left Git, kept: tranche.dev/prune was \"disabled\" in Git*" "$(sort <<<"$err")"
kube annotate configmap kinds-no tranche.dev/prune=enabled >/dev/null
kubectl annotate "crd/boats.$namespace.example.org" tranche.dev/prune=enabled >/dev/null
tranche sync --prune
check_like "an object's own word" "*configmap/kinds-no pruned
customresourcedefinition.apiextensions.k8s.io/boats.$namespace.example.org pruned*" "$out"

# --- somebody else's ----------------------------------------------------------------------------

scenario owners
config_maps owners-{1..9} owners-stay-{1..9}
config_map owners-helm ', labels: {app.kubernetes.io/managed-by: Helm}'
commit "$repo" many
tranche sync
kube delete configmap owners-1 >/dev/null
kube create configmap owners-1 >/dev/null
kube label configmap owners-2 app.kubernetes.io/managed-by=Helm >/dev/null
kube label configmap owners-3 kustomize.toolkit.fluxcd.io/name=apps >/dev/null
kube annotate configmap owners-4 argocd.argoproj.io/tracking-id=shop:/ConfigMap:x/owners-4 >/dev/null
kube annotate configmap owners-5 meta.helm.sh/release-name=shop >/dev/null
sed 's/k: v/k: w/' "$repo/owners-6.yaml" | kube apply -f - >/dev/null 2>&1
sed 's/k: v/k: w/' "$repo/owners-7.yaml" | kube apply --server-side --force-conflicts --field-manager=helm -f - >/dev/null
kube patch configmap owners-8 --type=merge -p "{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"owners-9\",\"uid\":\"$(field configmap/owners-9 .metadata.uid)\",\"controller\":true}]}}" >/dev/null
kube patch configmap owners-9 --type=merge -p '{"data":{"k":"changed by hand"}}' >/dev/null
kube patch configmap owners-helm --type=merge -p '{"data":{"k":"changed by hand"}}' >/dev/null
leave owners-{1..9} owners-helm
tranche diff --prune
check_like "drift keeps nothing, but is told" "*
configmap/owners-9 *prune
  note: it was changed since it was applied
*" "$out"
tranche sync --prune
check_equal "what is still ours is pruned" "configmap/owners-9 pruned
configmap/owners-helm pruned
2 pruned, 8 left Git and kept, 9 in sync, $(at)" "$(sort -k2 <<<"$out")"
no_longer="left Git, no longer this app's:"
check_like "what is not says whose it is" "tranche: warning: configmap/owners-1 $no_longer it was deleted and created again by somebody else
tranche: warning: configmap/owners-2 $no_longer its label app.kubernetes.io/managed-by is \"Helm\"
tranche: warning: configmap/owners-3 $no_longer its label kustomize.toolkit.fluxcd.io/name is \"apps\"
tranche: warning: configmap/owners-4 $no_longer its annotation argocd.argoproj.io/tracking-id is \"shop:/ConfigMap:x/owners-4\"
tranche: warning: configmap/owners-5 $no_longer its annotation meta.helm.sh/release-name is \"shop\"
tranche: warning: configmap/owners-6 $no_longer kubectl-client-side-apply applied it at 20*
tranche: warning: configmap/owners-7 $no_longer helm applied it at 20*
tranche: warning: configmap/owners-8 $no_longer ConfigMap \"owners-9\" controls it" "$err"
tranche sync --prune
check_exact "which is told once" 0 "9 in sync, $(at)" ""

# --- one object in two groups, which servers up to 1.21 have ---------------------------------------

if kubectl api-versions | grep -qx extensions/v1beta1; then
	scenario groups
	config_maps groups-a groups-b
	cat >"$repo/ingress.yaml" <<-EOT
		apiVersion: extensions/v1beta1
		kind: Ingress
		metadata: {name: door}
		spec: {backend: {serviceName: web, servicePort: 80}}
	EOT
	commit "$repo" "extensions/v1beta1"
	tranche sync
	uid=$(field ingress/door .metadata.uid)
	cat >"$repo/ingress.yaml" <<-EOT
		apiVersion: networking.k8s.io/v1
		kind: Ingress
		metadata: {name: door}
		spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
	EOT
	commit "$repo" "networking.k8s.io/v1"
	tranche sync --prune
	check_like "the same object in another group" "0 3 in sync, $(at)*" "$status $out"
	check_equal "the same object in another group stays" "$uid door groups-a groups-b" \
		"$(field ingress/door .metadata.uid) $(remembered | tr ' ' '\n' | sort | paste -sd' ')"
fi

# --- two apps of one repository -----------------------------------------------------------------

scenario apps
mkdir "$repo/a" "$repo/b"
config_maps a/apps-{1..6} b/apps-{7..9}
sed -i 's,name: ./,name: ,' "$repo"/?/*
commit "$repo" "two folders"
app=apps-a tranche sync --path a
app=apps-b tranche sync --path b
git -C "$repo" mv a/apps-1.yaml a/apps-2.yaml b/
commit "$repo" "two move"
app=apps-a tranche sync --path a --prune
check_exact "moved to another app, which has not synced" 0 "2 left Git and kept, 4 in sync, $(at)" \
	"tranche: warning: configmap/apps-1, configmap/apps-2 left Git, kept: it moved to the app \"apps-b\", which takes it over when it syncs"
app=apps-b tranche sync --path b --prune
check_exact "that app takes it over" 0 "5 in sync, $(at)" ""
git -C "$repo" rm -q b/apps-2.yaml
commit "$repo" "one leaves the other app"
app=apps-b tranche sync --path b
check_equal "both remember it" "-apps-2 apps-3" "$(app=apps-a remembered | grep -o -- '-apps-2 apps-3')"
app=apps-a tranche sync --path a --prune
check_exact "what the other app has is released, what nobody has is pruned" 0 "configmap/apps-2 pruned
1 pruned, 1 left Git and kept, 4 in sync, $(at)" \
	"tranche: warning: configmap/apps-1 left Git, no longer this app's: the app \"apps-b\" has it"
app=apps-b tranche sync --path b --prune
check_equal "moved objects were never deleted" "yes no apps-1 apps-7 apps-8 apps-9" \
	"$(there configmap/apps-{1,2}) $(app=apps-b remembered)"

# --- finalizers, and somebody who writes at the same time ---------------------------------------

scenario slow
config_maps slow-{1..5}
commit "$repo" five
tranche sync
kube patch configmap slow-1 --type=merge -p '{"metadata":{"finalizers":["example.org/slow"]}}' >/dev/null
leave slow-1
tranche sync --prune
check_exact "a finalizer" 0 "configmap/slow-1 pruned; the deletion waits for finalizers: example.org/slow
1 pruned, 4 in sync, $(at)" ""
tranche sync --prune
check_exact "as long as it waits" 0 "1 left Git and kept, 4 in sync, $(at)" \
	"tranche: warning: configmap/slow-1 left Git, being deleted; waits for finalizers: example.org/slow"
kube patch configmap slow-1 --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null
tranche sync --prune
check_equal "and then it is gone" "slow-2 slow-3 slow-4 slow-5" "$(remembered)"

: >"$work/proxy"
setpriv --pdeathsig KILL kubectl proxy --port=0 >"$work/proxy" 2>&1 &
wait_for 30 grep -q ':[0-9]' "$work/proxy"
# meddle COMMAND: sync --prune, and COMMAND comes before the first write.
meddle() {
	setpriv --pdeathsig KILL "$here/meddler" "$(grep -o '127.0.0.1:[0-9]*' "$work/proxy")" "$work/writes" "$1" 1 \
		>"$work/port" &
	local meddler_pid=$!

	wait_for 30 test -s "$work/port"
	rm -f "$work/writes"
	tranche sync --prune --server "http://127.0.0.1:$(<"$work/port")"
	kill "$meddler_pid"
	rm "$work/port"
}
leave slow-2
meddle "kubectl -n $namespace patch configmap slow-2 --type=merge -p '{\"data\":{\"k\":\"w\"}}'"
check_exact "changed meanwhile" 0 "configmap/slow-2 pruned
1 pruned, 3 in sync, $(at)" ""
check_like "changed meanwhile: read and decided again" "DELETE */slow-2 409
DELETE */slow-2 200
PUT *" "$(<"$work/writes")"
leave slow-3
meddle "kubectl -n $namespace annotate configmap slow-3 tranche.dev/prune=disabled"
check_exact "forbidden meanwhile" 0 "1 left Git and kept, 2 in sync, $(at)" \
	"tranche: warning: configmap/slow-3 left Git, kept: tranche.dev/prune is \"disabled\""
leave slow-4
meddle "kubectl -n $namespace delete configmap slow-4; kubectl -n $namespace create configmap slow-4"
check_like "recreated meanwhile" "yes * configmap/slow-4 left Git, no longer this app's: it was deleted and created again by somebody else*" \
	"$(there configmap/slow-4) $err"

# --- the agent ----------------------------------------------------------------------------------

scenario agent
config_maps agent-{1..6}
commit "$repo" six
start_agent --repo "$repo" --app "$app"
wait_equal "the agent has synced" 30 6 count_log ": created"
leave agent-1
wait_equal "the agent tells what left Git" 30 1 count_log "configmap/agent-1 $left"
kill -HUP "$agent_pid"
wait_equal "the agent looks again" 30 1 count_log "SIGHUP"
wait_equal "the agent remembers" 30 "-agent-1 agent-2 agent-3 agent-4 agent-5 agent-6" remembered
stop_agent KILL
check_equal "it is told once" 1 "$(count_log "configmap/agent-1 $left")"
leave agent-2
start_agent --repo "$repo" --app "$app" --prune
wait_equal "what left Git before and while the agent was away is pruned" 30 "no no" there configmap/agent-{1,2}
wait_equal "the agent says so" 30 2 count_log ": pruned"
leave agent-3
wait_equal "a commit prunes" 30 no there configmap/agent-3
wait_equal "and nothing is left over" 30 "agent-4 agent-5 agent-6" remembered
leave agent-{4..6}
wait_equal "an empty commit is refused" 30 1 \
	count_log "left Git, not pruned: the commit has no objects at all, which may be a mistake (--allow-empty allows it)"
check_equal "and deletes nothing" "yes yes yes" "$(there configmap/agent-{4..6})"
stop_agent TERM
check_equal "TERM ends the agent" 0 $?

finish
