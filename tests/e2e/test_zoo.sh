#!/usr/bin/env bash
# A zoo of manifests: no difference is ever shown that is none, and a change shows as itself alone.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
plane=${TRANCHE_E2E_CONTROL_PLANE-}

tranche_diff() {
	run "$build/tranche" diff -n "$namespace" --repo "$repo" "$@"
}

tranche_sync() {
	run "$build/tranche" sync -n "$namespace" --repo "$repo"
}

# What differs, in lines with single spaces.
differences() {
	grep -v ' in sync ' <<<"$out" | tr -s ' ' | sed 's/ $//'
}

check_in_sync() {
	check_equal "$1: exit status and differences" "0
$count in sync, at main@$(short_id "$repo")" "$status
$(differences)$err"
}

# KIND/NAME VERSION of each animal. An autoscaler's controller writes its status at any time.
versions() {
	kubectl get -f "$repo" -o json | python3 -c '
import json, sys
for item in json.load(sys.stdin)["items"]:
    scaler = item["kind"] == "HorizontalPodAutoscaler"
    version = json.dumps(item["spec"]) if scaler else item["metadata"]["resourceVersion"]
    print(item["kind"] + "/" + item["metadata"]["name"], version)' | sort
}

are_settled() {
	versions >"$work/versions"
	sleep 0.2
	[ "$(versions)" = "$(<"$work/versions")" ]
}

mark_writes() {
	[ -z "$plane" ] || mark=$(wc -l <"$plane/audit.log")
}

# What tranche has asked the server to store since the mark, its own memory aside. Other scenarios
# may run at the same time: all that is ours bears our namespace.
writes() {
	tail -n +$((mark + 1)) "$plane/audit.log" | python3 -c '
import json, sys
for event in map(json.loads, sys.stdin):
    uri, ref = event["requestURI"], event.get("objectRef", {})
    if sys.argv[1] not in uri or "fieldManager=tranche&" not in uri + "&" or "dryRun" in uri:
        continue
    if ref.get("name") != sys.argv[2]:
        print(event["verb"], ref["resource"] + "/" + ref.get("name", "?"))' "$namespace" "$inventory" | sort
}

# --- the zoo --------------------------------------------------------------------------------------

new_zoo "$repo"
commit "$repo" "the zoo"

