"""A name server on 127.0.0.1 that knows one name: NAME is 127.0.0.1, no other exists.

    name_server.py NAME PORT

Prints a line when it can be asked.
"""

import socket
import sys

name, port = sys.argv[1], int(sys.argv[2])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", port))
print(f"{name} on 127.0.0.1:{port}", flush=True)
while True:
    # RFC 1035, one question a datagram: an A record of ours, no record of another type, or NXDOMAIN.
    query, client = server.recvfrom(512)
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    question = query[12 : at + 5]
    known = ".".join(labels) == name
    records = known and question[-4:-2] == b"\0\1"
    head = query[:2] + (b"\x85\x80" if known else b"\x85\x83") + bytes([0, 1, 0, records, 0, 0, 0, 0])
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4\x7f\0\0\1" if records else b""
    server.sendto(head + question + record, client)
