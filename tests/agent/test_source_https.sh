#!/usr/bin/env bash
# A repository behind HTTPS: who is trusted, who we are, and what a server can do to us.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
begin_test
need git python3 openssl

make_shop
make_pki
serve_clone pki/server.crt pki/server.key
mkdir credentials
fine='0 errors, 0 warnings in 1 file, at main@*'

# expect WHAT STATUS MESSAGE [OPTION...]
expect() {
	local what=$1 status=$2 message=$3
	shift 3
	run "$tranche" validate --repo "$url" --git-credentials credentials "$@"
	check_run "$what" "$status" '' "$message"
}

# --- whom we trust ----------------------------------------------------------------------------------

run "$tranche" validate --repo "$url"
check_run "a certificate that nobody here has signed" 5 '' \
	"tranche: cannot read $url: the SSL certificate is invalid: *not correctly signed by the trusted CA"
cp pki/other-ca.crt credentials/ca.crt
expect "another CA" 5 "tranche: cannot read $url: the SSL certificate is invalid: *not correctly signed by the trusted CA"
echo garbage >credentials/ca.crt
expect "no CA at all" 5 "tranche: credentials credentials/ca.crt: failed to load CA certificates*"
cp pki/ca.crt credentials/ca.crt
expect "the right CA" 0 "$fine"
run "$tranche" validate --repo "https://127.0.0.1:$port/shop.git" --git-credentials credentials
check_run "another name than the certificate's" 5 '' "tranche: cannot read https://127.0.0.1:$port/shop.git: the SSL certificate is invalid: *does not match*"

# --- who we are -------------------------------------------------------------------------------------

echo 'basic ann:s3cr3t-one' >server/auth
expect "nothing to say" 5 "tranche: cannot read $url: the server refuses what there is of credentials"
echo ann >credentials/username
echo wrong-one >credentials/password
expect "a wrong password" 5 "tranche: cannot read $url: the server refuses the username and password of credentials"
printf 's3cr3t-one' >credentials/password
expect "the right one" 0 "$fine"
echo 'basic ann:s3cr3t-two' >server/auth
expect "after it was changed there" 5 "tranche: cannot read $url: the server refuses the username and password of credentials"
echo s3cr3t-two >credentials/password
expect "and here" 0 "$fine"

rm credentials/username credentials/password
run "$tranche" validate --repo "https://ann:s3cr3t-two@localhost:$port/shop.git" --git-credentials credentials
check_run "a password in the URL" 0 '' "$fine"
run "$tranche" validate --repo "https://ann:s3cr3t-not@localhost:$port/shop.git" --git-credentials credentials
check_run "a wrong one" 5 '' \
	"tranche: cannot read https://ann@localhost:$port/shop.git: the server refuses the password in the URL"
run grep -rl s3cr3t .cache
check_exact "no password stays in the clones" 1 '' ''

echo 'bearer token-12345' >server/auth
echo token-12345 >credentials/bearerToken
expect "a bearer token" 0 "$fine"
echo token-54321 >credentials/bearerToken
expect "a wrong one" 5 "tranche: cannot read $url: the server refuses the bearer token of credentials"
echo ann >credentials/username
expect "two identities" 5 'tranche: credentials credentials: both username and bearerToken; keep one of them'
rm credentials/username credentials/bearerToken server/auth

# --- folders that are no good -------------------------------------------------------------------------

run "$tranche" validate --repo "$url" --git-credentials nowhere
check_exact "no folder" 5 '' 'tranche: credentials nowhere: No such file or directory'
mkdir empty
run "$tranche" validate --repo "$url" --git-credentials empty
check_exact "nothing in it" 5 '' 'tranche: credentials empty: none of username, password, bearerToken, identity, known_hosts, ca.crt, tls.crt is there'

# A Secret as Kubernetes mounts it, and swaps it.
echo 'basic ann:rotated' >server/auth
mkdir -p mounted/..1 mounted/..2
for i in 1 2; do
	cp pki/ca.crt mounted/..$i
	echo ann >mounted/..$i/username
done
echo before >mounted/..1/password
echo rotated >mounted/..2/password
ln -s ..1 mounted/..data
for key in ca.crt username password; do
	ln -s ..data/$key mounted/$key
done
run "$tranche" validate --repo "$url" --git-credentials mounted
check_run "a mounted Secret" 5 '' "tranche: cannot read $url: the server refuses the username and password of mounted"
ln -sfn ..2 mounted/..data
run "$tranche" validate --repo "$url" --git-credentials mounted
check_run "swapped" 0 '' "$fine"
rm server/auth

# --- servers that misbehave ---------------------------------------------------------------------------

echo "redirect https://127.0.0.1:$port" >server/mode
expect "sent on to another host" 5 "tranche: cannot read $url: cannot redirect from 'localhost' to '127.0.0.1'"
echo "redirect http://localhost:$port" >server/mode
expect "sent on without TLS" 5 "tranche: cannot read $url: cannot redirect from 'https' to 'http'"

late="tranche: cannot read $url: the server took longer than 1 s (--fetch-timeout)"
for mode in hang hang-pack trickle; do
	echo "$mode" >server/mode
	rm -rf .cache
	expect "a server that does: $mode" 5 "$late" --fetch-timeout 1s
	run find .cache -name 'pack_git2_*' -o -path '*/refs/*.lock'
	check_exact "nothing is left behind: $mode" 0 '' ''
done
rm server/mode
expect "once it is well again" 0 "$fine"

# A server that takes the connection, and never says a word.
start_server mute python3 -c '
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
time.sleep(600)'
wait_until "the mute server is up" test -s mute
mute_port=$(<mute)
for mute in "https://localhost:$mute_port/shop" "http://localhost:$mute_port/shop" "git://localhost:$mute_port/shop" \
	"ssh://git@localhost:$mute_port/shop"; do
	run "$tranche" validate --repo "$mute" --fetch-timeout 1s
	check_exact "a mute server" 5 '' "tranche: cannot read $mute: the server took longer than 1 s (--fetch-timeout)"
done

# --- through a proxy ----------------------------------------------------------------------------------

run env HTTPS_PROXY=http://127.0.0.1:1 "$tranche" validate --repo "$url" --git-credentials credentials
check_run "a proxy that is not there" 5 '' "tranche: cannot read $url: failed to connect to 127.0.0.1: Connection refused"
start_proxy
run env HTTPS_PROXY="$proxy" "$tranche" validate --repo "$url" --git-credentials credentials
check_run "a proxy" 0 '' "$fine"
check_like "it was used" "CONNECT localhost:$port HTTP/1.1*" "$(<proxy.log)"
run env HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=localhost "$tranche" validate --repo "$url" --git-credentials credentials
check_run "NO_PROXY" 0 '' "$fine"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
