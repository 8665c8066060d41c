"""HTTP by hand, for requests that no HTTP library would send."""

import socket
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


class Wire:
    """One TCP connection to a server."""

    def __init__(self, server, timeout=30):
        self.key = server.key
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def head(self, path="/v1/otel/claude/logs", method="POST", key=True, **headers) -> bytes:
        """A request's head. `Content_Length=5` becomes `Content-Length: 5`."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        if key:
            lines.append(f"Authorization: Bearer {self.key}")
        headers = {"Content_Type": "application/x-protobuf"} | headers
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def no_more(self):
        """Tells the server that nothing follows, and still reads."""
        self.socket.shutdown(socket.SHUT_WR)

    def answer(self) -> Answer | None:
        """The next answer; `None` when the server closed instead."""
        while b"\r\n\r\n" not in self.received:
            if not self.more():
                return None
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split(" ")[1])
        if status == 100:
            return self.answer()
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, self.chunks())
        return Answer(status, headers, self.exactly(int(headers.get("content-length", 0))))

    def chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self.received:
                assert self.more(), "closed within a chunk"
            size, _, self.received = self.received.partition(b"\r\n")
            body += self.exactly(int(size, 16))
            assert self.exactly(2) == b"\r\n"
            if int(size, 16) == 0:
                return body

    def exactly(self, count: int) -> bytes:
        while len(self.received) < count:
            assert self.more(), "closed within the body"
        body, self.received = self.received[:count], self.received[count:]
        return body

    def more(self) -> bool:
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.received += piece
        return bool(piece)


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
