#!/usr/bin/env bash
# An app whose inventory does not fit one ConfigMap: it has parts, of which a change touches one, a crash among them
# loses nothing, and an app that shrinks has one ConfigMap again.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
count=3000
labels=app.kubernetes.io/managed-by=tranche,app.kubernetes.io/instance=large
tail=$(printf 'x%.0s' {1..150})

new_repo "$repo"

# write_maps FIRST COUNT VALUE: so many ConfigMaps into a file, with long names
write_maps() {
	python3 -c '
import sys
first, count, value, tail = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
for i in range(first, first + count):
    print("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm-%d-%s}\ndata: {k: %s}" % (i, tail, value))' \
		"$1" "$2" "$3" "$tail" >"$repo/maps-$1.yaml"
}

sync() {
	"$build/tranche" sync -n "$namespace" --app large --repo "$repo" "$@" 2>&1 | tail -n 1
}

# versions: of the ConfigMaps that are the inventory
versions() {
	kube get configmaps -l "$labels" -o 'jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion}{"\n"}{end}' | sort
}

sets() {
	versions | sed -n 's/^tranche-large[.]\([0-9a-f]*\)-.*/\1/p' | sort -u | wc -l
}

is_nearly_written() {
	[ "$(wc -l <"$work/first.log")" -ge $((count - 5)) ]
}

# changed BEFORE: how many of the inventory's ConfigMaps are others than before, or new
changed() {
	comm -13 "$1" <(versions) | wc -l
}

# --- a crash as the inventory is written ----------------------------------------------------------------------------

write_maps 0 10 a
write_maps 10 $((count - 10)) a
commit "$repo" "all"
"$build/tranche" sync -n "$namespace" --app large --repo "$repo" >"$work/first.log" 2>&1 &
first=$!
wait_for 120 is_nearly_written
kill -KILL "$first" 2>/dev/null
wait "$first" 2>/dev/null
sync >/dev/null
check_equal "after a crash all is found to be there" "$count in sync, at main@$(short_id "$repo")" "$(sync)"
check_equal "one set of parts is left" 1 "$(sets)"
versions >"$work/before"
check_equal "the head and its parts" 17 "$(wc -l <"$work/before")"
check_equal "the head names no objects" "" \
	"$(kube get configmap tranche-large -o 'jsonpath={.data.inventory\.json}' | grep -o '"objects"')"

# --- what a sync costs --------------------------------------------------------------------------------------------

check_equal "nothing to do" "$count in sync, at main@$(short_id "$repo")" "$(sync)"
check_equal "nothing is written then" 0 "$(changed "$work/before")"
sed -i '5s/a}/b}/' "$repo/maps-0.yaml"
commit "$repo" "one"
check_equal "one object" "1 replaced, $((count - 1)) in sync, at main@$(short_id "$repo")" "$(sync)"
check_equal "is in one part, and the head tells of the commit" 2 "$(changed "$work/before")"

# --- what people do with it ---------------------------------------------------------------------------------------

run "$build/tranche" suspend large -n "$namespace"
check_equal "suspend: exit status" 0 "$status" || printf '%s\n' "$out" "$err"
check_equal "it is heeded" "is suspended by" "$(sync | grep -o 'is suspended by')"
run "$build/tranche" resume large -n "$namespace"
check_equal "resume: exit status" 0 "$status" || printf '%s\n' "$out" "$err"
check_like "history" "*resume*suspend*sync*" \
	"$("$build/tranche" history large -n "$namespace" | awk '{ print tolower($0) }' | paste -sd' ')"

# --- another app meets it -----------------------------------------------------------------------------------------

git clone -q "$repo" "$work/other"
git -C "$work/other" rm -q maps-10.yaml
commit "$work/other" "a few of them"
"$build/tranche" sync -n "$namespace" --app other --repo "$work/other" >/dev/null 2>&1
git -C "$work/other" rm -q maps-0.yaml
: >"$work/other/README"
commit "$work/other" "none"
check_like "what the large app has is not another's to prune" "*" \
	"$("$build/tranche" sync -n "$namespace" --app other --repo "$work/other" --prune --prune-allow-empty 2>&1 | tail -n 1)"
check_equal "its objects are there" 10 "$(kube get configmaps -o name | grep -cE '/cm-[0-9]-')"

# --- it shrinks ---------------------------------------------------------------------------------------------------

git -C "$repo" rm -q maps-10.yaml
commit "$repo" "ten of them"
check_equal "the others are pruned" "$((count - 10)) pruned, 10 in sync, at main@$(short_id "$repo")" \
	"$(sync --prune --prune-limit 100%)"
check_equal "and one ConfigMap is the inventory" "tranche-large" "$(versions | cut -d= -f1)"
check_equal "that has all" 10 \
	"$(kube get configmap tranche-large -o 'jsonpath={.data.inventory\.json}' | grep -o '"name"' | wc -l)"

finish
