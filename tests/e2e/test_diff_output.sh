#!/usr/bin/env bash
# What `diff` shows of a server's objects: text, unified and JSON, and that it shows nothing else.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/nginx-statefulset

tranche_diff() {
	run "$build/tranche" diff -n "$namespace" --repo "$repo" "$@"
}

new_repo "$repo"
walkthrough_manifest 3 nginx:1.25.4 2 >"$repo/web.yaml"
commit "$repo" "three Pods"

tranche_diff
check_equal "nothing there yet: exit status" 1 "$status"
check_equal "nothing there yet: text" "\
service/nginx-stateful-service      create  web.yaml:2
statefulset.apps/nginx-statefulset  create  web.yaml:16
  rollout: creates 0..2
2 to create, at main@$(short_id "$repo")" "$out"

run "$build/tranche" sync -n "$namespace" --repo "$repo" --wait
check_equal "sync --wait: exit status" 0 "$status"
check_equal "sync --wait waited" "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4" "$(pods_images nginx-statefulset)"

tranche_diff
check_equal "no difference: exit status" 0 "$status"
tranche_diff -o unified
check_run "no difference: unified" 0 "" ""

before=$(normalised $sts)
walkthrough_manifest 5 nginx:1.26.1 1 >"$repo/web.yaml"
commit "$repo" "five Pods, a new image"
tranche_diff
check_equal "differences: exit status" 1 "$status"
check_equal "differences: text" "\
statefulset.apps/nginx-statefulset  replace            web.yaml:16
  spec.replicas                                        3 -> 5
  spec.template.spec.containers[nginx-container].image nginx:1.25.4 -> nginx:1.26.1
  spec.updateStrategy.rollingUpdate.partition          2 -> 1
  rollout: creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4
service/nginx-stateful-service      in sync            web.yaml:2
1 to replace, 1 in sync, at main@$(short_id "$repo")" "$out"

tranche_diff -o json
check_equal "differences: JSON" "1 replace spec.replicas 3 5" "$status $(python3 -c '
import json, sys
item = [i for i in json.load(sys.stdin)["objects"] if i["kind"] == "StatefulSet"][0]
change = [c for c in item["changes"] if c["path"] == "spec.replicas"][0]
print(item["action"], change["path"], change["from"], change["to"])' <<<"$out" 2>&1)"

tranche_diff -o unified
unified=$out
check_equal "differences: unified: exit status" 1 "$status"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "sync: exit status" 0 "$status"
check_equal "unified is what diff -u of kubectl's YAML shows" \
	"$(diff -u <(echo "$before") <(normalised $sts) | tail -n +3)" "$(grep -v '^# ' <<<"$unified" | tail -n +3)"
tranche_diff
check_equal "after the sync: no difference" 0 "$status"

# A Secret's values are never shown.
cat >"$repo/secret.yaml" <<-EOT
	apiVersion: v1
	kind: Secret
	metadata: {name: login}
	stringData: {password: hunter2}
EOT
commit "$repo" "a secret"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "a Secret is created" aHVudGVyMg== "$(field secret/login .data.password)"
tranche_diff
check_equal "a Secret from stringData: no difference" 0 "$status"
sed -i s/hunter2/correct-horse/ "$repo/secret.yaml"
commit "$repo" "another secret"
for format in text unified json; do
	tranche_diff -o $format
	check_equal "Secret as $format: a difference" 1 "$status"
	check_equal "Secret as $format: hidden" "" \
		"$(grep -oE 'hunter2|correct-horse|aHVudGVyMg|Y29ycmVjdC1ob3JzZQ' <<<"$out$err")"
done

finish
