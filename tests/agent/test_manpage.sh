#!/usr/bin/env bash
# The man page names every command, option and exit code that the program's own help does.
set -u
cd "$(dirname "$0")/../.." || exit 2
tranche=${BUILD:-build}/tranche
page=$(sed 's/\\-/-/g; s/^\.B[RI]* //; s/" *,* *"//g' docs/tranche.1)
passed=0 failed=0

check() {
	if grep -qE -- "$2" <<<"$page"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "docs/tranche.1 does not name $1"
	fi
}

commands=$("$tranche" help | sed -n '/^Commands:/,/^$/p' | awk '/^  /{print $1}')
[ -n "$commands" ] || { echo "no commands in the help"; failed=1; }
for command in $commands; do
	check "command $command" "^(tranche )?$command"
	[ "$command" = help ] && continue
	for option in $("$tranche" help "$command" | grep -oE -- '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
		check "option $option of $command" "(^|[ ,])$option([ ,]|$)"
	done
done
while read -r code meaning; do
	check "exit code $code" "^$meaning\$"
done < <("$tranche" help | sed -n '/^Exit codes:/,/^$/p' | grep '^  ')

if ! "$tranche" version | grep -qx "tranche $(sed -n 's/^.TH TRANCHE 1 "[^"]*" "tranche \([^"]*\)".*/\1/p' docs/tranche.1)"; then
	failed=$((failed + 1))
	echo "docs/tranche.1 is of another version than the program"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
