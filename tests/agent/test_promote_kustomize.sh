#!/usr/bin/env bash
# Kustomizations: the text that decides a field is the one that is edited. `kubectl kustomize` is the
# oracle: what it builds after the commit differs from what it built before in the one value.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=$(realpath "${BUILD:-build}")/tranche
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v kubectl >/dev/null; then
	echo "there is no kubectl on PATH; \"make deps\" installs one" >&2
	echo "0 passed, 1 failed"
	exit 1
fi
. tests/support/clones.sh

# merge_patch NAME SPEC
merge_patch() {
	printf 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: %s\nspec: %s\n' "$1" "$2"
}

partition() {
	printf '{updateStrategy: {rollingUpdate: {partition: %s}}}' "$1"
}

pointer=/spec/updateStrategy/rollingUpdate/partition

# new_tree NAME: base/ with web.yaml, and an empty prod/.
new_tree() {
	new_clone "$1"
	mkdir base prod
	web_manifest 5 nginx:2 3 >base/web.yaml
	echo 'resources: [web.yaml]' >base/kustomization.yaml
}

build() {
	kubectl kustomize "$1" 2>/dev/null
}

# changes_one WHAT FILE FROM TO COMMAND...: in `prod`, one line of what is built, and one of FILE.
changes_one() {
	local what=$1 file=$2 before after

	before=$(build prod)
	check_equal "$what: it builds" yes "$([ -n "$before" ] && echo yes)"
	run "$tranche" "${@:5}" -C prod
	check_run "$what" 0 "$file:*" ""
	after=$(build prod)
	check_equal "$what: what is built" "$3
$4" "$(diff <(echo "$before") <(echo "$after") | sed -n 's/^[<>] *//p')"
	check_equal "$what: the file" "$file" "$(git show --format= --name-only)"
	all_as_committed "$what"
}

# refused WHAT STATUS MESSAGE COMMAND...
refused() {
	local what=$1 id

	id=$(git rev-parse HEAD)
	run "$tranche" "${@:4}"
	check_exact "$what" "$2" "" "tranche: $3"
	untouched "$what" "$id" ""
}

# --- where the partition stands -------------------------------------------------------------------

new_tree base
echo 'resources: [../base]' >prod/kustomization.yaml
commit one
changes_one "in the base" base/web.yaml "partition: 3" "partition: 2" promote web

new_tree patch
echo 'resources: [../base]
patches: [{path: patch.yaml}]' >prod/kustomization.yaml
merge_patch web "$(partition 4)" >prod/patch.yaml
commit one
changes_one "in a patch over the base" prod/patch.yaml "partition: 4" "partition: 3" promote web

new_tree legacy
echo 'bases: [../base]
patchesStrategicMerge:
- patch.yaml
- |-
  apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: web}
  spec:
    updateStrategy:
      rollingUpdate:
        partition: 2 # inline' >prod/kustomization.yaml
merge_patch web "$(partition 4)" >prod/patch.yaml
commit one
changes_one "inline, as older ones have it" prod/kustomization.yaml "partition: 2" "partition: 1" promote web

new_tree inline
echo 'resources: [../base]
patches:
- target: {kind: StatefulSet}
  patch: |
    - op: test
      path: /kind
      value: StatefulSet
    - op: replace
      path: '$pointer'
      value: 5
- path: patch.yaml' >prod/kustomization.yaml
merge_patch web '{minReadySeconds: 3}' >prod/patch.yaml
commit one
changes_one "an inline JSON patch" prod/kustomization.yaml "partition: 5" "partition: 4" promote web

new_tree json6902
echo 'namePrefix: shop-
resources: [../base]
patchesJson6902:
- target: {group: apps, version: v1, kind: StatefulSet, name: web}
  path: patch.json
patches:
- path: patch.yaml
replicas: [{name: web, count: 8}]' >prod/kustomization.yaml
echo '[{"op": "replace", "path": "'$pointer'", "value": 8}]' >prod/patch.json
merge_patch web "$(partition 4)" >prod/patch.yaml
commit one
changes_one "JSON patches come last, under another name" prod/patch.json "partition: 8" "partition: 6" promote shop-web --by 2
refused "the name before the prefix" 2 'there is no StatefulSet "web" below prod in the last commit of main; did you mean "shop-web"?' promote web -C prod

new_tree layers
mkdir middle part
echo 'resources: [../base]
patches: [{path: patch.yaml}]' >middle/kustomization.yaml
merge_patch web "$(partition 4)" >middle/patch.yaml
echo 'kind: Component
apiVersion: kustomize.config.k8s.io/v1alpha1
patches: [{path: patch.yaml}]' >part/kustomization.yaml
merge_patch web "$(partition 5)" >part/patch.yaml
echo 'resources: [../middle]
components: [../part]' >prod/kustomization.yaml
commit one
changes_one "a component over layers" part/patch.yaml "partition: 5" "partition: 4" promote web

