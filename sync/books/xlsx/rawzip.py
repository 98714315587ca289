"""Put new parts into a zip and leave every other byte of it where and what it was."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZipFile

from sync.model import BookError

_RECORD = struct.Struct("<4s6H3I5H2I")  # of the central directory
_LOCAL = struct.Struct("<4s5H3I2H")
_END = struct.Struct("<4s4H2IH")
DEFLATED = 8
# What the record of a new member says before its name's length: versions, flags, method, the first day of zips.
_NEW = (20, 20, 0, DEFLATED, 0, 1 << 5 | 1, 0, 0, 0)
SIZES_FOLLOW = 0x8  # flag: a descriptor comes after the data
NO_OFFSET = 0xFFFFFFFF  # the offset stands elsewhere (zip64)


@dataclass(slots=True)
class _Entry:
    """One member: its record in the directory, cut in fields, and where its bytes lie."""

    name: str
    fields: list[int | bytes]
    tail: bytes  # name, extra, comment
    start: int
    end: int = 0


def replaced(data: bytes, parts: Mapping[str, bytes], added: Mapping[str, bytes] | None = None) -> bytes:
    """The zip *data* with the contents of *parts* (by name) new, and *added* behind; the same result each time."""
    entries, ending, first = _read(data)
    body = [data[:first]]
    size = first
    for entry in sorted(entries, key=lambda entry: entry.start):
        member = _renewed(entry, parts[entry.name]) if entry.name in parts else data[entry.start : entry.end]
        entry.fields[16] = size
        body.append(member)
        size += len(member)
    for name, content in (added or {}).items():
        entry = _Entry(name, [b"PK\x01\x02", *_NEW, len(name), 0, 0, 0, 0, 0, size], name.encode(), size)
        entries.append(entry)
        body.append(_renewed(entry, content))
        size += len(body[-1])
    directory = b"".join(_RECORD.pack(*entry.fields) + entry.tail for entry in entries)
    fields = list(_END.unpack_from(data, ending))
    fields[3:7] = len(entries), len(entries), len(directory), size
    return b"".join((*body, directory, _END.pack(*fields), data[ending + _END.size :]))


def _read(data: bytes) -> tuple[list[_Entry], int, int]:
    """The entries, where the end record is, and where the first member begins."""
    ending = data.rfind(b"PK\x05\x06")
    _, disk, _, _, count, size, at, _ = _END.unpack_from(data, ending)
    if disk or at + size != ending or ending + _END.size > len(data):
        raise _unusual()
    names = [info.filename for info in ZipFile(BytesIO(data)).infolist()]
    entries = []
    for name in names:
        fields = list(_RECORD.unpack_from(data, at))
        length = fields[10] + fields[11] + fields[12]
        tail = data[at + _RECORD.size : at + _RECORD.size + length]
        entries.append(_Entry(name, fields, tail, fields[16]))
        at += _RECORD.size + length
    if at != ending or count != len(names) or any(entry.start == NO_OFFSET for entry in entries):
        raise _unusual()
    ordered = sorted(entries, key=lambda entry: entry.start)
    for entry, end in zip(ordered, (*(entry.start for entry in ordered[1:]), ending - size), strict=True):
        entry.end = end
    return entries, ending, ordered[0].start


def _renewed(entry: _Entry, content: bytes) -> bytes:
    """The member with new *content*; its record is brought up to date."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    _, _, needed, flags, _, clock, day, *_ = fields = entry.fields
    name = entry.tail[: int(fields[10])]
    comment = entry.tail[int(fields[10]) + int(fields[11]) :]
    flags = int(flags) & ~SIZES_FOLLOW
    sums = (zlib.crc32(content), len(packed), len(content))
    fields[3:5] = flags, DEFLATED
    fields[7:10] = sums
    fields[11] = 0  # what the extra said was about the old content
    entry.tail = name + comment
    return _LOCAL.pack(b"PK\x03\x04", needed, flags, DEFLATED, clock, day, *sums, len(name), 0) + name + packed


def _unusual() -> BookError:
    return BookError(
        "这个文件的压缩方式不常见，为了不伤到它，没有写入；请用 Excel 或 WPS 打开后另存一次。",
        "The file is packed in an unusual way and was left alone. Open it with Excel or WPS and save it once.",
    )
