# SPDX-License-Identifier: Apache-2.0
"""Signatures of callers' numbers by somebody else than the gateway: Python's cryptography. An authority, its certificates, Identity
headers good and bad, and the server at which the certificates are found."""

import base64
import datetime
import http.server
import json
import ssl
import threading
import time
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

NUMBER_AUTHORITY = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26")
PROVIDER_709J = bytes.fromhex("3008a00616043730394a")  # RFC 8226: one service provider code


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Authority:
    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._build(self.name, self.key.public_key(), True, []).sign(self.key, hashes.SHA256())

    def _build(self, subject, key, is_authority, extensions, valid_for=datetime.timedelta(days=1)):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=2))
                   .not_valid_after(now + valid_for)
                   .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, key, numbers=PROVIDER_709J, **more):
        """A certificate for callers' numbers, as PEM."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SHAKEN 709J")])
        built = self._build(subject, key.public_key(), False, [x509.UnrecognizedExtension(NUMBER_AUTHORITY, numbers)], **more)
        return built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue_server(self, key, addresses):
        """A certificate for a TLS server, as PEM."""
        import ipaddress

        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(one)) for one in addresses])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "certificates")])
        return self._build(subject, key.public_key(), False, [names]).sign(self.key, hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM)


def identity(key, url, origin, destination, attest="A", age_s=0, **changes):
    """The value of an Identity header. `changes` of the claims, made after signing."""
    header = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": url}
    claims = {"attest": attest, "dest": {"tn": [destination]}, "iat": int(time.time()) - age_s, "orig": {"tn": origin},
              "origid": str(uuid.uuid4())}
    compact = lambda value: b64(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())
    signed = f"{compact(header)}.{compact(claims)}"
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"{compact(header)}.{compact({**claims, **changes})}.{signature};info=<{url}>;alg=ES256;ppt=shaken"


def read(value, certificate_pem):
    """Header, claims and parameters of an Identity header whose signature is by that certificate's key; raises if it is not."""
    token, *parameters = [part.strip() for part in value.split(";")]
    signed, _, signature = token.rpartition(".")
    header, claims = (json.loads(unb64(part)) for part in signed.split("."))
    octets = unb64(signature)
    der = utils.encode_dss_signature(int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big"))
    key = x509.load_pem_x509_certificate(certificate_pem).public_key()
    key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    return header, claims, parameters


class CertificateServer:
    """HTTPS at an address of the loopback; counts what is asked for."""

    def __init__(self, address, certificate_file):
        self.files, self.asked = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                outer.asked.append(self.path)
                content = outer.files.get(self.path)
                self.send_response(200 if content is not None else 404)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://{address}:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def put(self, path, content):
        self.files[path] = content
        return self.url + path

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
