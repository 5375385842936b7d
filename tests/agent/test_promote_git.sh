#!/usr/bin/env bash
# Commits and pushes as the user's git would make them: identity, hooks, signatures, filters, upstreams.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=$(realpath "${BUILD:-build}")/tranche
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/support/clones.sh

promote() {
	run "$@" "$tranche" promote web
}

who() {
	git log -1 --format='%an <%ae> %cn <%ce>'
}

new_clone clone
web_manifest 99 'nginx:2' 99 >web.yaml
commit one

# --- who commits ----------------------------------------------------------------------------------

promote env GIT_AUTHOR_NAME=Au GIT_AUTHOR_EMAIL=au@x GIT_COMMITTER_NAME=Co GIT_COMMITTER_EMAIL=co@x
check_run "variables" 0 "*" ""
check_equal "variables decide" "Au <au@x> Co <co@x>" "$(who)"
git config author.name Author
git config committer.email committer@example.org
promote env
check_equal "author.* and committer.* decide" "Author <ann@example.org> Ann Example <committer@example.org>" "$(who)"
git config --unset author.name
git config --unset committer.email

promote env GIT_AUTHOR_DATE='2001-02-03T04:05:06+0000'
check_run "a date" 0 "*" ""
check_equal "a date is git's to read" 2001-02-03 "$(git log -1 --format=%as)"
promote env GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=Other
check_equal "settings by variables are git's to read" "Other <ann@example.org> Other <ann@example.org>" "$(who)"

git config --global --unset user.email
id=$(git rev-parse HEAD)
promote env
check_run "no identity" 5 "*" 'tranche: nothing was committed: who commits is not known: git config --global user.name "You" and git config --global user.email you@example.com'
untouched "no identity" "$id" ""
promote env EMAIL=mail@example.org
check_equal "EMAIL" "Ann Example <mail@example.org> Ann Example <mail@example.org>" "$(who)"
git config --global user.email ann@example.org

# --- hooks ----------------------------------------------------------------------------------------

hook() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

echo 'staged' >other.txt
git add other.txt
# shellcheck disable=SC2016 # the hook's own
hook .git/hooks/commit-msg 'echo >>"$1"; echo "Reviewed-by: Bob" >>"$1"'
promote env GIT_DIR=/nowhere
check_run "a hook that adds to the message" 0 "*" ""
check_equal "the hook did" "Reviewed-by: Bob" "$(git log -1 --format=%b)"
check_equal "with a hook too, other staged files stay out" "web.yaml A  other.txt" \
	"$(git show --format= --name-only) $(git status --porcelain)"
rm .git/hooks/commit-msg

hook .git/hooks/pre-commit 'echo "no commits on Fridays"; exit 1'
id=$(git rev-parse HEAD)
promote env
check_run "a hook that refuses" 5 "web.yaml:18: web: partition * -> *" 'no commits on Fridays
tranche: nothing was committed: git commit ended with 1'
untouched "a hook that refuses" "$id" "A  other.txt"
promote env PATH=/nowhere
check_run "a hook, and no git" 5 "*" 'tranche: nothing was committed: the hook pre-commit asks for git: there is no git on PATH'
untouched "a hook, and no git" "$id" "A  other.txt"
chmod -x .git/hooks/pre-commit
promote env
check_run "a hook that is switched off" 0 "*" ""
mv web.yaml 'w[1]*.yaml'
commit 'an odd name' 2>/dev/null
rm .git/hooks/pre-commit
mkdir hooks
hook hooks/pre-commit 'exit 1'
git config core.hooksPath hooks
promote env
check_run "core.hooksPath" 5 "*" "*git commit ended with 1"
hook hooks/pre-commit 'exit 0'
promote env
check_run "an odd name" 0 "w[[]1]*[*].yaml:18: *" ""
check_equal "only that file is in it" 'w[1]*.yaml' "$(git show --format= --name-only)"
git config --unset core.hooksPath
rm -r hooks
git mv 'w[1]*.yaml' web.yaml
commit 'a name'
git reset -q --hard

# --- signatures, filters --------------------------------------------------------------------------

