"""Who may call the service, and for what. Tokens are made by joserfc, which knows nothing of ours."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import ssl
import subprocess
import sys
import threading
import time

import pytest
import yaml
from access import bearer, new_key, start
from command import assert_fails
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from service import Service, file_part, form, new_id
from waiting import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "servers"))
import certificates

SECRET = "a secret of the project that has more than 32 bytes"
ROLES = {"authenticated": ["read", "write"], "service_role": ["read", "write", "delete", "admin"]}
# The scope that each route wants.
CALLS = {
    "read": [("GET", "/download/{id}"), ("GET", "/files/{id}"), ("GET", "/files"), ("HEAD", "/files/{id}/content"), ("POST", "/files/{id}/link")],
    "write": [("POST", "/upload"), ("PUT", "/files"), ("POST", "/uploads"), ("HEAD", "/uploads/{id}")],
    "delete": [("DELETE", "/delete/{id}"), ("POST", "/files/{id}/undelete")],
    "admin": [("POST", "/cleanup?days=1")],
    "metrics": [("GET", "/metrics")],
}
SCOPES = list(CALLS)


def call(service, file_id, method, path, headers):
    body, more = form(file_part(b"hello")) if path == "/upload" else (b"hello", {}) if path == "/files" and method == "PUT" else (None, {})
    if path.startswith("/uploads"):
        more = {"Tus-Resumable": "1.0.0", "Upload-Length": "1"}
    return service.call(method, path.format(id=file_id), body, {**more, **headers})


def test_a_key_is_printed_with_its_hash(tool):
    lines = tool.run("key").out.decode()
    found = re.fullmatch(r"key:  (filestore_[0-9a-f]{64})\nhash: sha256:([0-9a-f]{64})\n", lines)
    assert found and hashlib.sha256(found[1].encode()).hexdigest() == found[2]
    assert tool.run("key").out.decode() != lines
    assert not list(tool.directory.iterdir())


@pytest.mark.parametrize("allowed", SCOPES)
def test_a_key_may_what_its_scopes_say(tool, local, allowed):
    key, entry = new_key(tool, scopes=[allowed])
    full, full_entry = new_key(tool, name="full")
    service = start(tool, local, keys=[entry, full_entry])
    for scope, calls in CALLS.items():
        for method, path in calls:
            file_id = service.call("PUT", "/files", b"x", bearer(full)).json()["file_id"]
            answer = call(service, file_id, method, path, bearer(key))
            if scope == allowed:
                assert answer.status in (200, 201, 501), (method, path, answer)
            else:
                assert answer.status == 403, (method, path, answer)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer filestore_" + "0" * 64},
        {"Authorization": "Basic {key}"},
        {"Authorization": "{key}"},
        {"X-Api-Key": "{hash}"},
        {"X-Api-Key": "{key} {key}"},
        {"X-Api-Key": "{key}x"},
        {"X-Api-Key": "a.b.c"},
    ],
)
def test_without_the_key_nothing_can_be_done(tool, local, headers):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry])
    file_id = service.call("PUT", "/files", b"kept", bearer(key)).json()["file_id"]
    given = {name: value.format(key=key, hash=entry["hash"]) for name, value in headers.items()}
    for calls in CALLS.values():
        for method, path in [*calls, ("GET", "/nothing"), ("PATCH", "/files")]:
            answer = call(service, file_id, method, path, given)
            assert answer.status == 401, (method, path, answer)
            assert answer.header("www-authenticate") == "Bearer"
    assert local.stored() == {file_id: b"kept"}
    assert service.call("GET", "/healthz").status == 200


@pytest.mark.parametrize("header", ["Authorization", "authorization", "X-Api-Key"])
def test_where_a_key_may_stand(tool, local, header):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry])
    value = f"bearer   {key}" if header == "authorization" else f"Bearer {key}" if header == "Authorization" else key
    assert service.call("GET", "/files", headers={header: value}).status == 200


@pytest.mark.parametrize("empty", ["", "Bearer", "Bearer ", "bearer    "])
def test_an_empty_credential_is_none(tool, local, empty):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry])
    assert service.call("GET", "/files", headers={"Authorization": empty, "X-Api-Key": key}).status == 200
    assert service.call("GET", "/files", headers={"Authorization": "Bearer x", "X-Api-Key": key}).status == 401


def test_other_machines_need_keys(tool, local):
    outcome = tool.run("serve", "--listen", "0.0.0.0:0", *local.options)
    assert_fails(outcome, 2, "0.0.0.0:0", "without keys", "filestore key")
    key, entry = new_key(tool)
    service = start(tool, local, listen="0.0.0.0:0", keys=[entry])
    # By whatever name: a page has no key.
    assert service.call("GET", "/files", headers={**bearer(key), "Host": "anything.example"}).status == 200
    assert service.call("GET", "/files", headers={"Host": "anything.example"}).status == 401


# Tokens


def token(key, claims=None, header=None, **more):
    return jwt.encode(
        {"alg": "HS256", **(header or {})},
        {"sub": "user-1", "role": "authenticated", "exp": int(time.time()) + 600, "aud": "authenticated", "iss": "https://project.example/auth/v1", **(claims or {})},
        key,
        algorithms=["HS256", "RS256", "ES256", "HS512"],
        **more,
    )


HMAC_KEY = OctKey.import_key(SECRET)


@pytest.fixture
def token_service(tool, local):
    rules = {"secret": SECRET, "audience": "authenticated", "issuer": "https://project.example/auth/v1", "roles": ROLES}
    return start(tool, local, jwt=rules)


def status_of(service, credential, method="GET", path="/files"):
    return service.call(method, path, headers=bearer(credential)).status


def test_a_token_of_the_project(token_service):
    assert status_of(token_service, token(HMAC_KEY)) == 200
    assert status_of(token_service, token(HMAC_KEY), "POST", "/cleanup") == 403
    assert status_of(token_service, token(HMAC_KEY, {"role": "service_role"}), "POST", "/cleanup") == 200
    assert status_of(token_service, token(HMAC_KEY, {"aud": ["other", "authenticated"]})) == 200
    assert status_of(token_service, token(HMAC_KEY, {"nbf": int(time.time()) - 5})) == 200
    # Clocks differ a little.
    assert status_of(token_service, token(HMAC_KEY, {"exp": int(time.time()) - 10})) == 200


@pytest.mark.parametrize(
    "claims, status",
    [
        ({"exp": 1}, 401),
        # The clocks of the two may differ by a minute.
        ({"exp": int(time.time()) - 120}, 401),
        ({"exp": "never"}, 401),
        ({"exp": None}, 401),
        ({"nbf": 4_000_000_000}, 401),
        ({"nbf": "later"}, 401),
        ({"aud": "other"}, 401),
        ({"aud": []}, 401),
        ({"aud": {"authenticated": 1}}, 401),
        ({"iss": "https://evil.example"}, 401),
        ({"role": "anon"}, 403),
        ({"role": ""}, 403),
        ({"role": ["service_role"]}, 403),
    ],
)
def test_a_token_that_is_not_right(token_service, claims, status):
    made = {"sub": "u", "role": "authenticated", "exp": int(time.time()) + 600, "aud": "authenticated", "iss": "https://project.example/auth/v1", **claims}
    made = {name: value for name, value in made.items() if value is not None}
    credential = jws.serialize_compact({"alg": "HS256"}, json.dumps(made).encode(), HMAC_KEY)
    assert status_of(token_service, credential) == status


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_that_is_forged(token_service):
    right = token(HMAC_KEY)
    header, claims, signature = right.split(".")
    payload = {"role": "service_role", "exp": 4_000_000_000, "aud": "authenticated", "iss": "https://project.example/auth/v1"}
    forged = [
        f"{header}.{encoded(payload)}.{signature}",
        f"{encoded({'alg': 'none'})}.{encoded(payload)}.",
        f"{encoded({'alg': 'None'})}.{encoded(payload)}.{signature}",
        f"{encoded({})}.{claims}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{claims}.{signature[:-2]}",
        f"{header}.{claims}.{signature}=",
        f"{header}.{claims}.{signature}.{signature}",
        "..",
        "." * 3,
        "a.b.c",
        token(OctKey.import_key("another secret that is just as long as the right")),
        token(HMAC_KEY, header={"alg": "HS512"}),
        jws.serialize_compact({"alg": "HS256"}, b"[1]", HMAC_KEY),
        jws.serialize_compact({"alg": "HS256"}, b"no JSON", HMAC_KEY),
        "x" * 20_000 + "." + "y" * 10 + ".z",
    ]
    for credential in forged:
        assert status_of(token_service, credential) == 401, credential[:200]
    assert status_of(token_service, right) == 200


class Issuer:
    """Serves a JWKS."""

    def __init__(self):
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1"})
        self.asked = 0
        self.document = KeySet([self.rsa, self.ec]).as_dict(private=False)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                body = json.dumps(issuer.document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_tokens_by_public_keys(tool, local, issuer):
    service = start(tool, local, jwt={"jwks": issuer.url, "roles": ROLES})
    wait_until(lambda: status_of(service, token(issuer.rsa, header={"alg": "RS256", "kid": "rsa-1"})) != 503, service.process)
    for key, algorithm in ((issuer.rsa, "RS256"), (issuer.ec, "ES256")):
        header = {"alg": algorithm, "kid": key.kid}
        assert status_of(service, token(key, header=header)) == 200
        assert status_of(service, token(key, header={"alg": algorithm})) == 200
        assert status_of(service, token(key, header={**header, "kid": "other"})) == 401
        body, signature = token(key, header=header).rsplit(".", 1)
        assert status_of(service, f"{body}.{signature[:-4]}AAAA") == 401
    strangers = [(RSAKey.generate_key(2048, {"kid": "rsa-1"}), "RS256"), (ECKey.generate_key("P-256", {"kid": "ec-1"}), "ES256")]
    for key, algorithm in strangers:
        assert status_of(service, token(key, header={"alg": algorithm, "kid": key.kid})) == 401
    # What everybody may know is no secret.
    message = f"{encoded({'alg': 'HS256', 'kid': 'rsa-1'})}.{encoded({'role': 'service_role', 'exp': 4_000_000_000})}"
    signature = hmac.digest(issuer.rsa.as_pem(private=False), message.encode(), "sha256")
    assert status_of(service, f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}") == 401
    assert issuer.asked == 1


def test_an_issuer_that_does_not_answer(tool, local):
    config = tool.directory / "storage.yaml"
    config.write_text(yaml.safe_dump({"storage": {"local": {"base_path": str(local.base)}, "serve": {"jwt": {"jwks": "http://127.0.0.1:9/jwks", "roles": ROLES}}}}))
    service = Service(tool.start("serve", "--config", config, "--listen", "127.0.0.1:0"), local.base)
    assert b"http://127.0.0.1:9/jwks" in service.process.stderr.readline()
    answer = service.call("GET", "/files", headers=bearer("a.b.c"))
    assert answer.status == 503 and answer.header("retry-after") and "cannot be had yet" in answer.json()["detail"], answer
    # What is no token needs no keys.
    assert status_of(service, "a key") == 401
    assert service.call("GET", "/healthz").status == 200
    config.write_text(yaml.safe_dump({"storage": {"serve": {"jwt": {"jwks": "http://issuer.example/jwks", "roles": ROLES}}}}))
    assert_fails(tool.run("serve", "--config", config), 2, "https: only")


# TLS, pages of other origins, limits


@pytest.fixture
def certificate(tmp_path):
    directory = tmp_path / "certificates"
    certificates.make(tmp_path / "ca.pem", directory, [])
    return directory


def test_tls(tool, local, certificate, tmp_path):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry], tls={"certificate": str(certificate / "public.crt"), "key": str(certificate / "private.key")})
    assert service.scheme == "https"
    service.trusted = tmp_path / "ca.pem"
    file_id = service.call("PUT", "/files", b"by TLS" * 100_000, bearer(key)).json()["file_id"]
    assert service.call("GET", f"/download/{file_id}", headers=bearer(key)).body == b"by TLS" * 100_000
    redirected = service.call("GET", "/files/", headers=bearer(key))
    assert redirected.header("location").startswith("https://")


def handshake(service, trusted, oldest, newest):
    """The version that a client and the service agree on. At level 0 OpenSSL offers also what is not secure."""
    context = ssl.create_default_context(cafile=trusted)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = oldest, newest
    with service.connect() as connection, context.wrap_socket(connection, server_hostname=service.host) as secured:
        return secured.version()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_versions_of_tls(tool, local, certificate, tmp_path):
    """RFC 8996: those before 1.2 must not be used."""
    version = ssl.TLSVersion
    service = start(tool, local, tls={"certificate": str(certificate / "public.crt"), "key": str(certificate / "private.key")})
    for old in (version.TLSv1, version.TLSv1_1):
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            handshake(service, tmp_path / "ca.pem", old, version.TLSv1_1)
    for right, name in ((version.TLSv1_2, "TLSv1.2"), (version.TLSv1_3, "TLSv1.3")):
        assert handshake(service, tmp_path / "ca.pem", right, right) == name
    assert handshake(service, tmp_path / "ca.pem", version.TLSv1, version.TLSv1_3) == "TLSv1.3"


def test_a_certificate_that_cannot_be_used(tool, local, certificate):
    config = tool.directory / "storage.yaml"

    def with_files(**tls):
        config.write_text(yaml.safe_dump({"storage": {"local": {"base_path": str(local.base)}, "serve": {"tls": tls}}}))
        return tool.run("serve", "--config", config)

    assert_fails(with_files(certificate=str(certificate / "none"), key=str(certificate / "private.key")), 2, "none")
    assert_fails(with_files(certificate=str(certificate / "public.crt")), 2, "certificate and key")
    assert_fails(with_files(certificate=str(certificate / "private.key"), key=str(certificate / "private.key")), 2, "certificate")


def test_listed_pages_of_other_origins(tool, local):
    key, entry = new_key(tool)
    service = start(tool, local, keys=[entry], origins=["https://app.example"])
    page = {"Origin": "https://app.example"}
    asks = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    preflight = service.call("OPTIONS", "/files", headers={**page, **asks})
    assert preflight.status == 204 and preflight.header("access-control-allow-origin") == "https://app.example"
    assert "PUT" in preflight.header("access-control-allow-methods") and "Authorization" in preflight.header("access-control-allow-headers")
    answer = service.call("PUT", "/files", b"x", {**page, **bearer(key)})
    assert answer.status == 201 and answer.header("access-control-allow-origin") == "https://app.example" and answer.header("vary") == "Origin"
    refused = service.call("PUT", "/files", b"x", page)
    assert refused.status == 401 and refused.header("access-control-allow-origin") == "https://app.example"
    assert {"If-Modified-Since", "If-Unmodified-Since"} <= set(preflight.header("access-control-allow-headers").split(", "))
    assert "Accept-Ranges" in answer.header("access-control-expose-headers").split(", ")
    for origin in ("https://evil.example", "https://app.example.evil.example", "null"):
        for answer in (service.call("OPTIONS", "/files", headers={"Origin": origin, **asks}), service.call("GET", "/files", headers={"Origin": origin, **bearer(key)})):
            assert answer.header("access-control-allow-origin") is None


def test_a_caller_that_asks_too_often(tool, local):
    key, entry = new_key(tool, "one")
    other, other_entry = new_key(tool, "other")
    service = start(tool, local, keys=[entry, other_entry], rate=5)
    statuses = [status_of(service, key) for _ in range(30)]
    assert statuses[:5] == [200] * 5 and 429 in statuses
    refused = next(answer for answer in iter(lambda: service.call("GET", "/files", headers=bearer(key)), None) if answer.status == 429)
    assert refused.header("retry-after") == "1"
    assert status_of(service, other) == 200
    guesses = [status_of(service, "filestore_" + new_id()) for _ in range(30)]
    assert guesses[:5] == [401] * 5 and 429 in guesses
    assert service.call("GET", "/healthz").status == 200


def uses_up(service, credential):
    return 429 in [status_of(service, credential) for _ in range(30)]


def test_whose_requests_count_together(tool, local):
    """A key, a subject, or a role of tokens that name no subject: none of them is another, nor an address."""
    key, entry = new_key(tool, "user-1")
    service = start(tool, local, keys=[entry], rate=5, jwt={"secret": SECRET, "roles": ROLES})
    subject = token(HMAC_KEY)
    roles = [token(HMAC_KEY, {"sub": "", "role": role}) for role in ROLES]
    # A token that was never right before is not looked at once its address has used up its requests.
    assert status_of(service, roles[1]) == 200
    for credential in (subject, roles[0], "filestore_" + new_id()):
        assert uses_up(service, credential)
    assert [status_of(service, credential) for credential in (key, roles[1])] == [200, 200]


def test_guesses_of_tokens_end_before_their_signatures(tool, local):
    """Nobody's signatures are computed without limit; a token that was right before is let in beside the guesses of others, who may share its address."""
    service = start(tool, local, rate=1, jwt={"secret": SECRET, "roles": ROLES})
    known, fresh = token(HMAC_KEY), token(HMAC_KEY, {"sub": "user-2"})
    guess = token(OctKey.import_key("another secret that is just as long as the right"))
    assert status_of(service, known) == 200

    def use_up():
        """Of the address: its one request of this second."""
        wait_until(lambda: status_of(service, guess) == 401, service.process)

    use_up()
    refused = service.call("GET", "/files", headers=bearer(fresh))
    assert refused.status == 429 and refused.header("retry-after") == "1"
    use_up()
    assert status_of(service, known) == 200
    wait_until(lambda: status_of(service, fresh) == 200, service.process)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"keys": [{"name": "a", "hash": "sha256:00", "scopes": ["read"]}]}, ["no hash of a key"]),
        ({"keys": [{"name": "a", "hash": "sha256:" + "g" * 64, "scopes": ["read"]}]}, ["no hash of a key"]),
        ({"keys": [{"name": "a", "hash": "sha256:" + "0" * 64}]}, ["name, hash and scopes"]),
        ({"keys": [{"name": "a", "hash": "sha256:" + "0" * 64, "scopes": ["write", "remove"]}]}, ["'remove'", "no scope"]),
        ({"keys": {"a": 1}}, ["a list of keys"]),
        ({"key": []}, ["unknown key 'key'", "'keys'"]),
        ({"jwt": {"roles": ROLES}}, ["secret", "JWKS"]),
        ({"jwt": {"secret": "short", "roles": ROLES}}, ["32 bytes"]),
        ({"jwt": {"secret": SECRET}}, ["roles"]),
        ({"rate": "many"}, ["whole number"]),
        ({"listen": "everywhere"}, ["ADDR:PORT"]),
        ({"origins": "https://app.example"}, ["a list"]),
        *(({"origins": ["https://a.example", wrong]}, ["no origin", wrong]) for wrong in ("*", "null", "https://a.example/", "HTTPS://A.example", "a.example", "https://", "https://a.example:443", "http://a.example:80")),
        *(({"hosts": ["files.example", wrong]}, ["no host", wrong]) for wrong in ("http://a.example/", "*", "a.example/x")),
    ],
)
def test_settings_that_cannot_be_right(tool, settings, words):
    config = tool.directory / "storage.yaml"
    config.write_text(yaml.safe_dump({"storage": {"serve": settings}}))
    outcome = tool.run("serve", "--config", config)
    assert_fails(outcome, 2, *words)
    assert SECRET not in outcome.err.decode()
    assert sorted(path.name for path in tool.directory.iterdir()) == ["storage.yaml"]


