#!/usr/bin/env bash
# Signatures: made by the real git with ssh-keygen and gpg, of commits and tags, in a local and in a
# remote repository. What is not signed by an allowed key is refused.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
begin_test
trap 'end_servers; gpgconf --kill all 2>/dev/null; rm -rf "$work"' EXIT
need git python3 ssh-keygen gpg gpgv
export GNUPGHOME=$work/gnupg TMPDIR=$work/tmp
mkdir -m 700 gnupg
mkdir tmp ssh keys

for who in ann bob; do
	ssh-keygen -q -t ed25519 -N '' -C "$who" -f "ssh/$who"
	gpg --batch -q --pinentry-mode loopback --passphrase '' --quick-gen-key "$who <$who@example.org>" ed25519 sign never 2>gpg.log
done
make_shop
fine='0 errors, 0 warnings in 1 file, at *'

# sign WITH KEY COMMAND...: git in the repository, which signs that way.
sign() {
	local format=$1 signer=$2
	shift 2
	git -C shop -c gpg.format="$format" -c user.signingKey="$signer" "$@" 2>sign.log
}

# expect WHAT STATUS MESSAGE [OPTION...]
expect() {
	local what=$1 status=$2 message=$3
	shift 3
	run "$tranche" validate --repo shop --verify keys "$@"
	check_run "$what" "$status" '' "$message"
}

# --- the folder of keys -------------------------------------------------------------------------------

run "$tranche" validate --repo shop --verify nowhere
check_exact "no folder" 5 '' 'tranche: shop: --verify nowhere: No such file or directory'
expect "no key" 5 'tranche: shop: --verify keys: no key (?.pub, allowed_signers, ?.gpg, ?.asc)'

# --- SSH ----------------------------------------------------------------------------------------------

cp ssh/ann.pub keys/
expect "not signed" 5 'tranche: shop: main@??????? is not signed, and is not applied'
sign ssh "$work/ssh/ann.pub" commit -q -S --allow-empty -m 'by ann'
expect "by an allowed key" 0 "$fine"
sign ssh "$work/ssh/bob.pub" commit -q -S --allow-empty -m 'by bob'
expect "by another" 5 'tranche: shop: main@??????? is not signed by a key of keys, and is not applied (*)'
cp ssh/bob.pub keys/
expect "once it is allowed" 0 "$fine"
rm keys/bob.pub

git -C shop reset -q --hard HEAD~1
raw=$(git -C shop cat-file commit HEAD)
forged=$(printf '%s\n' "${raw/by ann/by eve}" | git -C shop hash-object -t commit -w --stdin)
git -C shop branch forged "$forged"
expect "changed after it was signed" 5 'tranche: shop: forged@??????? is not signed by a key of keys, and is not applied (*ncorrect signature*)' --ref forged
ssh-keygen -q -Y sign -n file -f ssh/ann </dev/null >tmp/other 2>/dev/null
tree=$(git -C shop rev-parse 'HEAD^{tree}')
other=$({
	printf 'tree %s\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\ngpgsig ' "$tree"
	sed '2,$s/^/ /' tmp/other
	printf '\nx\n'
} | git -C shop hash-object -t commit -w --stdin)
git -C shop branch other "$other"
expect "signed for another use" 5 'tranche: shop: other@??????? is not signed by a key of keys, and is not applied (*)' --ref other

