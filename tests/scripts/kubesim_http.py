"""kubesim as a process and on its socket: start and end, TLS and tokens, streams, faults."""

import base64
import http.client
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time

KUBESIM = os.environ["KUBESIM"]
DEADLINE = 240

MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name):
    return json.dumps({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}})


class Sim:
    """A kubesim with a kubeconfig of its own; ends with the `with` block."""

    def __init__(self, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.kubeconfig = os.path.join(self.folder.name, "kubeconfig")
        self.process = subprocess.Popen(
            [KUBESIM, "--kubeconfig", self.kubeconfig, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.exists(self.kubeconfig) or self.process.poll() is not None)
        with open(self.kubeconfig, encoding="utf-8") as file:
            self.config = file.read()
        self.server = re.search(r"server: (\S+)", self.config).group(1)
        self.token = re.search(r"token: (\S+)", self.config).group(1)
        self.port = int(self.server.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=DEADLINE)
        self.folder.cleanup()

    def connect(self):
        if self.server.startswith("http:"):
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        data = re.search(r"certificate-authority-data: (\S+)", self.config).group(1)
        context = ssl.create_default_context(cadata=base64.b64decode(data).decode())
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=DEADLINE, context=context)

    def send(self, method, path, body=None, token=None):
        connection = self.connect()
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def ask(self, method, path, body=None, token=None):
        response = self.send(method, path, body, token)
        text = response.read().decode()
        return response.status, text


def wait_for(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not happen in time")
        time.sleep(0.01)


def expect(seen, expected):
    if seen != expected:
        raise AssertionError(f"expected {expected!r}, saw {seen!r}")


def message(text):
    return json.loads(text)["message"]


# --- the process --------------------------------------------------------------------------------


def test_ends_on_term_and_says_where_it_serves():
    with Sim() as sim:
        sim.process.send_signal(signal.SIGTERM)
        out, err = sim.process.communicate(timeout=DEADLINE)
        expect(out, f"kubesim serves {sim.server}\n")
        expect(err, "")
        expect(sim.process.returncode, 0)


def test_kubeconfig_is_private():
    with Sim() as sim:
        expect(stat.S_IMODE(os.stat(sim.kubeconfig).st_mode), 0o600)
        expect(os.listdir(sim.folder.name), ["kubeconfig"])


def test_ends_with_its_parent():
    script = f"{KUBESIM} & echo $!; read line"
    parent = subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    lines = {parent.stdout.readline(), parent.stdout.readline()}
    pid = int(next(line for line in lines if line.strip().isdigit()))
    parent.kill()
    parent.wait()

    def is_gone():
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                return file.read().split()[2] == "Z"
        except FileNotFoundError:
            return True
    wait_for(is_gone)


def test_a_port_that_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([KUBESIM, "--port", str(port)], capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        expect(done.returncode, 1)
        expect(done.stderr, f"kubesim: 127.0.0.1:{port}: cannot listen: Address already in use\n")


def test_a_kubeconfig_that_cannot_be_written():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/missing/kubeconfig"
        done = subprocess.run([KUBESIM, "--kubeconfig", path], capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        expect(done.returncode, 1)
        expect(re.sub(r"\.\d+\.tmp", "", done.stderr),
               f"kubesim: {path}: No such file or directory\n")


def test_a_wrong_command_line():
    done = subprocess.run([KUBESIM, "--nope"], capture_output=True, text=True, timeout=DEADLINE,
                          check=False)
    expect((done.returncode, done.stderr), (2, 'kubesim: unknown option "--nope"; see --help\n'))


def test_verbose():
    with Sim("--verbose") as sim:
        sim.ask("GET", MAPS + "?limit=1")
        sim.process.terminate()
        _, err = sim.process.communicate(timeout=DEADLINE)
        expect(err, f"GET {MAPS}?limit=1 200\n")


# --- who may ------------------------------------------------------------------------------------


def test_tokens():
    with Sim() as sim:
        for token in ("", "wrong", sim.token + "x"):
            status, text = sim.ask("GET", MAPS, token=token)
            expect((status, message(text)), (401, "Unauthorized"))
        expect(sim.ask("GET", "/readyz", token="")[1], "ok")
        expect(sim.ask("GET", "/version", token="")[0], 200)
        expect(sim.ask("GET", MAPS)[0], 200)


def test_plain_http_lets_everybody_in():
    with Sim("--plain-http") as sim:
        expect(sim.server.startswith("http://127.0.0.1:"), True)
        expect(sim.ask("GET", MAPS, token="")[0], 200)


# --- requests -----------------------------------------------------------------------------------


def test_many_requests_on_one_connection():
    with Sim() as sim:
        connection = sim.connect()
        headers = {"Authorization": f"Bearer {sim.token}"}
        for number in range(50):
            connection.request("POST", MAPS, config_map(f"m{number}"), headers)
            response = connection.getresponse()
            response.read()
            expect(response.status, 201)
        connection.request("GET", MAPS, None, headers)
        expect(len(json.loads(connection.getresponse().read())["items"]), 50)


def test_a_body_that_is_too_large():
    with Sim() as sim:
        status, text = sim.ask("POST", MAPS, " " * (3 * 1024 * 1024 + 1))
        expect((status, message(text)), (413, "Request entity too large: limit is 3145728"))


def test_warnings_are_headers():
    with Sim() as sim:
        body = json.dumps({"kind": "ConfigMap", "apiVersion": "v1",
                           "metadata": {"name": "m"}, "dat\"a": {}})
        response = sim.send("POST", MAPS, body)
        expect((response.status, response.getheader("Warning")),
               (201, r'299 - "unknown field \"dat\\\"a\""'))


def test_watch_streams_as_it_happens():
    with Sim() as sim:
        stream = sim.send("GET", MAPS + "?watch=1&timeoutSeconds=60")
        for name in ("a", "b"):
            expect(sim.ask("POST", MAPS, config_map(name))[0], 201)
            event = json.loads(stream.readline())
            expect((event["type"], event["object"]["metadata"]["name"]), ("ADDED", name))


def test_watch_ends_with_the_server():
    with Sim() as sim:
        stream = sim.send("GET", MAPS + "?watch=1")
        sim.process.terminate()
        expect(stream.read(), b"")
        expect(sim.process.wait(DEADLINE), 0)


def test_watch_ends_in_time():
    with Sim() as sim:
        stream = sim.send("GET", MAPS + "?watch=1&timeoutSeconds=1")
        expect(stream.read(), b"")


# --- faults -------------------------------------------------------------------------------------


def breaks(function):
    try:
        function()
    except (http.client.HTTPException, ConnectionError, ssl.SSLError, socket.timeout) as error:
        return type(error).__name__
    return "nothing"


def test_refused_and_lost():
    with Sim("--fault", "refuse@create:configmaps*1", "--fault", "lose@create:configmaps*1") as sim:
        expect(breaks(lambda: sim.ask("POST", MAPS, config_map("a"))), "RemoteDisconnected")
        expect(sim.ask("GET", MAPS + "/a")[0], 404)
        expect(breaks(lambda: sim.ask("POST", MAPS, config_map("a"))), "RemoteDisconnected")
        expect(sim.ask("GET", MAPS + "/a")[0], 200)


def test_cut_short():
    with Sim("--fault", "cut=20@get:configmaps") as sim:
        sim.ask("POST", MAPS, config_map("a"))
        response = sim.send("GET", MAPS + "/a")
        expect(breaks(response.read), "IncompleteRead")


def test_a_stream_cut_short():
    with Sim("--fault", "cut=20@watch:configmaps") as sim:
        sim.ask("POST", MAPS, config_map("a"))
        response = sim.send("GET", MAPS + "?watch=1")
        try:
            response.read()
            raise AssertionError("the stream ended well")
        except http.client.IncompleteRead as error:
            expect(error.partial, b'{"type":"ADDED","obj')


def test_codes():
    with Sim("--fault", "429@list:configmaps*1", "--fault", "503@list:configmaps*1") as sim:
        response = sim.send("GET", MAPS)
        expect((response.status, response.getheader("Retry-After"), response.read()),
               (429, "1", b"Too many requests, please try again later.\n"))
        status, text = sim.ask("GET", MAPS)
        expect((status, json.loads(text)["reason"]), (503, "ServiceUnavailable"))
        expect(sim.ask("GET", MAPS)[0], 200)


def test_late():
    with Sim("--fault", "delay=200ms@list:configmaps*1") as sim:
        begin = time.monotonic()
        expect(sim.ask("GET", MAPS)[0], 200)
        expect(time.monotonic() - begin >= 0.2, True)


def test_held_until_the_faults_are_replaced():
    with Sim("--verbose", "--fault", "hold@list:configmaps*1") as sim:
        connection = sim.connect()
        connection.request("GET", MAPS, headers={"Authorization": f"Bearer {sim.token}"})
        expect(sim.process.stderr.readline(), f"GET {MAPS} waits\n")
        expect(sim.ask("POST", MAPS, config_map("meanwhile"))[0], 201)
        expect(sim.ask("PUT", "/kubesim/faults", "")[0], 200)
        items = json.loads(connection.getresponse().read())["items"]
        expect([item["metadata"]["name"] for item in items], ["meanwhile"])


def test_hanging_requests_do_not_keep_it_from_ending():
    with Sim("--fault", "hang@list:configmaps") as sim:
        connection = sim.connect()
        connection.request("GET", MAPS, headers={"Authorization": f"Bearer {sim.token}"})
        expect(sim.ask("GET", "/api/v1/secrets")[0], 200)
        sim.process.terminate()
        expect(sim.process.wait(DEADLINE), 0)


def test_faults_change_at_run_time():
    with Sim() as sim:
        expect(sim.ask("PUT", "/kubesim/faults", "500@list:configmaps\n")[0], 200)
        expect(sim.ask("GET", MAPS)[0], 500)
        status, text = sim.ask("PUT", "/kubesim/faults", "nonsense")
        expect((status, message(text)[:10]), (400, '"nonsense"'))
        expect(sim.ask("PUT", "/kubesim/faults", "", token="wrong")[0], 401)
        expect(sim.ask("PUT", "/kubesim/faults", "")[0], 200)
        expect(sim.ask("GET", MAPS)[0], 200)


def main():
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            passed += 1
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"{name}: {type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
