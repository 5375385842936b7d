#!/usr/bin/env bash
# docs/alerts.md has the table of kinds as the program prints it, and what to do for each.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=${BUILD:-build}/tranche
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2016 # backticks of Markdown
documented=$(sed -n 's/^| `\([a-z-]*\)` | \(info\|warning\|critical\) | [a-z]* | \(.*\) |$/\1 \2 \3/p' docs/alerts.md)
printed=$("$tranche" alerts | sed 's/^ *//; s/  */ /g')
check_equal "the table" "$printed" "$documented"

headings=$(sed -n '/^## What to do/,$ s/^### //p' docs/alerts.md | sed 's/, /\n/g' | sort)
check_equal "an entry for each kind" "$(cut -d' ' -f1 <<<"$printed" | sort)" "$headings"

run "$tranche" alerts tst
check_exact "another word" 2 "" "tranche: 'tranche alerts' takes \"test\" or nothing, not \"tst\""
run "$tranche" alerts test
check_exact "a test without sinks" 2 "" "tranche: 'tranche alerts test' wants --config FILE"
printf 'apiVersion: tranche.dev/v1\nkind: Config\napps: []\nalerts: {sinks: [%s]}\n' \
	'{name: chat, type: command, command: ["true"]}, {name: pager, type: command, command: ["true"]}' >"$work/config.yaml"
run "$tranche" alerts test --config "$work/config.yaml" --sink pagr
check_exact "a sink that is not there" 2 "" "tranche: there is no sink \"pagr\"; there are: chat, pager"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
