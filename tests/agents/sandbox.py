"""A network of our own with nothing but the loopback, and a user without rights to run the agents as.

`enter` moves this process and all that it starts later into a new network namespace. As root, the agents then run as `nobody`,
with their programs bound to a folder that this user can read; as anybody else they run as that user, in a user namespace.
"""

import ctypes
import fcntl
import os
import socket
import struct
import tempfile
from contextlib import contextmanager
from pathlib import Path

NEWNS, NEWUSER, NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
MNT_DETACH = 2
PR_SET_CHILD_SUBREAPER = 36
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)


class NotPermitted(Exception):
    """This machine does not let us make namespaces."""


def is_root() -> bool:
    return os.geteuid() == 0


def enter():
    # What outlives its parent becomes ours to end and to bury.
    call(libc.prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if is_root():
        call(libc.unshare, NEWNS | NEWNET)
        call(libc.mount, b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    else:
        user, group = os.geteuid(), os.getegid()
        call(libc.unshare, NEWUSER | NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


@contextmanager
def readable(folder: Path):
    """The folder under its own name where the agents' user can read it, whatever the folders above it allow."""
    if not is_root():
        yield folder
        return
    # In a folder of its own, which is removed empty or not at all: nobody deletes through the mount.
    above = Path(tempfile.mkdtemp(prefix="modlake-agents-"))
    above.chmod(0o755)
    at = above / folder.name
    at.mkdir()
    call(libc.mount, os.fsencode(folder.resolve()), os.fsencode(at), None, MS_BIND, None)
    try:
        call(libc.mount, None, os.fsencode(at), None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)
        yield at
    finally:
        call(libc.umount2, os.fsencode(at), MNT_DETACH)
        at.rmdir()
        above.rmdir()


def owned(path: Path):
    """Gives the path and all below it to the agents' user."""
    if is_root():
        for each in [path, *path.rglob("*")]:
            os.chown(each, NOBODY, NOBODY, follow_symlinks=False)


def user() -> dict:
    """How `subprocess` starts a program as the agents' user."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root() else {}


def others() -> list[int]:
    """Every other process in our network: what the tests started, directly or not."""
    ours = os.readlink("/proc/self/ns/net")
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(entry.name) != os.getpid() and os.readlink(entry / "ns/net") == ours:
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended, or is not ours to look at
    return found


def bury():
    """Takes the exit status of every process that has ended, so that none stays as a zombie."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def call(function, *arguments):
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        raise NotPermitted(f"{function.__name__}: {os.strerror(error)}")
