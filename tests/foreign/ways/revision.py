"""Give matches and targets of table nat another revision, as a rule of an older iptables has.

`iptables-legacy-save` then prints them as unsupported. Structures: linux/netfilter_ipv4/ip_tables.h,
struct ipt_getinfo, ipt_get_entries and ipt_replace; a revision is the byte after a name of 29.
"""

import ctypes
import os
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
INFO, ENTRIES, REPLACE = 64, 65, 64
TABLE = b"nat".ljust(32, b"\0")
# These two revisions each have structures of the same size.
OTHER = {b"socket": 1, b"NFQUEUE": 2}


def ask(sock: socket.socket, option: int, question: bytes, size: int) -> bytes:
    answer = ctypes.create_string_buffer(question, size)
    length = ctypes.c_uint(size)
    if LIBC.getsockopt(sock.fileno(), 0, option, answer, ctypes.byref(length)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer.raw


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        info = ask(sock, INFO, TABLE, 32 + 13 * 4)
        hooks, *places, count, size = struct.unpack("=13I", info[32:])
        # The head is padded: ipt_entry has 64-bit counters.
        question = TABLE + struct.pack("=I4x", size)
        entries = bytearray(ask(sock, ENTRIES, question, 40 + size)[40:])
        for name, revision in OTHER.items():
            entries[entries.index(name + b"\0") + 29] = revision
        counters = ctypes.create_string_buffer(16 * count)
        head = TABLE + struct.pack("=3I10I", hooks, count, size, *places)
        head += struct.pack("=IQ", count, ctypes.addressof(counters))
        replaced = bytes(head + entries)
        if LIBC.setsockopt(sock.fileno(), 0, REPLACE, replaced, len(replaced)):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


main()
