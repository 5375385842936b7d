#!/usr/bin/env bash
# A repository behind a real sshd: whose key is accepted, in which forms known_hosts may have it, and
# who we are.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
begin_test
unset SSH_AUTH_SOCK
need git sshd ssh-keygen python3

# libgit2 1.5.1 keeps the known hosts of each SSH connection, libssh2 1.10 parts of ECDSA keys: one a process here.
printf 'leak:libssh2.so\nleak:libgit2.so\nleak:libcrypto.so\n' >lsan
export LSAN_OPTIONS=suppressions=$work/lsan:print_suppressions=0

make_shop
make_sshd
start_sshd ed25519 ecdsa rsa
user=$(id -un)
url=ssh://$user@127.0.0.1:$ssh_port$work/shop
mkdir credentials
cp ssh/user credentials/identity
fine='0 errors, 0 warnings in 1 file, at main@*'
cannot="tranche: cannot read $url: 127.0.0.1 port $ssh_port"

# expect WHAT STATUS MESSAGE
expect() {
	run "$tranche" validate --repo "$url" --git-credentials credentials
	check_run "$1" "$2" '' "$3"
}

fingerprint() {
	ssh-keygen -lf "$work/ssh/host_$1.pub" | cut -d' ' -f2
}

logins() {
	grep -c 'Accepted\|Failed\|authenticating user' ssh/log
}

# --- whose key is accepted ----------------------------------------------------------------------------

expect "no known_hosts at all" 5 "$cannot is not in $work/.ssh/known_hosts (its key: * SHA256:*); nothing was sent; check the key and add what ssh-keyscan -p $ssh_port 127.0.0.1 prints"
mkdir .ssh
known_hosts_of ed25519 >.ssh/known_hosts
expect "the user's own" 0 "$fine"
rm -r .ssh

for type in ed25519 ecdsa; do
	known_hosts_of $type >credentials/known_hosts
	expect "only an $type key is known" 0 "$fine"
done
known_hosts_of rsa ecdsa ed25519 >credentials/known_hosts
expect "all are known" 0 "$fine"
ssh-keygen -q -H -f credentials/known_hosts >/dev/null 2>&1
check_like "names are hashed" '|1|*' "$(<credentials/known_hosts)"
expect "hashed names" 0 "$fine"
known_hosts_of ed25519 | sed 's/^[^ ]*/example.org,127.0.0.?/' >credentials/known_hosts
expect "a pattern, without the port" 0 "$fine"

: >ssh/log
ssh-keygen -q -t ed25519 -N '' -f ssh/host_other
known_hosts_of other >credentials/known_hosts
expect "another key of that type" 5 "$cannot shows another key (ssh-ed25519 $(fingerprint ed25519)) than credentials/known_hosts has for it: it was replaced, or somebody is in between; nothing was sent"
known_hosts_of ed25519 | sed 's/^[^ ]*/[127.0.0.1]:1/' >credentials/known_hosts
expect "the key of another port" 5 "$cannot is not in credentials/known_hosts (its key: *); nothing was sent; *"
{
	known_hosts_of ed25519 ecdsa
	echo "@revoked * $(cut -d' ' -f1,2 ssh/host_ed25519.pub)"
} >credentials/known_hosts
expect "a revoked key" 5 "$cannot shows a key (ssh-ed25519 $(fingerprint ed25519)) that credentials/known_hosts calls revoked; nothing was sent"
check_equal "none of these tried to log in" 0 "$(logins)"

stop_sshd
start_sshd ecdsa
known_hosts_of ed25519 ecdsa >credentials/known_hosts
expect "one of the known keys is gone" 0 "$fine"
known_hosts_of ed25519 >credentials/known_hosts
expect "a type that is not known" 5 "$cannot and we agree on no type of key that credentials/known_hosts has for it; it shows ecdsa-sha2-nistp256 $(fingerprint ecdsa); nothing was sent; check that key and add it"
known_hosts_of ecdsa >credentials/known_hosts
run "$tranche" validate --repo "[$user@127.0.0.1:$ssh_port]:$work/shop" --git-credentials credentials
check_run "the short form of the URL" 0 '' "$fine"

# --- who we are ---------------------------------------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -f ssh/stranger
cp ssh/stranger credentials/identity
expect "a key that is not let in" 5 "tranche: cannot read $url: the server refuses the identity of credentials"
cat ssh/stranger.pub >>ssh/authorized
expect "let in" 0 "$fine"
cat ssh/user.pub >ssh/authorized
expect "no longer" 5 "tranche: cannot read $url: the server refuses the identity of credentials"
cp ssh/user credentials/identity
cp ssh/user.pub credentials/identity.pub
expect "with its public half" 0 "$fine"
rm credentials/identity.pub

ssh-keygen -q -t ed25519 -N 'a pass phrase' -f ssh/locked
cat ssh/locked.pub >>ssh/authorized
cp ssh/locked credentials/identity
expect "a locked key" 5 "tranche: cannot read $url: the identity of credentials cannot be used: is it a private key, and without a passphrase?"
echo 'not this phrase' >credentials/password
expect "a wrong passphrase" 5 "tranche: cannot read $url: the identity of credentials cannot be used: is it a private key, and password its passphrase?"
echo 'a pass phrase' >credentials/password
expect "the right one" 0 "$fine"
rm credentials/password

ssh-keygen -q -t ecdsa -N '' -f ssh/ecdsa
cat ssh/ecdsa.pub >>ssh/authorized
cp ssh/ecdsa credentials/identity
expect "an ECDSA key" 0 "$fine"
ssh-keygen -q -t rsa -N '' -f ssh/rsa
cat ssh/rsa.pub >>ssh/authorized
cp ssh/rsa credentials/identity
expect "an RSA key" 5 "tranche: cannot read $url: the server refuses the RSA identity (libssh2 signs with SHA-1, which newer servers refuse: use ed25519) of credentials"
echo garbage >credentials/identity
expect "no key" 5 "tranche: cannot read $url: the identity of credentials cannot be used: is it a private key, and without a passphrase?"
rm credentials/identity
expect "no identity" 5 "tranche: cannot read $url: the server refuses what there is of credentials"

# --- what is read ---------------------------------------------------------------------------------------

cp ssh/user credentials/identity
expect "as before" 0 "$fine"
run "$tranche" validate --repo "$url-gone" --git-credentials credentials
check_like "a repository that is not there" "tranche: cannot read $url-gone: *" "$err"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
