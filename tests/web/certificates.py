"""A small certificate authority, made with the openssl command."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_EXTENSIONS = "subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """Signs certificates, for servers and clients alike."""

    folder: Path
    pair: Pair

    def issue(self, name: str, alternative_names: str = "DNS:localhost,IP:127.0.0.1") -> Pair:
        """Make a certificate; an existing one of that name is replaced in place."""
        made = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(_EXTENSIONS.format(names=alternative_names))
        _openssl("req", *_new_key(made.key), "-subj", f"/CN={name}", "-out", request)
        signer = ("-CA", self.pair.certificate, "-CAkey", self.pair.key, "-CAcreateserial")
        _openssl("x509", "-req", "-in", request, *signer, "-days", 2, "-extfile", extensions, "-out", made.certificate)
        return made


def authority(folder: Path, name: str = "authority") -> Authority:
    """Make an authority in a folder of its own."""
    where = folder / name
    where.mkdir()
    pair = Pair(where / "ca.pem", where / "ca.key")
    _openssl("req", "-x509", *_new_key(pair.key), "-subj", f"/CN={name}", "-days", 2, "-out", pair.certificate)
    return Authority(where, pair)


def _new_key(file: Path) -> tuple[object, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file


def _openssl(*arguments: object) -> None:
    command = ["openssl", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
