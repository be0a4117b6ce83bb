"""Public recordings, fetched once and checked against pinned checksums.

A file is known by its address without the scheme, HOST/PATH. A mirror is a directory
laid out in the same way, from which files are copied instead.
"""

import hashlib
import http.client
import logging
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from nri import __version__
from nri.files import atomic_path

__all__ = ["DownloadError", "content_hash", "download", "read_checksums"]

USER_AGENT = f"nri/{__version__} (pipeline for Neural Relational Inference)"
ATTEMPTS = 4
PAUSE = 2.0  # seconds before the second attempt; doubled before each further one
TIMEOUT = 60.0  # seconds without an answer
LARGEST = 2**28  # bytes of a file

log = logging.getLogger(__name__)


class DownloadError(RuntimeError):
    """A file that could not be had as pinned; the message names the address and the remedy."""


def content_hash(content: bytes) -> str:
    """sha256, in hexadecimal; of a text (no NUL byte) with line ends normalised to LF.

    Copies of text files differ in their line ends, which servers and archives convert.
    """
    if b"\0" not in content:
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def read_checksums(paths: Iterable[str | os.PathLike]) -> dict[str, str]:
    """Pinned hashes by HOST/PATH, from files with lines "HASH  HOST/PATH" and # comments.

    Raises ValueError, with file and line, for any other line.
    """
    checksums = {}
    for path in paths:
        for number, content in enumerate(Path(path).read_bytes().splitlines(), start=1):
            try:
                line = content.decode("utf-8")
            except UnicodeDecodeError as error:
                raise ValueError(f"{path}:{number}: {error}; save the file as UTF-8") from error
            if not line.strip() or line.startswith("#"):
                continue
            match line.split():
                case [digest, address] if re.fullmatch("[0-9a-fA-F]{64}", digest):
                    checksums[address] = digest.lower()
                case _:
                    raise ValueError(f"{path}:{number}: expected 'SHA256  HOST/PATH', got {line!r}")
    return checksums


def download(
    url: str,
    output: str | os.PathLike,
    pin: str | None = None,
    mirror: str | os.PathLike | None = None,
) -> None:
    """Fetch `url`, or copy it from `mirror`/HOST/PATH, to `output`, byte for byte.

    Servers that fail or cut the transfer short are asked again, with growing pauses.
    pin: the hash (`content_hash`) that the file must have; a file without one is taken with a
    warning that shows its hash.
    Raises DownloadError; `output` then does not exist or is as it was.
    """
    address = url.partition("://")[2]
    if mirror is None:
        source, content = url, _fetch(url)
    else:
        source = str(Path(mirror, address))
        content = _copy(source)
    found = content_hash(content)
    if pin is None:
        log.warning(
            "%s: no checksum is pinned; to pin what came, add:\n%s  %s", source, found, address
        )
    elif found != pin:
        raise DownloadError(
            f"{source}: not the file that was pinned ({len(content)} bytes)\n"
            f"  expected sha256 {pin}\n"
            f"  found    sha256 {found}  (line ends of text normalised to LF)\n"
            "Look at what came: an error page or a cut file means trying again later, or putting "
            f"a good copy at MIRROR/{address} and setting `mirror: MIRROR` in the config; if the "
            "publisher has changed the file on purpose, change its line in config/checksums."
        )
    with atomic_path(output) as path:
        path.write_bytes(content)
    log.info("%s: %d bytes, sha256 %s", source, len(content), found)


def _copy(source: str) -> bytes:
    try:
        if (size := os.path.getsize(source)) > LARGEST:
            raise DownloadError(f"{source}: {size} bytes, more than the limit of {LARGEST}")
        return Path(source).read_bytes()
    except (OSError, ValueError) as error:
        raise DownloadError(
            f"{source}: cannot be read ({error}); put the file there, or set "
            "`mirror: null` in the config to fetch it from its public address"
        ) from error


def _fetch(url: str) -> bytes:
    remedy = (
        f"Check the address in a browser; if it works there, put the file at "
        f"MIRROR/{url.partition('://')[2]} and set `mirror: MIRROR` in the config."
    )
    problem: Exception
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _ask(url)
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in (408, 429):
                raise DownloadError(f"{url}: {error}\n{remedy}") from error
            problem = error
        # An address that is none, or an answer that is too large.
        except (ValueError, http.client.InvalidURL) as error:
            raise DownloadError(f"{url}: {error}\n{remedy}") from error
        except (OSError, http.client.HTTPException) as error:
            problem = error
        log.warning("%s: attempt %d of %d failed: %r", url, attempt, ATTEMPTS, problem)
        if attempt < ATTEMPTS:
            time.sleep(PAUSE * 2 ** (attempt - 1))
    raise DownloadError(f"{url}: {ATTEMPTS} attempts failed, last: {problem!r}\n{remedy}")


def _ask(url: str) -> bytes:
    """One attempt. Raises ValueError for an address that is none, and for an answer too large."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("expected an address that begins with http:// or https://")
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        content = response.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"more than the limit of {LARGEST} bytes")
        if response.length:  # what was announced and has not come
            raise http.client.IncompleteRead(content, response.length)
        return content
