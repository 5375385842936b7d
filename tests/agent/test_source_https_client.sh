#!/usr/bin/env bash
# A repository behind HTTPS that asks for a client certificate: who is let in, and that the server is
# looked at as closely as without one.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
begin_test
need git python3 openssl

make_shop
make_pki
mv pki/other.key pki/other-ca.key
make_client robot ca
make_client stranger other-ca
make_client second ca
serve_clone pki/server.crt pki/server.key pki/ca.crt
mkdir credentials
fine='0 errors, 0 warnings in 1 file, at main@*'

# expect WHAT STATUS MESSAGE: with a clone of its own, so that all of it is fetched.
expect() {
	rm -rf .cache
	run "$tranche" validate --repo "$url" --git-credentials credentials
	check_run "$1" "$2" '' "$3"
}

# be NAME: the client certificate of the credentials.
be() {
	cp "pki/$1.crt" credentials/tls.crt
	cp "pki/$1.key" credentials/tls.key
}

# --- who we are -------------------------------------------------------------------------------------

cp pki/ca.crt credentials
for tls in 1.2 1.3; do
	echo $tls >server/tls
	rm -f credentials/tls.*
	expect "no certificate, TLS $tls" 5 "tranche: cannot read $url: SSL error: *; if the server asks for a client certificate, put tls.crt and tls.key into the folder of --git-credentials"
	be stranger
	expect "one of another CA, TLS $tls" 5 "tranche: cannot read $url: the server refuses the client certificate of credentials: tlsv1 alert unknown ca"
	be robot
	expect "the right one, TLS $tls" 0 "$fine"
done

# A Secret that is swapped, and a clone that stays.
mkdir -p mounted/..1 mounted/..2
cp pki/ca.crt pki/robot.* mounted/..1
cp pki/ca.crt pki/stranger.* mounted/..2
for i in 1 2; do
	mv mounted/..$i/*.key mounted/..$i/tls.key
	rm -f mounted/..$i/*.csr
	for name in robot stranger; do
		[ ! -e mounted/..$i/$name.crt ] || mv mounted/..$i/$name.crt mounted/..$i/tls.crt
	done
done
ln -s ..2 mounted/..data
for key in ca.crt tls.crt tls.key; do
	ln -s ..data/$key mounted/$key
done
run "$tranche" validate --repo "$url" --git-credentials mounted
check_run "a mounted Secret" 5 '' "tranche: cannot read $url: the server refuses the client certificate of mounted: tlsv1 alert unknown ca"
ln -sfn ..1 mounted/..data
run "$tranche" validate --repo "$url" --git-credentials mounted
check_run "swapped" 0 '' "$fine"

echo 'basic ann:s3cr3t-one' >server/auth
expect "a password is asked for too" 5 "tranche: cannot read $url: the server refuses what there is of credentials"
echo ann >credentials/username
echo s3cr3t-one >credentials/password
expect "and given" 0 "$fine"
rm credentials/username credentials/password server/auth

run grep -rl 'PRIVATE KEY' .cache
check_exact "no key stays in the clones" 1 '' ''

# --- files that are no good ---------------------------------------------------------------------------

pair='tranche: credentials credentials: a client certificate needs both tls.crt and tls.key'
rm credentials/tls.key
expect "no key" 5 "$pair; tls.key is not there"
be robot
rm credentials/tls.crt
expect "no certificate" 5 "$pair; tls.crt is not there"
be robot
cp pki/second.key credentials/tls.key
expect "another's key" 5 'tranche: credentials credentials: tls.key is not the key of the certificate in tls.crt'
openssl genrsa -out credentials/tls.key 2048 2>/dev/null
expect "a key of another type" 5 'tranche: credentials credentials: tls.key is not the key of the certificate in tls.crt'
echo garbage >credentials/tls.key
expect "no key at all" 5 'tranche: credentials credentials/tls.key: not a private key as PEM'
openssl ec -in pki/robot.key -aes128 -passout pass:secret -out credentials/tls.key 2>/dev/null
expect "a passphrase" 5 'tranche: credentials credentials/tls.key: has a passphrase; only a key without one can be used'
be robot
echo garbage >credentials/tls.crt
expect "no certificate at all" 5 'tranche: credentials credentials/tls.crt: not a certificate (or several) as PEM'
{ cat pki/robot.crt; sed 's/^MII./----/' pki/ca.crt; } >credentials/tls.crt
expect "a chain with a broken link" 5 'tranche: credentials credentials/tls.crt: not a certificate (or several) as PEM'
cat pki/robot.crt pki/ca.crt >credentials/tls.crt
expect "a chain" 0 "$fine"
be robot

# --- whom we trust ------------------------------------------------------------------------------------

cp pki/other-ca.crt credentials/ca.crt
expect "another CA" 5 "tranche: cannot read $url: the SSL certificate is invalid: it is not correctly signed by the trusted CA"
rm credentials/ca.crt
expect "the system's CAs" 5 "tranche: cannot read $url: the SSL certificate is invalid: it is not correctly signed by the trusted CA"
echo garbage >credentials/ca.crt
expect "no CA at all" 5 'tranche: credentials credentials/ca.crt: not a certificate (or several) as PEM'
cat pki/other-ca.crt pki/ca.crt >credentials/ca.crt
expect "two CAs" 0 "$fine"
cp pki/ca.crt credentials
run "$tranche" validate --repo "https://127.0.0.1:$port/shop.git" --git-credentials credentials
check_run "another name than the certificate's" 5 '' "tranche: cannot read https://127.0.0.1:$port/shop.git: the SSL certificate is invalid: it does not match the name 127.0.0.1"

# --- the way there ------------------------------------------------------------------------------------

start_proxy
export HTTPS_PROXY=$proxy
expect "through a proxy" 0 "$fine"
check_like "it was used" "CONNECT localhost:$port HTTP/1.1*" "$(<proxy.log)"
be stranger
expect "refused through a proxy" 5 "tranche: cannot read $url: the server refuses the client certificate of credentials: tlsv1 alert unknown ca"
be robot
cp pki/other-ca.crt credentials/ca.crt
expect "another CA through a proxy" 5 "tranche: cannot read $url: the SSL certificate is invalid: it is not correctly signed by the trusted CA"
cp pki/ca.crt credentials
unset HTTPS_PROXY

for mode in hang hang-pack; do
	echo "$mode" >server/mode
	rm -rf .cache
	run "$tranche" validate --repo "$url" --git-credentials credentials --fetch-timeout 1s
	check_exact "a server that does: $mode" 5 '' "tranche: cannot read $url: the server took longer than 1 s (--fetch-timeout)"
done
rm server/mode

url=https://localhost:1/shop.git
expect "nobody there" 5 "tranche: cannot read $url: failed to connect to localhost: Connection refused"
url=https://shop.invalid/shop.git
expect "no such host" 5 "tranche: cannot read $url: failed to resolve address for shop.invalid: *"

# A certificate for an address, which libgit2's own TLS does not find.
openssl x509 -req -in pki/server.csr -CA pki/ca.crt -CAkey pki/ca.key -set_serial 9 -days 30 -out pki/address.crt \
	-extfile <(echo subjectAltName=IP:127.0.0.1) 2>>pki/log
mkdir address
cp -r server/repos address
start_https "$work/address" pki/address.crt pki/server.key pki/ca.crt
url=https://127.0.0.1:$port/shop.git
expect "a certificate for an address" 0 "$fine"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