count=$(cat "$repo"/*.yaml | grep -c '^kind: ')
kinds=$(cat "$repo"/*.yaml | sed -n 's/^kind: //p' | sort -u | wc -l)
check_equal "a zoo of 40 manifests and 20 kinds at least" yes \
	"$([ "$count" -ge 40 ] && [ "$kinds" -ge 20 ] && echo yes)"

tranche_sync
check_equal "the first sync" "0 $count created, at main@$(short_id "$repo")" "$status $(tail -n 1 <<<"$out")$err"
tranche_diff
check_in_sync "at once"
tranche_diff -o unified
check_run "at once, unified" 0 "" ""

# --- what controllers do --------------------------------------------------------------------------

wait_equal "every StatefulSet gets its Pods" 60 "" sets_without_pods
if [ -n "$plane" ]; then
	for effect in pvc/bound=.spec.volumeName pvc/reserved=.spec.volumeName \
		"pv/$namespace-reserved=.spec.claimRef.uid" "clusterrole/$namespace-whole=.rules[0]" \
		deployment/web=.metadata.annotations serviceaccount/visitor=.secrets secret/keeper-token=.data.token \
		job/migration=.status.active pod/bare=.spec.nodeName resourcequota/objects=.status.used \
		poddisruptionbudget/web=.status.currentHealthy daemonset/collector=.status.observedGeneration; do
		wait_for 30 has_field "${effect%%=*}" "${effect#*=}"
		check_equal "a controller fills in $effect" 0 $?
	done
fi

# --- nothing is written again ---------------------------------------------------------------------

inventory=$(kube get configmaps -o name | sed -n 's,^configmap/\(tranche-.*\),\1,p')
wait_for 30 are_settled
check_equal "all is quiet" 0 $?
mark_writes
tranche_sync
check_equal "the second sync" "0 $count in sync, at main@$(short_id "$repo")" "$status $out$err"
check_equal "the second sync changes nothing" "$(<"$work/versions")" "$(versions)"
[ -z "$plane" ] || check_equal "the second sync writes nothing" "" "$(writes)"

# Without its memory tranche has to ask the server about every object.
kube delete configmap "$inventory" >/dev/null
kubectl patch validatingwebhookconfiguration "$namespace" --type json \
	-p '[{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "YQ=="}]' >/dev/null
tranche_diff
check_in_sync "after controllers, without memory"

# The manifests alone tell the same, but for a field that an old server does not store.
told="0"
[ "$zoo_folder" = v1.27+ ] || told="1
$namespace/job.batch/forgotten replace beta.yaml:37
 spec.ttlSecondsAfterFinished (none) -> 86400"
kubectl get -f "$repo" -o yaml >"$work/live.yaml"
tranche_diff --client-side
check_equal "without dry runs" "$told" "$(echo "$status"; differences | grep -v ", at main@\|^compared ")"
tranche_diff --live "$work/live.yaml"
check_equal "without a server" "$told" "$(echo "$status"; differences | grep -v ", at main@\|^compared ")"

tranche_sync
check_in_sync "and its sync"
[ -z "$plane" ] || check_equal "which writes nothing" "" "$(writes)"

# --- one field each -------------------------------------------------------------------------------

# change FILE OLD NEW OBJECT DIFFERENCE: one that touches no Pod.
changed=() expected=()
change() {
	check_equal "$2 stands once in $1" 1 "$(grep -cF -- "$2" "$repo/$1")"
	python3 - "$repo/$1" "$2" "$3" <<-EOT
		import sys
		text = open(sys.argv[1]).read().replace(sys.argv[2], sys.argv[3], 1)
		open(sys.argv[1], "w").write(text)
	EOT
	changed+=("$4")
	expected+=("$4 $5")
}

change statefulsets.yaml 'partition: 1' 'partition: 2' \
	statefulset.apps/database "spec.updateStrategy.rollingUpdate.partition 1 -> 2"
change workloads.yaml 'progressDeadlineSeconds: 60' 'progressDeadlineSeconds: 90' \
	deployment.apps/singleton "spec.progressDeadlineSeconds 60 -> 90"
change workloads.yaml 'backoffLimit: 2' 'backoffLimit: 3' \
	job.batch/migration "spec.backoffLimit 2 -> 3"
change services.yaml 'targetPort: "https"' 'targetPort: 8443' \
	service/web 'spec.ports[443/TCP].targetPort https -> 8443'
change configuration.yaml 'colour: red' 'colour: "0644"' \
	configmap/settings "data.colour red -> 0644"
change configuration.yaml 'password: hunter2' 'password: correct-horse' \
	secret/login "data.password *** (before) -> *** (after)"
change configuration.yaml 'services.nodeports: "20"' 'services.nodeports: 30' \
	resourcequota/objects 'spec.hard["services.nodeports"] "20" -> "30"'
change access.yaml 'verbs: [get, list]' 'verbs: [get, watch]' \
	role.rbac.authorization.k8s.io/reader "rules[0].verbs[1] list -> watch"
change access.yaml 'port: metrics, protocol' 'port: 9187, protocol' \
	networkpolicy.networking.k8s.io/database "spec.ingress[0].ports[1].port metrics -> 9187"
change cluster.yaml 'maxReplicas: 5' 'maxReplicas: 6' \
	horizontalpodautoscaler.autoscaling/web "spec.maxReplicas 5 -> 6"
change cluster.yaml 'failurePolicy: Ignore' 'failurePolicy: Fail' \
	"validatingwebhookconfiguration.admissionregistration.k8s.io/$namespace" \
	"webhooks[animals.$namespace.example.org].failurePolicy Ignore -> Fail"
change custom.yaml 'legs: 2' 'legs: 3' "animal.$namespace.example.org/duck" "spec.legs 2 -> 3"
commit "$repo" "one field each"

shown=(statefulset.apps/database job.batch/migration service/web configmap/settings resourcequota/objects
	role.rbac.authorization.k8s.io/reader networkpolicy.networking.k8s.io/database
	"animal.$namespace.example.org/duck")
for object in "${shown[@]}"; do
	normalised "$object" >"$work/before-${object//\//-}"
done
wait_for 30 are_settled
tranche_diff
check_equal "each change shows as itself: exit status" 1 "$status"
check_equal "each change shows as itself" "$(printf '%s\n' "${expected[@]}" | sort)" "$(differences | awk '
	/^ rollout: / { next }
	/^ / { print object $0; next }
	/ replace / { object = $1; sub(/^[^\/]*-[^\/]*\//, "", object) }' | sort)"
tranche_diff -o unified
unified=$out
check_equal "a Secret is not shown" "" "$(grep -oE 'hunter2|correct-horse' <<<"$out")"

before=$(<"$work/versions")
mark_writes
tranche_sync
check_equal "the sync of one field each" 0 "$status"
# The plural, for the audit log has no kinds.
[ -z "$plane" ] || check_equal "is a PUT each" \
	"$(for object in "${changed[@]}"; do sed -E 's,^([a-z]*)[^/]*/,update \1s/,; s,policys/,policies/,' <<<"$object"; done | sort)" \
	"$(writes)"
check_equal "and changes these objects" "$(for object in "${changed[@]}"; do sed -E 's,\.[^/]*/,/,' <<<"$object"; done | sort)" \
	"$(comm -13 <(echo "$before") <(versions) | sed 's/ .*//' | tr '[:upper:]' '[:lower:]' | sort)"
for object in "${shown[@]}"; do
	file=${object//\//-}
	check_equal "$object: unified is what diff -u of kubectl's YAML shows" \
		"$(normalised "$object" | diff -u "$work/before-$file" - | tail -n +3)" \
		"$(awk -v object="${object%%.*}" -v name="${object#*/}" '
			/^--- / { ours = index(tolower($0), tolower(name)) && index(tolower($0), object) }
			/^(---|\+\+\+|#) / { next }
			ours' <<<"$unified")"
done
tranche_diff
check_in_sync "after these changes"

# --- the order of a list --------------------------------------------------------------------------

python3 - "$repo/workloads.yaml" <<-'EOT'
	import sys
	text = open(sys.argv[1]).read()
	proxy = "        - name: proxy\n          image: proxy:2\n"
	text = text.replace(proxy, "", 1).replace("        - name: web\n", proxy + "        - name: web\n", 1)
	open(sys.argv[1], "w").write(text)
EOT
commit "$repo" "the other container first"
tranche_diff
check_equal "reordered containers are a move" "1 spec.template.spec.containers[proxy] moved from 1 to 0" \
	"$status $(differences | sed -n 's/^ //p')"

sets=$(cat "$repo"/*.yaml | grep -c '^kind: StatefulSet')
echo "counted: $count manifests of $kinds kinds, $sets of them StatefulSets: in sync after one sync, ${#changed[@]} changes shown and written"
finish