new_tree insert
echo 'resources: [../base]
patches: [{path: patch.yaml}]' >prod/kustomization.yaml
merge_patch web '
  replicas: 7' >prod/patch.yaml
commit one
sed -i '/updateStrategy/,$d' base/web.yaml
commit "no partition"
refused "a partition that is not there is 0" 1 "web: there is nothing to promote: the partition is 0" promote web -C prod
run "$tranche" promote web -C prod --to 3 --force
check_run "inserted into the patch" 0 'prod/patch.yaml:7: web: partition 0 -> 3*' ""
check_equal "it is built" "partition: 3" "$(build prod | sed -n 's/^ *\(partition: .*\)/\1/p')"
run "$tranche" hold web -C prod
check_run "hold" 0 'prod/patch.yaml:5: web: tranche.dev/hold true*' ""
check_equal "it is built, too" 'tranche.dev/hold: "true"' "$(build prod | sed -n 's/^ *\(tranche.dev.*\)/\1/p')"

# --- images ---------------------------------------------------------------------------------------

new_tree images
sed -i 's/partition: 3/partition: 0/' base/web.yaml
echo 'resources: [../base]
images:
- name: nginx
  newTag: "1" # the tag
patches: [{path: patch.yaml}]' >prod/kustomization.yaml
merge_patch web "$(partition 0)" >prod/patch.yaml
commit one
sed -i 's/newTag: "1"/newTag: "2"/' prod/kustomization.yaml
merge_patch web "$(partition 2)" >prod/patch.yaml
commit two
before=$(build prod)
run "$tranche" promote web -C prod
check_run "the image that comes out" 0 '*
  Pod web-1 takes nginx:2
*' ""
run "$tranche" rollback web -C prod
check_run "rollback in images" 0 'prod/kustomization.yaml:4: web: image of nginx nginx:2 -> nginx:1
prod/patch.yaml:5: web: partition 1 -> 0
*' ""
check_equal "rollback: what is built" "image: nginx:2
partition: 2
image: nginx:1
partition: 0" "$(diff <(echo "$before") <(build prod) | sed -n 's/^[<>] *//p' | awk '/image|partition/' | sed 's/^- //' |
	awk '{l[NR] = $0} END {print l[1]; print l[3]; print l[2]; print l[4]}')"
check_equal "rollback: the line" '  newTag: "1" # the tag' "$(grep newTag prod/kustomization.yaml)"

# --- what is not guessed --------------------------------------------------------------------------

new_tree shared
mkdir staging
echo 'resources: [../base]' | tee prod/kustomization.yaml >staging/kustomization.yaml
commit one
refused "two overlays" 2 '"web" may mean several StatefulSets: the kustomization in prod, the kustomization in staging; name a folder with -C, or a namespace with -n' promote web
refused "a base that two overlays share" 4 "base/web.yaml sets the value, and the kustomization in staging uses it too: give prod a patch of its own for it" promote web -C prod
mkdir all
echo 'resources: [../prod]' >all/kustomization.yaml
rm -r staging
commit "one overlay"
changes_one "a base of one overlay that another one holds" base/web.yaml "partition: 3" "partition: 2" promote web

new_tree several
web_manifest 5 nginx:2 3 db >base/db.yaml
echo 'resources: [web.yaml, db.yaml]' >base/kustomization.yaml
echo 'resources: [../base]
patches:
- target: {kind: StatefulSet}
  path: patch.yaml' >prod/kustomization.yaml
merge_patch any "$(partition 4)" >prod/patch.yaml
commit one
refused "a patch for several" 4 "prod/patch.yaml: what sets the value is for 2 objects: give this one a patch of its own" promote web -C prod

new_tree obscure
echo 'resources: [../base]
replacements: [{path: r.yaml}]' >prod/kustomization.yaml
commit one
refused "replacements" 4 "prod/kustomization.yaml uses replacements, which may set the value too" promote web -C prod
echo 'resources: [../base, missing.yaml]' >prod/kustomization.yaml
commit two
refused "a resource that is not there" 5 "prod/kustomization.yaml: missing.yaml: prod/missing.yaml: there is no kustomization.yaml" promote web -C prod

# A folder without a kustomization of its own, with one that is used and files that none names.
new_tree plain
echo 'resources: [../base]' >prod/kustomization.yaml
web_manifest 3 nginx:2 3 loose >prod/loose.yaml
commit one
run "$tranche" promote loose
check_run "a file that no kustomization names" 0 'prod/loose.yaml:18: loose: partition 3 -> 2*' ""
run "$tranche" promote web
check_run "the only kustomization that makes it" 0 'base/web.yaml:18: web: partition 3 -> 2*' ""

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
