"""Certificates for tests, made by the openssl command."""

import pathlib
import subprocess

NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"


class Authority:
    """An authority in a folder, and what it signs."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = pathlib.Path(folder), name
        self.openssl(
            f"req -x509 {NEW_KEY} -days 2 -subj /CN={name} "
            f"-addext keyUsage=keyCertSign -keyout {name}.key -out {name}.pem"
        )

    def openssl(self, arguments):
        done = subprocess.run(["openssl", *arguments.split()], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def sign(self, name):
        """NAME.pem and NAME.key, for localhost and 127.0.0.1."""
        (self.folder / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self.openssl(f"req -new {NEW_KEY} -subj /CN={name} -keyout {name}.key -out {name}.csr")
        self.openssl(
            f"x509 -req -in {name}.csr -CA {self.name}.pem -CAkey {self.name}.key -set_serial 5 -days 2 "
            f"-extfile ext -out {name}.pem"
        )

    def path(self, name):
        return str(self.folder / name)
