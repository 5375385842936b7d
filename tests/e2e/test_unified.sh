#!/usr/bin/env bash
# `diff -o unified` of the whole zoo, each animal changed in many ways, is what `diff -u` of `kubectl get -o
# yaml` before and after a `kubectl replace` shows.
. "$(dirname "$0")/lib.sh"

repo=$work/repo

# objects_in FILE: all of the zoo in YAML, without what the server owns.
objects_in() {
	kubectl get -f "$repo" -o json >"$1.json"
	rm -rf "$1.objects"
	python3 "$here/unified.py" normalise "$1.json" "$1.objects"
	kubectl create --dry-run=client --validate=false -o yaml -f "$1.objects" >"$1"
}

new_zoo "$repo"
commit "$repo" "the zoo"
# Made by somebody else: kubectl's apply leaves an annotation with each, and tranche sees them for the first
# time. The second apply is for the instances of the CRD.
kubectl apply --validate=false -f "$repo" >/dev/null 2>&1
kubectl wait --for=condition=Established --timeout=120s crd "animals.$namespace.example.org" >/dev/null
run kubectl apply --validate=false -f "$repo/custom.yaml"
check_equal "kubectl applies the zoo" 0 "$status" || echo "$err"
run "$build/tranche" diff -n "$namespace" --repo "$repo"
check_like "what kubectl has applied is in sync" "0 *$(cat "$repo"/*.yaml | grep -c '^kind: ') in sync, at *" \
	"$status $(grep -v ' in sync  ' <<<"$out")"
wait_equal "every StatefulSet gets its Pods" 60 "" sets_without_pods
if [ -n "${TRANCHE_E2E_CONTROL_PLANE-}" ]; then
	for claim in bound reserved; do
		wait_for 30 has_field "pvc/$claim" .spec.volumeName
		check_equal "the claim $claim has its volume" 0 $?
	done
fi

"$build/yaml2json" "$repo"/*.yaml >"$work/manifests"
python3 "$here/unified.py" change "$work/manifests" "$work/changed"
rm "$repo"/*.yaml
cp "$work/changed"/{kubectl,tranche}/* "$repo"
commit "$repo" "each animal is another"

objects_in "$work/before"
run "$build/tranche" diff -n "$namespace" --repo "$repo" -o unified
check_equal "all differ" 1 "$status" || echo "$err"
cp "$work/out" "$work/unified"
check_equal "a Secret is not shown" "" "$(grep -o 'hunter2[a-z-]*' "$work/unified" | sort -u)"

run kubectl replace --validate=false -f "$work/changed/kubectl"
check_equal "kubectl replaces what it can replace" "0 " "$status $err"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "and tranche what kubectl would take something away from" 0 "$status" || echo "$err"
objects_in "$work/after"

(cd "$work" && python3 "$here/unified.py" compare before after unified) >"$work/compared"
check_equal "unified is what kubectl's YAML shows" "" "$(head -n -1 "$work/compared" | head -n 200)"
read -r objects lines < <(tail -n 1 "$work/compared")
echo "counted: $objects objects with $lines changed lines," \
	"$(find "$work/changed/kubectl" -type f | wc -l) of them replaced by kubectl"
finish
