"""Certificates for tests, good ones and bad ones, made with openssl."""
import ssl
import subprocess
from pathlib import Path

SETTINGS = """\
[ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


class Pki:
    """Two authorities, `ca` and `other`, in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        (self.folder / "settings").write_text(SETTINGS)
        (self.folder / "index").write_text("")
        (self.folder / "serial").write_text("1000\n")
        for name in ("ca", "other"):
            self.openssl("req", "-x509", *self.new_key(name), "-out", f"{name}.crt", "-days", "30",
                         "-subj", f"/CN={name}")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    @staticmethod
    def new_key(name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key")

    def issue(self, name, authority="ca", address="IP:127.0.0.1", begin="20200101000000Z", end="20491231235959Z"):
        """NAME.crt and NAME.key."""
        self.openssl("req", *self.new_key(name), "-subj", f"/CN={name}", "-addext", f"subjectAltName={address}",
                     "-out", f"{name}.csr")
        self.openssl("ca", "-batch", "-config", "settings", "-cert", f"{authority}.crt", "-keyfile",
                     f"{authority}.key", "-in", f"{name}.csr", "-startdate", begin, "-enddate", end, "-notext",
                     "-out", f"{name}.crt")

    def path(self, name):
        return self.folder / name

    def server(self, name, client_authority=None, h2=False):
        """What a server with that certificate needs; with an authority it wants clients to have one, too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(f"{name}.crt"), self.path(f"{name}.key"))
        context.set_alpn_protocols(["h2"] if h2 else ["http/1.1"])
        if client_authority:
            context.maximum_version = ssl.TLSVersion.TLSv1_2  # refuses within the handshake
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path(f"{client_authority}.crt"))
        return context