def test_marks_that_other_instances_would_not_see(tool, gateway):
    config = tool.directory / "storage.yaml"
    options = ["--config", config, "--listen", "127.0.0.1:0", *gateway.options]

    def write(grace="1d", project="http://127.0.0.1:9", **serve):
        config.write_text(yaml.safe_dump({"storage": {"soft_delete": {"grace": grace}, "audit": {"url": project, "key": "a-service-key"}, "serve": serve}}))
        config.chmod(0o600)

    for settings in ({}, {"single_instance": False}):
        write(**settings)
        assert_fails(tool.run("serve", *options, environment=gateway.environment), 2, "soft_delete_grace", "single_instance")
    write(project="")
    assert_fails(tool.run("serve", *options, environment={**gateway.environment, "SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_KEY": "a-service-key"}), 2, "single_instance")
    write(single_instance="maybe")
    assert_fails(tool.run("serve", *options, environment=gateway.environment), 2, "true or false")
    for accepted in ({"single_instance": True}, {"grace": "off"}, {"project": "off"}):
        write(**accepted)
        service = Service(tool.start("serve", *options, environment=gateway.environment), tool.directory)
        assert service.call("GET", "/healthz").status == 200
        service.stop()


def test_other_commands_pass_over_the_section(tool, local):
    config = tool.directory / "storage.yaml"
    config.write_text(yaml.safe_dump({"storage": {"local": {"base_path": str(local.base)}, "serve": {"listen": "127.0.0.1:80"}}}))
    assert subprocess.run([tool.path, "list", "--config", config], capture_output=True).returncode == 0