if command -v ssh-keygen >/dev/null; then
	ssh-keygen -q -t ed25519 -N '' -f "$work/key"
	git config gpg.format ssh
	git config user.signingKey "$work/key.pub"
	git config commit.gpgSign true
	promote env
	check_run "a signed commit" 0 "*" ""
	check_equal "it has a signature" 1 "$(git cat-file commit HEAD | grep -c 'BEGIN SSH SIGNATURE')"
	git config commit.gpgSign false
else
	echo "  no ssh-keygen: signatures are not tried"
fi
git config filter.upper.clean "sed 's/the rest/THE REST/'"
git config filter.upper.smudge cat
echo '*.yaml filter=upper' >.gitattributes
commit attributes
git add --renormalize . && git commit -qm renormalize >/dev/null
promote env
check_run "a filter" 0 "*" ""
check_equal "the filter was run" 1 "$(git show HEAD:web.yaml | grep -c 'THE REST')"
git rm -q .gitattributes
commit 'no attributes'

# --- line ends ------------------------------------------------------------------------------------

new_clone ends
git config core.autocrlf true
web_manifest 3 'nginx:2' 3 | sed 's/$/\r/' >web.yaml
git add . 2>/dev/null
git commit -qm one
promote env
check_run "core.autocrlf" 0 "web.yaml:18: web: partition 3 -> 2*" ""
check_equal "the work tree keeps CRLF" 18 "$(grep -c $'\r$' web.yaml)"
check_equal "the commit has LF" 0 "$(git show HEAD:web.yaml | grep -c $'\r$')"
all_as_committed "core.autocrlf"

# --- a linked work tree ---------------------------------------------------------------------------

git config core.autocrlf false
git worktree add -q ../linked -b linked
cd ../linked || exit 2
promote env
check_run "a linked work tree" 0 "*
\[linked ???????\] Promote web to partition 1 (Pod web-1 takes nginx:2)" ""
all_as_committed "a linked work tree"

# --- push -----------------------------------------------------------------------------------------

push() {
	run "$tranche" promote web --push "$@"
}

git init -q --bare "$work/upstream.git"
new_clone pusher
web_manifest 9 'nginx:2' 9 >web.yaml
commit one
id=$(git rev-parse HEAD)
push
check_exact "no upstream" 5 "" "tranche: the branch main has no upstream: git push --set-upstream REMOTE main"
untouched "no upstream" "$id" ""
git remote add origin "$work/upstream.git"
git push -q -u origin main
push
check_run "a push" 0 '*
\[main ???????\] Promote web to partition 8 (Pod web-8 takes nginx:2)
pushed to origin/main' ""
check_equal "it is there" "$(git rev-parse HEAD)" "$(git -C "$work/upstream.git" rev-parse main)"
echo more >more.txt
commit earlier
push --dry-run
check_run "a dry run says what else would go" 0 '*
  --push takes 1 earlier commit of main along
*' ""
git clone -q "$work/upstream.git" ../second
(cd ../second && echo x >x.txt && commit second && git push -q)
push
check_run "somebody else was first" 5 '*
  --push takes 1 earlier commit of main along
\[main ???????\] Promote web to partition 7 (Pod web-7 takes nginx:2)' "*rejected*
tranche: commit ??????? is made but not pushed; if origin/main has moved: git pull --rebase, then git push: git push ended with 1"
git pull -q --rebase
git push -q
check_equal "what is advised works" "$(git rev-parse HEAD)" "$(git -C "$work/upstream.git" rev-parse main)"
git remote set-url origin "$work/gone.git"
push
check_run "an upstream that is gone" 5 '*' "*tranche: commit ??????? is made but not pushed*: git push ended with 128"
git push -q "$work/upstream.git" main
git remote set-url origin "$work/upstream.git"

# Another branch's name upstream, and a clone that is a shallow one.
git checkout -q -b mine
git branch -q -u origin/main
git fetch -q
push
check_run "an upstream of another name" 0 '*
\[mine ???????\] *
pushed to origin/main' ""
git clone -q --depth 1 "file://$work/upstream.git" ../shallow
cd ../shallow || exit 2
push
check_run "from a shallow clone" 0 '*
pushed to origin/main' ""

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
