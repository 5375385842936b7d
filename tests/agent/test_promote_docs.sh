#!/usr/bin/env bash
# The sessions of docs/promote.md are what really happens.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
top=$PWD
PATH=$(realpath "${BUILD:-build}"):$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/support/clones.sh

# Ids of commits differ from one time to the next.
without_ids() {
	sed -E 's/\b[0-9a-f]{7}\b/COMMIT/g'
}

new_clone shop
cp "$top/examples/canary/web.yaml" .
commit "Three Pods of nginx 1.25.4"

# shellcheck disable=SC2016 # backquotes of Markdown
expected=$(sed -n '/^```console$/,/^```$/p' "$top/docs/promote.md" | grep -v '^```')
seen=$(grep '^\$ ' <<<"$expected" | while IFS= read -r line; do
	printf '%s\n' "$line"
	bash -c "${line#\$ }" 2>&1
done)
check_equal "the sessions of docs/promote.md" "$(without_ids <<<"$expected")" "$(without_ids <<<"$seen")"
check_equal "there are some" yes "$([ "$(wc -l <<<"$expected")" -gt 20 ] && echo yes)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
