#!/usr/bin/env bash
# Completion: what the program offers, and what bash, zsh and fish make of it on a terminal.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
cd "$(dirname "$0")/../.." || exit 2
support=$PWD/tests/support
tranche=$(realpath "${BUILD:-build}/tranche")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
leave_user_settings
need git python3
PATH=$(dirname "$tranche"):$PATH
cd "$work" || exit 2

make_shop
git -C shop branch release
git -C shop tag v1.4.0
cat >kube.yaml <<'END'
apiVersion: v1
kind: Config
contexts:
- {name: dev, context: {cluster: laptop, user: me}}
- {name: "arn:aws:eks:eu-1:prod", context: {cluster: eks, user: me}}
END
export KUBECONFIG=$work/kube.yaml
mkdir folder
touch folder/file.yaml

# offered WORD...: the candidates without what they are.
offered() {
	tranche __complete "$@" | cut -f1 | paste -sd' '
}

# offers WHAT EXPECTED WORD...
offers() {
	check_equal "$1" "$2" "$(offered "${@:3}")"
}

# --- what the program offers ---------------------------------------------------------------------------

commands=$("$tranche" help | sed -n '/^Commands:/,/^$/p' | awk '/^  /{print $1}' | paste -sd' ')
offers "all commands" "$commands" ""
offers "commands by their beginning" "status" stat
offers "commands that help knows" "diff" help di
for command in $commands; do
	[ "$command" != help ] || continue
	# Every option of the command's help.
	options=$("$tranche" help "$command" | sed '/^Usage:/,$!d' | grep -oE -- '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | paste -sd' ')
	offers "all options of $command" "${options:+$options }--help" "$command" --
done
offers "options by their beginning" "--log-format --log-level" run --log
offers "nothing where no option begins so" "" run --nothing
offers "an option that was given is not offered again" "--context" diff --config x --contex
offers "choices" "text unified markdown json" diff --output ""
offers "choices by their beginning" "markdown" diff --output m
offers "choices behind =" "--output=json" diff --output=j
offers "choices of a letter" "table wide json" status -o ""
offers "choices of an option cut short" "debug" run --log-l de
offers "what takes any value" "" run --app ""
offers "files" ":files" run --config ""
offers "files or folders" ":files" diff -f ""
offers "folders" ":folders" run --repo ""
offers "folders behind =" ":folders" run --repo=sh
# Git is given two seconds, which a machine that is busy may take.
wait_equal "branches and tags" 30 "main release v1.4.0" offered diff --repo shop --from ""
wait_equal "those of a repository behind =" 30 "release" offered diff --repo=shop --from rel
offers "no branches without a repository" "" diff --from ""
offers "contexts" "dev arn:aws:eks:eu-1:prod" diff --context ""
offers "contexts of another file" "" diff --kubeconfig nowhere --context ""
offers "shells" "bash zsh fish" completion ""
offers "nothing behind an unknown command" "" nothing ""
offers "an option's value is no option" "--wait" sync -n --dry-run --wai
offers "no options after --" "" diff -- --out
offers "all options where nothing else can follow" "--help" version ""

run tranche completion csh
check_exact "another shell" 2 "" 'tranche: no completion for "csh"; there is one for bash, zsh and fish'

# --- what shells make of it ------------------------------------------------------------------------------

lines=('tranche stat' 'tranche diff --outp' 'tranche diff --output m' 'tranche diff --output=m' 'tranche run --config fol'
	'tranche run --config=fol' 'tranche diff -f folder/fi' 'tranche diff --repo shop --from v' 'tranche diff --context arn:aws:e'
	'tranche diff --context d' 'tranche run --repo sh')
made='tranche status |tranche diff --output |tranche diff --output markdown |tranche diff --output=markdown |tranche run --config folder/
tranche run --config=folder/|tranche diff -f folder/file.yaml |tranche diff --repo shop --from v1.4.0 |tranche diff --context arn:aws:eks:eu-1:prod |tranche diff --context dev |tranche run --repo shop/'
made=${made//|/$'\n'}

# What zsh takes back when the next key is no letter, and fish does not show.
strip_ends() {
	sed 's,[ /]$,,'
}

for shell in bash zsh; do
	command -v "$shell" >/dev/null || continue
	run tranche completion "$shell"
	cp out "script.$shell"
	expected=$made
	[ "$shell" = bash ] || expected=$(strip_ends <<<"$made")
	for _ in 1 2 3; do # Git's two seconds again
		run python3 "$support/press_tab.py" "$shell" "$work/script.$shell" "${lines[@]}"
		[ "$out" != "$expected" ] || break
	done
	check_exact "$shell" 0 "$expected" ""
done

if command -v fish >/dev/null; then
	run tranche completion fish
	cp out script.fish
	made_by_fish() {
		for line in "${lines[@]}"; do
			# shellcheck disable=SC2016 # fish's own $argv
			run fish --no-config -c 'source script.fish; complete -C $argv[1]' "$line"
			echo "${line% *} $(cut -f1 <<<"$out" | paste -sd' ')"
		done | strip_ends
	}
	wait_equal fish 30 "$(strip_ends <<<"$made")" made_by_fish
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
