#!/usr/bin/env bash
# docs/config.schema.json and the reference in docs/config.md are as the program's own table of keys has
# it, and the schema agrees with what the program itself accepts. With --write both are written anew.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=${BUILD:-build}/tranche
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$tranche" validate --config-schema >"$work/schema.json" || exit 2
python3 tests/support/config_reference.py "$work/schema.json" docs/config.md >"$work/config.md" || exit 2
if [ "${1-}" = --write ]; then
	cp "$work/schema.json" docs/config.schema.json
	cp "$work/config.md" docs/config.md
fi
check_equal "docs/config.schema.json (mend it with $0 --write)" "$(<"$work/schema.json")" "$(<docs/config.schema.json)"
check_equal "docs/config.md (mend it with $0 --write)" "$(<"$work/config.md")" "$(<docs/config.md)"

# Each example of the page, and the one in examples/.
awk -v work="$work" '/^```yaml/ { file = work "/doc-" ++n ".yaml"; next } /^```/ { file = "" } file { print > file }' docs/config.md
for file in "$work"/doc-*.yaml examples/config/*.yaml; do
	grep -q '^kind: Config' "$file" || continue
	run "$tranche" validate --config "$file"
	check_exact "$file is fine" 0 "" "0 errors, 0 warnings in 1 file"
done

# The program and a real validator agree on what the schema can tell.
verdicts=$(python3 tests/support/config_verdicts.py docs/config.schema.json "$tranche" "${BUILD:-build}/yaml2json" \
	"$work" tests/fuzz/corpus/config "$work"/doc-*.yaml examples/config/*.yaml 2>&1)
check_like "the schema's verdicts" "*[0-9][0-9] files, all judged alike" "$verdicts"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
