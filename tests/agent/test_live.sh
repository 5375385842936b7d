#!/usr/bin/env bash
# Differences told without the server: `diff --live FILE`, which has no cluster at all, and `diff
# --client-side`, which sends no dry run.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
unset KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT

diff_live() {
	run "$build/tranche" diff "$@"
}

# manifests REPLICAS IMAGE PARTITION PASSWORD
manifests() {
	cat <<-EOT
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec:
		  selector: {app: web}
		  ports: [{port: 80}]
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web}
		spec:
		  replicas: $1
		  serviceName: web
		  selector: {matchLabels: {app: web}}
		  updateStrategy: {rollingUpdate: {partition: $3}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: nginx, image: "$2", resources: {limits: {cpu: 1000m}}}]}
		---
		apiVersion: v1
		kind: Secret
		metadata: {name: login}
		stringData: {password: $4}
	EOT
}

note="compared without the server: only fields that the manifest sets"

# --- a cluster, whose objects are saved ---------------------------------------------------------

start_kubesim --ready-after 10ms --verbose
unset KUBECONFIG # it is named where it is meant
kube() {
	kubectl --kubeconfig "$work/kubeconfig" "$@"
}

manifests 3 nginx:1.25.4 2 hunter2 >web.yaml
run "$build/tranche" sync --kubeconfig kubeconfig -f web.yaml --wait
check_equal "the cluster is set up" 0 "$status"
kube get services,secrets,statefulsets,pods -o yaml >live.yaml
kube get services,secrets,statefulsets -o json >no-pods.json
kube get --raw /apis/apps/v1/namespaces/default/statefulsets >raw.json
printf 'apiVersion: v1\nkind: List\nitems: []\n' >none.yaml

# --- --client-side: no dry run ------------------------------------------------------------------

# How often the cluster was asked to try a write.
dry_runs() {
	grep -c dryRun kubesim.log
}

manifests 5 nginx:1.26.1 1 correct-horse >new.yaml
diff_live --kubeconfig kubeconfig -f new.yaml
check_like "diff asks the server by dry runs: exit status and their number" "1 [1-9]*" "$status $(dry_runs)"
before=$(dry_runs)
diff_live --kubeconfig kubeconfig -f web.yaml --client-side
check_exact "--client-side: no difference" 0 "\
service/web           in sync  web.yaml:1
statefulset.apps/web  in sync  web.yaml:8
secret/login          in sync  web.yaml:20
3 in sync
$note" ""
changed="\
statefulset.apps/web  replace                 web.yaml:8
  spec.replicas                               3 -> 5
  spec.updateStrategy.rollingUpdate.partition 2 -> 1
  spec.template.spec.containers[nginx].image  nginx:1.25.4 -> nginx:1.26.1
  rollout: creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4
secret/login          replace                 web.yaml:20
  data.password                               *** (before) -> *** (after)
service/web           in sync                 web.yaml:1
2 to replace, 1 in sync
$note"
diff_live --kubeconfig kubeconfig -f new.yaml --client-side
check_exact "--client-side: differences" 1 "${changed//web.yaml/new.yaml}" ""
diff_live --kubeconfig kubeconfig -f new.yaml --client-side -o json
check_equal "--client-side: JSON says so" 3 "$(grep -c '"clientSide": true' <<<"$out")"
check_equal "--client-side: no dry run" "$before" "$(dry_runs)"
kill "$kubesim" && wait "$kubesim" 2>/dev/null

# --- --live: no cluster -------------------------------------------------------------------------

