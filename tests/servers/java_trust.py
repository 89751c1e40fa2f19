"""java_trust.py TRUSTSTORE: writes the certificates that this system trusts as Java reads them (PKCS #12).

Java has a list of its own, which lacks what was added to the system's bundle alone.
"""

import os
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509 import load_pem_x509_certificates

bundle = pathlib.Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
trusted = [
    pkcs12.PKCS12Certificate(certificate, str(number).encode())
    for number, certificate in enumerate(load_pem_x509_certificates(bundle.read_bytes()))
]
pathlib.Path(sys.argv[1]).write_bytes(pkcs12.serialize_java_truststore(trusted, BestAvailableEncryption(b"changeit")))
