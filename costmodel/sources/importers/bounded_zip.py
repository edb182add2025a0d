"""Zip archives of others: members are read up to a limit, whatever they say of their size."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from costmodel.errors import FormatError, LimitError, Location

_MOST_MEMBERS: Final = 100_000
_ENCRYPTED: Final = 1
"""Bit of a member's flags."""


class BoundedZip:
    """An archive in memory.

    Parameters
    ----------
    data : bytes
        The whole archive.
    name : str
        File name, for messages.
    limit_bytes : int
        Most that is read of all members together.

    Raises
    ------
    FormatError
        If it is no archive, or damaged.
    """

    def __init__(self, data: bytes, name: str, limit_bytes: int) -> None:
        self._where = Location(name)
        self._left_bytes = self._limit_bytes = limit_bytes
        # zipfile tells a damaged directory by any of these, as the damage happens to lie.
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, OverflowError, UnicodeDecodeError, EOFError) as error:
            raise FormatError(f"is no zip archive, or is cut off or damaged: {error}", self._where) from None
        self.names = tuple(self._archive.namelist()[: _MOST_MEMBERS + 1])
        if len(self.names) > _MOST_MEMBERS:
            raise LimitError(f"has more than {_MOST_MEMBERS:,} members", self._where)

    def find(self, ending: str) -> str | None:
        """Return the first member whose name ends so; None where there is none."""
        return next((name for name in self.names if name == ending or name.endswith(f"/{ending}")), None)

    def read(self, name: str) -> bytes:
        """Return a member's content.

        Raises
        ------
        InputError
            If there is none, it is encrypted or damaged, or unpacks to more than the limit.
        """
        # And a damaged member by these: its method, its name, its length or what it unpacks to.
        try:
            member = self._archive.getinfo(name)
            if member.flag_bits & _ENCRYPTED:
                raise FormatError(f"is encrypted ({name}); give it without a password", self._where)
            # No more is unpacked than a member says that it has.
            if member.file_size > self._left_bytes:
                raise LimitError(f"unpacks to more than {self._limit_bytes:,} bytes ({name}); no microcontroller holds them", self._where)
            with self._archive.open(member) as stream:
                content = stream.read()
        except KeyError:
            raise FormatError(f"has no {name} in it", self._where) from None
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
            raise FormatError(f"is damaged at {name}: {error}", self._where) from None
        self._left_bytes -= len(content)
        return content
