#!/usr/bin/env bash
# Webhooks from end to end: what providers send (tests/fuzz/corpus/webhook) posted with curl, who is believed, and a
# push to a remote repository that is live at once although the agent looks there every hour only.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
corpus=$top/tests/fuzz/corpus/webhook
need git python3 openssl curl kubectl

# --- a repository behind HTTPS, and the agent that follows it ----------------------------------------------

make_shop
make_pki
mkdir -p server/repos/acme credentials
cp pki/ca.crt credentials/
git clone -q --bare shop server/repos/acme/deploy.git
git -C shop remote add origin "$work/server/repos/acme/deploy.git"
start_https "$work/server" pki/server.crt pki/server.key
start_kubesim

printf 'a secret between them' >secret
start_agent --repo "https://localhost:$port/acme/deploy.git" --ref main --git-credentials credentials \
	--git-dir clone --interval 1h --app shop --listen 127.0.0.1:0 --webhook-secret-file secret

has_value() {
	[ "$(kubectl get configmap a -o 'jsonpath={.data.v}' 2>/dev/null)" = "$1" ]
}
wait_until "the first commit is applied" has_value 1
url=$(sed -n 's/.*listening on \(http[^ ]*\)$/\1/p' agent.log)/hooks/git

# post RECORDED [CURL-OPTION]...: leaves the status in $code and the answer in $body.
post() {
	sed '/^$/,$d' "$corpus/$1" >headers
	python3 -c 'import sys; sys.stdout.buffer.write(open(sys.argv[1], "rb").read().split(b"\n\n", 1)[1])' "$corpus/$1" >payload
	shift
	code=$(curl -s -m 30 -o body -w '%{http_code}' -X POST -H @headers --data-binary @payload "$@" "$url")
	body=$(tr -d '\n ' <body)
}

# --- what providers send -----------------------------------------------------------------------------------

while read -r name want; do
	post "$name"
	check_like "$name" "$want" "$code $body"
done <<-'EOT'
	github-push 202 {"result":"triggered","reason":"","apps":1}
	github-form 202 {"result":"triggered","reason":"","apps":1}
	github-tag 202 {"result":"unfollowed","reason":"noappfollowsit","apps":0}
	github-ping 200 {"result":"pong","reason":"","apps":0}
	github-issues 200 {"result":"ignored","reason":"onlypushesarefollowed","apps":0}
	gitlab-push 202 {"result":"unfollowed",*
	gitea-push 202 {"result":"triggered",*
	forgejo-push 202 {"result":"triggered",*
	gogs-push 202 {"result":"triggered",*
	bitbucket-push 202 {"result":"triggered",*
	bitbucket-dc-push 202 {"result":"triggered",*
	bitbucket-dc-ping 200 {"result":"pong",*
	generic-push 202 {"result":"unfollowed",*
	generic-empty 202 {"result":"triggered",*
	generic-not-json 400 {"error":{"class":"invalid","message":"1:1:*
	generic-list 400 {"error":{"class":"invalid","message":"thebodyisnoJSONobject"}}
EOT

# --- who is believed ----------------------------------------------------------------------------------------

post github-push -H 'X-Hub-Signature-256: sha256=0000000000000000000000000000000000000000000000000000000000000000'
check_equal "the first of two signatures counts" 202 "$code"
post generic-push -H 'X-Signature;' # none
sed -i '/Signature/d' headers
code=$(curl -s -o body -w '%{http_code}' -H @headers --data-binary @payload "$url")
check_like "no signature" '401 *no X-Signature: give the webhook a secret*' "$code $(<body)"
code=$(curl -s -o body -w '%{http_code}' -H @headers -H "X-Signature: sha256=$(printf %064d 0)" --data-binary @payload "$url")
check_like "a wrong one" '401 *X-Signature is not that of the body by our secret*' "$code $(<body)"
check_equal "the log tells of one, not of each" 1 "$(grep -c 'webhook from 127.0.0.1 is refused' agent.log)"
head -c 5000000 /dev/zero >large
code=$(curl -s -o body -w '%{http_code}' -H 'X-Signature: sha256=0' --data-binary @large "$url")
check_like "a body that is too large" '413 *' "$code $(<body)"
code=$(curl -s -o body -w '%{http_code}' -H 'Transfer-Encoding: chunked' -H 'X-Signature: sha256=0' --data-binary @large "$url")
check_like "one that does not say how large it is" '413 *' "$code $(<body)"
code=$(curl -s -o body -w '%{http_code}' -H 'X-GitHub-Event: push' -X GET "$url")
check_like "GET" '405 *' "$code $(<body)"

# --- a push ---------------------------------------------------------------------------------------------------

cat >server/repos/acme/deploy.git/hooks/post-receive <<EOT
#!/usr/bin/env bash
# What docs/webhooks.md has for a repository on a server of one's own.
while read -r old new ref; do
	body="{\"repository\": \"ssh://git.example.org/acme/deploy.git\", \"ref\": \"\$ref\"}"
	mac=\$(printf %s "\$body" | openssl dgst -sha256 -hmac "\$(cat '$work/secret')" -hex | sed 's/.* //')
	curl -sS -X POST -H "X-Signature: sha256=\$mac" -d "\$body" '$url' >>'$work/hook.log' 2>&1
done
EOT
chmod +x server/repos/acme/deploy.git/hooks/post-receive
slowest=0
for value in 2 3 4; do
	commit_shop "$value" "Value $value"
	began=$(date +%s%3N)
	git -C shop push -q origin main 2>push.log
	wait_until "value $value is live" has_value "$value"
	took=$(($(date +%s%3N) - began))
	[ $took -le $slowest ] || slowest=$took
	has_value "$value"
	check_equal "a push is live ($value)" 0 $?
done
echo "counted: from the beginning of the push until it is seen with kubectl, at most $slowest ms"
check_like "what the agent said to the hook" '*"result": "triggered"*' "$(<hook.log)"

commit_shop 5 "Another branch"
git -C shop push -q origin main:other
wait_until "the hook has been called" grep -q unfollowed hook.log
has_value 4
check_equal "a push to another branch changes nothing" 0 $?

# A secret that is changed counts at once.
printf 'another secret' >secret.new && mv secret.new secret
post github-push
check_equal "the old secret after it was changed" 401 "$code"

# Many at once: ten, and one a second.
passes() {
	curl -s "${url%/hooks/git}/metrics" | sed -n 's/^tranche_sync_duration_seconds_count{app="shop"} //p'
}
printf 'a secret between them' >secret
before=$(passes) began=$SECONDS
for _ in {1..60}; do
	post github-push
done
check_equal "each of many is taken" "202 triggered" "$code $(sed -n 's/.*"result": "\(.*\)",/\1/p' body)"
curl -s "${url%/hooks/git}/metrics" >metrics
check_like "they are counted" '* [6-9][0-9]' "$(grep '^tranche_webhooks_total{provider="github",result="triggered"}' metrics)"
check_like "so are the others" '* [1-9]*' "$(grep '^tranche_webhooks_total{provider="generic",result="denied"}' metrics)"
after=$(passes)
most=$((before + 10 + SECONDS - began + 2))
check_equal "a rain of hooks is few passes" "at most $most" "at most $((after <= most ? most : after))"

end_agent "the end"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