diff_live --live live.yaml -f web.yaml
check_exact "no difference" 0 "\
service/web           in sync  web.yaml:1
statefulset.apps/web  in sync  web.yaml:8
secret/login          in sync  web.yaml:20
3 in sync
$note" ""
diff_live --live live.yaml -f new.yaml
check_exact "differences" 1 "${changed//web.yaml/new.yaml}" ""
diff_live --live no-pods.json -f new.yaml
check_exact "Pods as the status counts them" 1 "$(sed '/rollout:/a\  warning: its Pods are not in the file: those that its status counts are taken to be well' \
	<<<"${changed//web.yaml/new.yaml}")" ""
run sh -c "'$build/tranche' diff --live - -f new.yaml <live.yaml"
check_exact "standard input" 1 "${changed//web.yaml/new.yaml}" ""
diff_live --live raw.json -f web.yaml
check_exact "a list of one kind, and objects that it lacks" 1 "\
service/web           create   web.yaml:1
secret/login          create   web.yaml:20
statefulset.apps/web  in sync  web.yaml:8
2 to create, 1 in sync
$note" ""
diff_live --live none.yaml -f web.yaml
check_exact "an empty list" 1 "\
service/web           create  web.yaml:1
statefulset.apps/web  create  web.yaml:8
  rollout: creates 0..2
secret/login          create  web.yaml:20
3 to create
$note" ""
diff_live --live live.yaml -f web.yaml -n shop
check_like "another namespace" "1 *3 to create*" "$status $out"

diff_live --live live.yaml -f new.yaml -o unified
check_exact "unified" 1 "\
# statefulset.apps/web: rollout: creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4
# statefulset.apps/web: note: compared without the server
--- live/default/statefulset.apps/web
+++ git/default/statefulset.apps/web
@@ -8,7 +8,7 @@
     whenDeleted: Retain
     whenScaled: Retain
   podManagementPolicy: OrderedReady
-  replicas: 3
+  replicas: 5
   revisionHistoryLimit: 10
   selector:
     matchLabels:
@@ -20,7 +20,7 @@
         app: web
     spec:
       containers:
-      - image: nginx:1.25.4
+      - image: nginx:1.26.1
         imagePullPolicy: IfNotPresent
         name: nginx
         resources:
@@ -35,5 +35,5 @@
       terminationGracePeriodSeconds: 30
   updateStrategy:
     rollingUpdate:
-      partition: 2
+      partition: 1
     type: RollingUpdate
# secret/login: note: compared without the server
--- live/default/secret/login
+++ git/default/secret/login
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  password: '*** (before)'
+  password: '*** (after)'
 kind: Secret
 metadata:
   name: login" ""
sed 's/port: 80}/port: 80}, {port: 81, name: b}/; s/{port: 80/&, name: a/' web.yaml >ports.yaml
diff_live --live live.yaml -f ports.yaml -o unified
check_exact "unified: what the server allocated does not seem to go" 1 "\
# service/web: note: compared without the server
--- live/default/service/web
+++ git/default/service/web
@@ -12,9 +12,14 @@
   - IPv4
   ipFamilyPolicy: SingleStack
   ports:
-  - port: 80
+  - name: a
+    port: 80
     protocol: TCP
     targetPort: 80
+  - name: b
+    port: 81
+    protocol: TCP
+    targetPort: 81
   selector:
     app: web
   sessionAffinity: None" ""
for format in text unified json; do
	diff_live --live live.yaml -f new.yaml -o $format
	check_equal "Secret as $format: hidden" "" \
		"$(grep -oE 'hunter2|correct-horse|aHVudGVyMg|Y29ycmVjdC1ob3JzZQ' <<<"$out$err")"
done
check_equal "JSON says so" 3 "$(grep -c '"clientSide": true' <<<"$out")"

# From Git.
git init -q -b main repo
cp web.yaml repo
git -C repo add .
git -C repo commit -qm "three Pods"
diff_live --live live.yaml --repo repo
check_like "a repository" "0 *3 in sync, at main@$(git -C repo rev-parse --short=7 HEAD)
$note" "$status $out"

# Another API version, and kinds that nobody knows.
printf 'apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {maxReplicas: 3, scaleTargetRef: {kind: StatefulSet, name: a}}\n' >hpa.yaml
sed s,autoscaling/v1,autoscaling/v2, hpa.yaml >hpa-live.yaml
diff_live --live hpa-live.yaml -f hpa.yaml
check_exact "another API version" 7 "\
horizontalpodautoscaler.autoscaling/a  failed  hpa.yaml:1
  error: the live object is in autoscaling/v2, the manifest in autoscaling/v1, and only a server converts them; ask kubectl for that version
1 failed
$note" ""
printf 'apiVersion: example.org/v1\nkind: Odd\nmetadata: {name: a}\nspec: {b: 1}\n' >odd.yaml
diff_live --live odd.yaml -f odd.yaml
check_like "a cluster-scoped custom resource" "0 odd.example.org/a  in sync*" "$status $out"
sed 's/name: a/name: a, namespace: default/' odd.yaml >odd-live.yaml
diff_live --live odd-live.yaml -f odd.yaml
check_like "a namespaced custom resource" "0 odd.example.org/a  in sync*" "$status $out"

# --- what is refused ----------------------------------------------------------------------------

# refused WHAT STATUS ERR ARGUMENT...
refused() {
	local what=$1 code=$2 message=$3

	shift 3
	diff_live "$@"
	check_exact "$what" "$code" "" "$message"
}

refused "no such file" 5 "tranche: cannot read nope.yaml: no such file" --live nope.yaml -f web.yaml
refused "a folder" 5 "tranche: cannot read repo: it is a folder" --live repo -f web.yaml
printf 'a: [\n' >bad.yaml
refused "not YAML" 5 "bad.yaml:2:1: error: did not find expected node content
tranche: 1 error in --live bad.yaml; nothing was compared" --live bad.yaml -f web.yaml
printf 'NAME   READY   AGE\nweb    3/3     5d\n' >table.txt
refused "kubectl get without -o yaml" 5 "table.txt:1:1: error: the document is a scalar, not a mapping
tranche: 1 error in --live table.txt; nothing was compared" --live table.txt -f web.yaml
: >empty.yaml
refused "no objects" 5 "empty.yaml: error: holds no objects; if there are none, \"kubectl get -o yaml\" prints an empty List
tranche: 1 error in --live empty.yaml; nothing was compared" --live empty.yaml -f web.yaml
printf 'kind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {}\n' >nameless.yaml
refused "an object without a name" 5 "nameless.yaml:5:3: error: Pod: metadata.name is missing
tranche: 1 error in --live nameless.yaml; nothing was compared" --live nameless.yaml -f web.yaml
sed 's/replicas:/replica:/' web.yaml >misspelt.yaml
refused "a wrong manifest" 4 "misspelt.yaml:12:3: error: StatefulSet \"web\": unknown field \"replica\" in StatefulSet.spec; did you mean \"replicas\"?
tranche: 1 error in the manifests; nothing was compared" --live live.yaml -f misspelt.yaml
refused "no source" 2 "tranche: name a source: --repo URL|DIR or -f FILE|DIR|-" --live live.yaml
refused "standard input twice" 2 "tranche: --live - and -f - cannot both be standard input" --live - -f -
for option in --kubeconfig=x --context=x --server=x --app=x --self-heal --client-side; do
	refused "with $option" 2 "tranche: --live compares without a cluster; ${option%=x} does not go with it" \
		--live live.yaml -f web.yaml $option
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
