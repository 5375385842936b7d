"""A proxy in front of an API server, that does to requests what an unkind network, a gateway or a broken
server does. An asyncio library for tests; each Door is a port of its own, with faults and certificates of its own.

A fault is ACTION[=ARGUMENT][*TIMES]; `doors.fault(text, place)` has it meet the requests of that place:

	refuse		nobody listens (a place does not matter)
	reset-head	reset when the request's head is there
	reset, close	reset or closed without an answer; nothing reaches the server
	lose		done, then reset without an answer
	cut-head	done, then closed within the answer's head
	cut=N		done, then reset after N bytes of the answer's body
	status=CODE	answered so, with a Status; status=CODE/SECONDS with that Retry-After
	page=CODE	answered so, with a page of HTML
	truncated	done, the JSON lacks its end
	garbage, empty	done, the body is no JSON, or nothing
	redirect	302 to somewhere else
	endless		a body that never ends
	huge		a body that says to have 8 GiB, and begins to come
	endless-head	headers that never end
	drip		done, the answer comes byte by byte
	hang		no answer
	hang-body	done, half the answer's body, then nothing
	event=JSON	(of a watch) that line, then nothing
	endless-line	(of a watch) a line that never ends
"""
import asyncio
import base64
import json
import re
import socket
import ssl
import struct
import subprocess
import tempfile
from urllib.parse import urlsplit

PLACES = {
    "any": r".",
    "discovery": r"GET /(api|apis|api/v1|apis/[^/]*/[^/]*)(\?|$)",
    "inventory": r"GET \S*/configmaps/tranche-",
    "read": r"GET \S*/(statefulsets|configmaps)/(?!tranche-)",
    "preview": r"PUT \S*/statefulsets/\S*dryRun=All",
    "write": r"PUT \S*/statefulsets/(?!\S*dryRun)",
    "direct": r"PUT \S*/statefulsets/(?!\S*dryRun)",
    "record": r"PUT \S*/configmaps/tranche-",
    "list": r"GET \S*[?&]limit=500",
    "resume": r"GET \S*resourceVersionMatch=NotOlderThan",
    "watch": r"GET \S*watch=1",
}


