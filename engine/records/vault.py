"""The vault: what people have written is sealed, and can be read only with its key.

Each case has a key of its own, kept wrapped by the master key. Destroying the wrapped key makes the
case's content unreadable for ever. Sealing is AES-256-GCM: one changed bit is noticed.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
VERSION = b"\x01"  # of the sealed form: version, nonce, ciphertext with tag
WRAPPING = "trygg case key"


class Unreadable(Exception):
    """Sealed content can't be read: the key is another, it is destroyed, or a byte has changed."""


class KeyFileError(Exception):
    """The file with the master key is missing, is not one, or can be read by others."""


class Key:
    """A key. It never shows itself and is never written down."""

    __slots__ = ("_cipher", "_raw")

    def __init__(self, raw: bytes):
        self._raw, self._cipher = raw, AESGCM(raw)

    def __repr__(self) -> str:
        return "<Key>"

    def __reduce__(self):
        raise TypeError("a key is never written down")


class MasterKey:
    """The one key from which all others are had. It stands in a file outside the database."""

    def __init__(self, raw: bytes):
        self._key = Key(raw)

    @classmethod
    def from_file(cls, path: str | Path, create: bool = False) -> MasterKey:
        """Read the master key: 64 hexadecimal digits in a file that only its owner can read.

        create: make the file when it is not there. Raises KeyFileError.
        """
        path = Path(path)
        if create and not path.exists():
            _make_key_file(path)
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            text = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFileError(f"Nøkkelfilen {path} kan ikke leses: {error}.") from None
        if os.name == "posix" and mode & 0o077:
            raise KeyFileError(
                f"Nøkkelfilen {path} kan leses av andre. Gjør den privat: chmod 600 {path}"
            )
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise KeyFileError(f"Nøkkelfilen {path} skal ha 64 heksadesimale tegn.")
        return cls(raw)

    def new_case_key(self) -> tuple[Key, bytes]:
        """A new key, and the same wrapped: the form that is stored on the case."""
        raw = AESGCM.generate_key(KEY_BYTES * 8)
        return Key(raw), _encrypt(self._key, raw, WRAPPING)

    def unwrap(self, wrapped: bytes | None) -> Key:
        """The key of a case. Raises Unreadable, also (for None) when it has been destroyed."""
        if wrapped is None:
            raise Unreadable("Innholdet er slettet. Nøkkelen til saken finnes ikke lenger.")
        return Key(_decrypt(self._key, wrapped, WRAPPING))

    def personal_key(self, account_id: int) -> Key:
        """The key of an account's own drafts of reports, which belong to no case yet."""
        info = f"trygg personal key {account_id}".encode()
        return Key(HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._key._raw))

    def seal(self, key: Key, data: Any, purpose: str) -> bytes:
        """The data (what JSON can hold) as bytes that only this key and this purpose open.

        Raises TypeError or ValueError when the data is not JSON.
        """
        text = json.dumps(data, allow_nan=False, separators=(",", ":"))
        return _encrypt(key, text.encode(), purpose)

    def unseal(self, key: Key, sealed: bytes, purpose: str) -> Any:
        """What was sealed. Raises Unreadable."""
        return json.loads(_decrypt(key, sealed, purpose))

    def seal_bytes(self, key: Key, data: bytes, purpose: str) -> bytes:
        """A file's bytes, sealed as `seal` seals what is JSON."""
        return _encrypt(key, data, purpose)

    def unseal_bytes(self, key: Key, sealed: bytes, purpose: str) -> bytes:
        """The bytes that were sealed. Raises Unreadable."""
        return _decrypt(key, sealed, purpose)


def _encrypt(key: Key, data: bytes, purpose: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + key._cipher.encrypt(nonce, data, _bound(purpose))


def _decrypt(key: Key, sealed: bytes, purpose: str) -> bytes:
    head, nonce, rest = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if head != VERSION or len(rest) < TAG_BYTES:
        raise Unreadable("Innholdet kan ikke leses. Det er avkortet eller av et ukjent slag.")
    try:
        return key._cipher.decrypt(nonce, rest, _bound(purpose))
    except InvalidTag:
        raise Unreadable(
            "Innholdet kan ikke leses. Nøkkelen passer ikke, eller innholdet er endret."
        ) from None


def _bound(purpose: str) -> bytes:
    """What the sealed bytes are bound to besides the key."""
    return VERSION + purpose.encode()


def _make_key_file(path: Path) -> None:
    """Write a new key whole, for its owner alone. Of two processes, the first one's key stands."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(os.urandom(KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
