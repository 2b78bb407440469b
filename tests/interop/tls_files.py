"""The certificates of a TLS test between us and a peer, as each side names them: a server and a client of one
authority, and a client that is forged, whose authority has the same name and another key. (Go and others show no
certificate at all where the server asks for one of another name.)"""

import pathlib
import tempfile

from certificates import Authority

FORGED_IN_OUR_WORDS = "the client's certificate comes from an authority that is not trusted here"


class TlsFiles:
    def __init__(self, test):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "forger").mkdir()
        authority = Authority(self.folder)
        authority.sign("server")
        authority.sign("client")
        Authority(self.folder / "forger").sign("forged")

    def path(self, name):
        """Of "ca.pem", "server.key" and alike."""
        return str(self.folder / ("forger" if name.startswith("forged") else "") / name)

    def pair(self, name):
        return [self.path(f"{name}.pem"), self.path(f"{name}.key")]

    def server(self, mutual):
        """Keys of `tls` of a receiver, ours and the Collector's."""
        certificate, key = self.pair("server")
        asked = f", client_ca_file: {self.path('ca.pem')}" if mutual else ""
        return f"cert_file: {certificate}, key_file: {key}{asked}"

    def client(self, name=None):
        """Keys of `tls` of an exporter, ours and the Collector's; without a name it has no certificate."""
        own = ", cert_file: {}, key_file: {}".format(*self.pair(name)) if name else ""
        return f"ca_file: {self.path('ca.pem')}{own}"

    def variables(self, name=None):
        """Environment variables of any SDK."""
        prefix = "OTEL_EXPORTER_OTLP_"
        found = {f"{prefix}CERTIFICATE": self.path("ca.pem")}
        if name:
            found |= zip((f"{prefix}CLIENT_CERTIFICATE", f"{prefix}CLIENT_KEY"), self.pair(name))
        return found

    def over_tls(self, config, mutual):
        """`config` with TLS at its receivers on any port (`endpoint: "127.0.0.1:0"`)."""
        endpoint = 'endpoint: "127.0.0.1:0"}'
        assert endpoint in config
        return config.replace(endpoint, f"{endpoint[:-1]}, tls: {{{self.server(mutual)}}}}}")
