#!/usr/bin/env bash
# The agent through a long day of its repository: credentials rotated under it, a server that hangs, a
# branch that goes and comes back, unsigned commits. Each trouble is told when it begins and when it ends,
# and what was applied stays.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
need git python3 openssl ssh-keygen kubectl

make_shop
make_pki
mkdir credentials keys ssh
ssh-keygen -q -t ed25519 -N '' -f ssh/ann
cp ssh/ann.pub keys/
cp pki/ca.crt credentials/
git -C shop config gpg.format ssh
git -C shop config user.signingKey "$work/ssh/ann.pub"
git -C shop config commit.gpgSign true
git -C shop commit -q --amend --no-edit
serve_clone pki/server.crt pki/server.key

echo 'basic ann:first-password' >server/auth
echo ann >credentials/username
echo first-password >credentials/password
start_kubesim

start_agent --repo "$url" --git-credentials credentials --verify keys --interval 200ms --fetch-timeout 8s --app shop

push() {
	commit_shop "$1" "commit $1"
	git -C shop push -q -f origin main
}

applied 1

echo 'basic ann:second-password' >server/auth
tells "the server refuses the username and password of credentials"
echo second-password >credentials/password
tells 'the source works again'
push 2
applied 2

echo hang >server/mode
tells "the server took longer than 8 s (--fetch-timeout)"
rm server/mode
tells 'the source works again' 2

git -C shop config commit.gpgSign false
push 3
tells 'is not signed, and is not applied'
check_equal "the last good one stays" 2 "$(kubectl get configmap a -o 'jsonpath={.data.v}')"
git -C shop config commit.gpgSign true
push 4
tells 'the source works again' 3
applied 4

git -C server/repos/shop.git update-ref -d refs/heads/main
tells "$url: the repository has no commit yet"
check_equal "what was applied stays" 4 "$(kubectl get configmap a -o 'jsonpath={.data.v}')"
git -C shop push -q origin main
tells 'the source works again' 4

git -C shop reset -q --hard HEAD~2
push 5
tells '(history was rewritten: the commit before is not in it)'
applied 5

run grep -E 'first-password|second-password' agent.log
check_exact "no password is logged" 1 '' ''
end_agent "it ends well"
wait_until "no process that fetches is left, which would hold the clone's lock" \
	flock -n .cache/tranche/*/tranche.lock true

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