class Upstream:
    """The API server of a kubeconfig, as who it says."""

    def __init__(self, kubeconfig):
        text = subprocess.run(
            ["kubectl", "--kubeconfig", kubeconfig, "config", "view", "--raw", "--flatten", "--minify", "-o", "json"],
            check=True, capture_output=True).stdout
        config = json.loads(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        url = urlsplit(cluster["server"])
        self.host, self.port = url.hostname, url.port
        self.token = user.get("token", "")
        self.tls = None
        if url.scheme == "https":
            self.tls = ssl.create_default_context(
                cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
            if "client-certificate-data" in user:
                with tempfile.NamedTemporaryFile() as pair:
                    pair.write(base64.b64decode(user["client-certificate-data"]))
                    pair.write(base64.b64decode(user["client-key-data"]))
                    pair.flush()
                    self.tls.load_cert_chain(pair.name)

    async def connect(self):
        return await asyncio.open_connection(self.host, self.port, ssl=self.tls, limit=1 << 26)

    def request(self, method, target, headers, body, close):
        kept = [f"{name}: {value}" for name, value in headers
                if name.lower() in ("accept", "content-type", "user-agent")]
        if self.token:
            kept.append(f"Authorization: Bearer {self.token}")
        kept += [f"Host: {self.host}", f"Content-Length: {len(body)}"] + (["Connection: close"] if close else [])
        return "\r\n".join([f"{method} {target} HTTP/1.1"] + kept + ["", ""]).encode() + body


async def read_head(reader):
    """(first line, [(name, value)]) of a request or an answer."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    return lines[0], [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]


def header(headers, name):
    return next((value for key, value in headers if key.lower() == name), "")


async def read_body(reader, headers):
    if "chunked" not in header(headers, "transfer-encoding"):
        return await reader.readexactly(int(header(headers, "content-length") or 0))
    body = b""
    while length := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(length)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return body


def status_body(code):
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                       "message": f"the proxy was told to answer {code}"}).encode()


class Closed(Exception):
    """The connection is not to be used any more."""


class Door:
    """A port that leads to the API server."""

    def __init__(self, upstream, tls=None):
        self.upstream, self.tls = upstream, tls
        self.server, self.kept = None, None
        self.writers, self.watchers = set(), set()
        self.fault, self.place, self.left = None, re.compile("."), -1
        self.hit = 0  # how often the fault was met

    @property
    def port(self):
        return self.kept.getsockname()[1]

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def open(self):
        if not self.kept:  # a socket that never listens keeps the port ours while nobody does
            self.kept = socket.socket()
            self.kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.kept.bind(("127.0.0.1", 0))
        self.server = await asyncio.start_server(
            self.serve, "127.0.0.1", self.port, ssl=self.tls, limit=1 << 23, reuse_port=True, backlog=256)

    def shut(self):
        """Nobody listens, and all connections are reset."""
        if self.server:
            self.server.close()
        self.server = None
        self.cut()

    def cut(self):
        for writer in list(self.writers):
            self.reset(writer)

    async def present(self, tls):
        """Another certificate, and so on, from now on."""
        self.shut()
        self.tls = tls
        await self.open()

    async def set(self, fault, place="any"):
        """The fault, or None, from now on."""
        name, _, times = (fault or "").partition("*")
        self.place, self.left = re.compile(PLACES[place]), int(times or -1)
        self.fault = name or None
        if self.fault == "refuse":
            self.shut()
        elif not self.server:
            await self.open()
        else:
            self.renew_watches(place)

    def renew_watches(self, place):
        for writer in list(self.watchers):
            self.reset(writer)

    @staticmethod
    def reset(writer):
        sock = writer.get_extra_info("socket")
        if sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    def take(self, line):
        if not self.fault or self.left == 0 or not self.place.match(line):
            return None
        self.left -= self.left > 0
        self.hit += 1
        return self.fault

    async def serve(self, reader, writer):
        self.writers.add(writer)
        back = None
        try:
            while True:
                line, headers = await read_head(reader)
                method, target = line.split(" ")[:2]
                fault = self.take(f"{method} {target}")
                if fault == "reset-head":
                    self.reset(writer)
                    return
                body = await read_body(reader, headers)
                if await self.refuse(fault, writer, target):
                    return
                if "watch=1" in target:
                    self.watchers.add(writer)
                    await self.stream(fault, method, target, headers, reader, writer)
                    return
                if fault and fault.startswith(("status", "page", "redirect")):
                    continue
                back = back or await self.upstream.connect()
                back[1].write(self.upstream.request(method, target, headers, body, False))
                first, answered = await read_head(back[0])
                content = await read_body(back[0], answered)
                await self.answer(fault, writer, first, answered, content)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, Closed, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            self.watchers.discard(writer)
            writer.close()
            if back:
                back[1].close()

    async def refuse(self, fault, writer, target):
        """What is done without the server. True: the connection is not used any more."""
        name, _, argument = (fault or "").partition("=")
        if name in ("reset", "close"):
            if name == "reset":
                self.reset(writer)
            return True
        if name == "hang":
            await asyncio.sleep(3600)
        elif name in ("status", "page", "redirect"):
            code, _, after = (argument or "302").partition("/")
            content = b"<html><body><h1>Sorry</h1></body></html>" if name == "page" else status_body(int(code))
            kind = "text/html" if name == "page" else "application/json"
            extra = f"Retry-After: {after}\r\n" if after else ""
            extra += "Location: http://127.0.0.1:1/\r\n" if name == "redirect" else ""
            writer.write(f"HTTP/1.1 {code} So\r\nContent-Type: {kind}\r\n{extra}"
                         f"Content-Length: {len(content)}\r\n\r\n".encode() + content)
            await writer.drain()
            return "watch=1" in target
        elif name in ("endless", "huge", "endless-head", "endless-line"):
            length = "Content-Length: 8589934592\r\n" if name == "huge" else ""
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{length}"
            writer.write(head.encode() + (b"" if name == "endless-head" else b'\r\n{"kind": "'))
            block = b"X-Filler: " + b"x" * 4000 + b"\r\n" if name == "endless-head" else b"x" * 65536
            while True:
                writer.write(block)
                await writer.drain()
                await asyncio.sleep(0.001)  # others want to be served too
        return False

    async def answer(self, fault, writer, first, headers, content):
        name, _, argument = (fault or "").partition("=")
        if name == "lose":
            self.reset(writer)
            raise Closed
        if name in ("truncated", "garbage", "empty"):
            content = {"truncated": content[:-10], "garbage": b"\x00\xff{]" * 50, "empty": b""}[name]
        kept = [f"{key}: {value}" for key, value in headers
                if key.lower() in ("content-type", "warning", "retry-after", "audit-id")]
        head = "\r\n".join([first] + kept + [f"Content-Length: {len(content)}", "", ""]).encode()
        if name == "cut-head":
            writer.write(head[:20])
            await writer.drain()
            raise Closed
        if name == "cut":
            writer.write(head + content[:int(argument)])
            await writer.drain()
            await asyncio.sleep(0.02)  # what was sent is read before a reset discards it
            self.reset(writer)
            raise Closed
        if name == "hang-body":
            writer.write(head + content[:len(content) // 2])
            await asyncio.sleep(3600)
        if name == "drip":
            for byte in head + content:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            return
        writer.write(head + content)
        await writer.drain()

    async def stream(self, fault, method, target, headers, reader, writer):
        """A watch: bytes as they come, until one side ends it."""
        name, _, argument = (fault or "").partition("=")
        if fault and name == "event":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + argument.encode() + b"\n")
            await reader.read(1)
            return
        back = await self.upstream.connect()
        try:
            back[1].write(self.upstream.request(method, target, headers, b"", True))
            left = int(argument) if name == "cut" else None
            gone = asyncio.ensure_future(reader.read(1))
            try:
                while True:
                    piece = asyncio.ensure_future(back[0].read(65536))
                    await asyncio.wait({piece, gone}, return_when=asyncio.FIRST_COMPLETED)
                    if gone.done() or not piece.result():
                        piece.cancel()
                        return
                    data = piece.result()
                    if name == "drip":
                        for byte in data:
                            writer.write(bytes([byte]))
                            await writer.drain()
                            await asyncio.sleep(0)
                        continue
                    writer.write(data if left is None else data[:left])
                    await writer.drain()
                    left = left if left is None else left - len(data)
                    if left is not None and left <= 0:
                        return
            finally:
                gone.cancel()
        finally:
            back[1].close()


class H2Door(Door):
    """The same over HTTP/2, with faults of its own:

	goaway		GOAWAY before this request: it and later ones were not processed, earlier ones are answered
	goaway-after	GOAWAY after this request, which is answered as well
	goaway-lose	the same, but the connection is closed without the answer
	refuse-stream	RST_STREAM with REFUSED_STREAM: not processed
	reset-stream	done, then RST_STREAM with INTERNAL_ERROR in place of an answer
    """

    def renew_watches(self, place):
        """All else goes over their connection, too: it is cut only where the row is about them."""
        if self.fault and place == "watch":
            super().renew_watches(place)

    async def serve(self, reader, writer):
        import h2.config
        import h2.connection
        import h2.events

        self.writers.add(writer)
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        state = {"left": set(), "last": None, "bodies": {}, "heads": {}}
        tasks = set()
        try:
            writer.write(connection.data_to_send())
            while data := await reader.read(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        state["heads"][event.stream_id] = [(k.decode(), v.decode()) for k, v in event.headers]
                        state["bodies"][event.stream_id] = b""
                    elif isinstance(event, h2.events.DataReceived):
                        state["bodies"][event.stream_id] += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        task = asyncio.ensure_future(self.exchange(connection, event.stream_id, state, writer))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                writer.write(connection.data_to_send())
                await writer.drain()
        except (OSError, Closed, asyncio.CancelledError):
            pass
        finally:
            for task in list(tasks):
                task.cancel()
            self.writers.discard(writer)
            self.watchers.discard(writer)
            writer.close()

    async def exchange(self, connection, stream, state, writer):
        from h2.errors import ErrorCodes
        from hyperframe.frame import GoAwayFrame

        headers = state["heads"].pop(stream)
        line = f"{header(headers, ':method')} {header(headers, ':path')}"
        if state["last"] is not None and stream > state["last"]:
            return  # it was told that it is not processed
        if "watch=1" in line:
            self.watchers.add(writer)
        state["left"].add(stream)
        fault = self.take(line)
        if fault in ("goaway", "goaway-after", "goaway-lose"):
            # max: frames have 31 bits, and -1 would be all streams that there can be
            state["last"] = max(stream - 2, 0) if fault == "goaway" else stream
            writer.write(connection.data_to_send())
            writer.write(GoAwayFrame(0, last_stream_id=state["last"]).serialize())
        if fault in ("goaway", "refuse-stream"):
            if fault == "refuse-stream":
                connection.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        else:
            await self.pass_on(connection, stream, line, headers, state["bodies"][stream], fault, writer)
        state["left"].discard(stream)
        writer.write(connection.data_to_send())
        await writer.drain()
        if fault == "goaway-lose" or (state["last"] is not None and not state["left"]):
            writer.close()
            # As servers do: asyncio would wait 30 s for TLS to be closed from the other side, too.
            try:
                await asyncio.wait_for(writer.wait_closed(), 0.2)
            except asyncio.TimeoutError:
                writer.transport.abort()
            except OSError:
                pass

    async def pass_on(self, connection, stream, line, headers, body, fault, writer):
        from h2.errors import ErrorCodes

        method, target = line.split(" ", 1)
        back = await self.upstream.connect()
        try:
            back[1].write(self.upstream.request(method, target, headers, body, True))
            first, answered = await read_head(back[0])
            if fault in ("goaway-lose", "reset-stream"):
                await read_body(back[0], answered)
                if fault == "reset-stream":
                    connection.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
                return
            connection.send_headers(stream, [(":status", first.split(" ")[1]),
                                             ("content-type", header(answered, "content-type"))])
            if "watch=1" not in target:
                await self.send(connection, stream, await read_body(back[0], answered), writer)
            else:
                while piece := await self.chunk(back[0]):
                    await self.send(connection, stream, piece, writer)
            connection.end_stream(stream)
        except (OSError, asyncio.IncompleteReadError):
            connection.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        finally:
            back[1].close()

    @staticmethod
    async def chunk(reader):
        length = int(await reader.readuntil(b"\r\n"), 16)
        piece = await reader.readexactly(length)
        await reader.readexactly(2)
        return piece

    @staticmethod
    async def send(connection, stream, data, writer):
        while data:
            room = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)
            if room <= 0:
                await asyncio.sleep(0.01)
                continue
            connection.send_data(stream, data[:room])
            data = data[room:]
            writer.write(connection.data_to_send())
            await writer.drain()