rm keys/*
echo "ann@example.org namespaces=\"git\" $(<ssh/ann.pub)" >keys/allowed_signers
expect "allowed_signers" 0 "$fine"
echo "ann@example.org namespaces=\"file\" $(<ssh/ann.pub)" >keys/allowed_signers
expect "allowed for another use" 5 'tranche: shop: main@??????? is not signed by a key of keys, and is not applied (*)'
echo "ann@example.org valid-before=\"20200101\" $(<ssh/ann.pub)" >keys/allowed_signers
expect "allowed until before" 5 'tranche: shop: main@??????? is not signed by a key of keys, and is not applied (*)'
rm keys/*

# --- OpenPGP ------------------------------------------------------------------------------------------

gpg --batch -q --export ann >keys/ann.gpg
expect "an SSH signature, and OpenPGP keys only" 5 'tranche: shop: main@??????? is signed with SSH, and --verify keys has no SSH key (?.pub, allowed_signers)'
sign openpgp ann commit -q -S --allow-empty -m 'by ann, with gpg'
expect "by an allowed OpenPGP key" 0 "$fine"
sign openpgp bob commit -q -S --allow-empty -m 'by bob, with gpg'
expect "by another OpenPGP key" 5 'tranche: shop: main@??????? is not signed by a key of keys, and is not applied (gpgv: *)'
gpg --batch -q --armor --export bob >keys/bob.asc
expect "armoured, next to a binary one" 0 "$fine"
git -C shop reset -q --hard HEAD~1
expect "both count" 0 "$fine"
rm keys/ann.gpg keys/bob.asc
gpg --batch -q --armor --export bob ann >keys/both.asc
expect "two in one file" 0 "$fine"
cp ssh/ann.pub keys/
rm keys/both.asc
expect "an OpenPGP signature, and SSH keys only" 5 'tranche: shop: main@??????? is signed with OpenPGP, and --verify keys has no such key (?.gpg, ?.asc)'
echo '-----BEGIN PGP PUBLIC KEY BLOCK-----' >keys/broken.asc
expect "a key that is cut off" 5 'tranche: shop: keys/broken.asc: a key block that cannot be read'
rm keys/broken.asc

# --- tags ---------------------------------------------------------------------------------------------

git -C shop commit -q --allow-empty -m 'not signed'
git -C shop tag plain
git -C shop tag -a -m annotated annotated
sign ssh "$work/ssh/ann.pub" tag -s -m 'by ann' v1.0.0
sign ssh "$work/ssh/bob.pub" tag -s -m 'by bob' v2.0.0
git -C shop update-ref refs/tags/v3.0.0 "$(git -C shop rev-parse v1.0.0)"
expect "a signed tag of an unsigned commit" 0 "$fine" --ref v1.0.0
expect "by its full name" 0 "$fine" --ref refs/tags/v1.0.0
expect "a tag by another" 5 'tranche: shop: v2.0.0@??????? is not signed by a key of keys, and is not applied (*)' --ref v2.0.0
expect "an old tag under a new name" 5 'tranche: shop: the tag v3.0.0 is that of v1.0.0 under another name, and is not applied' --ref 'semver:*'
expect "a tag that is not signed" 5 'tranche: shop: annotated@??????? is not signed, and is not applied' --ref annotated
expect "a tag that is only a name" 5 'tranche: shop: plain@??????? is not signed, and is not applied' --ref plain

# --- a remote one -------------------------------------------------------------------------------------

serve_clone
run "$tranche" validate --repo "$url" --verify keys --ref v1.0.0
check_run "a signed tag, fetched" 0 '' "$fine"
run "$tranche" validate --repo "$url" --verify keys
check_run "an unsigned commit, fetched" 5 '' "tranche: $url: main@??????? is not signed, and is not applied"
run find .cache tmp -name 'tranche-verify*'
check_exact "nothing is left behind" 0 '' ''

# --- programs -----------------------------------------------------------------------------------------

mkdir bin
run env PATH="$work/bin" "$tranche" validate --repo shop --verify keys --ref v1.0.0
check_exact "ssh-keygen is not there" 5 '' 'tranche: shop: ssh-keygen, which checks signatures, is not installed'
printf '#!/bin/sh\nexit 1\n' >bin/ssh-keygen
chmod +x bin/ssh-keygen
run env PATH="$work/bin:$PATH" "$tranche" validate --repo shop --verify keys --ref v1.0.0
check_run "it fails" 5 '' 'tranche: shop: v1.0.0@??????? is not signed by a key of keys, and is not applied ()'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
