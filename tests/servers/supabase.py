"""Runs PostgreSQL, PostgREST and a gateway as a Supabase project has them: supabase.py PORT DATA POSTGREST

http://127.0.0.1:PORT/rest/v1 is the gateway, in front of the table of examples/supabase. DATA/project.json tells the keys, the secret that signs them, and the command of
psql. Everything ends with this process. What PostgreSQL stores lies in the system's temporary directory: its user may enter that, and the paths of its sockets are short."""

import base64
import ctypes
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent.parent / "examples" / "supabase" / "file_uploads.sql"
POSTGRESQL = pathlib.Path("/usr/lib/postgresql/15/bin")
PR_SET_PDEATHSIG = 1
SECONDS_TO_ANSWER = 60
SECRET = "a secret of the tests that is longer than 32 bytes"
NEW_KEYS = {"sb_publishable_test": "anon", "sb_secret_test": "service_role"}
MOST_ROWS = 1000

libc = ctypes.CDLL(None)


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(role, expires_at=4_102_444_800, secret=SECRET):
    header = encoded(b'{"alg":"HS256","typ":"JWT"}')
    payload = encoded(json.dumps({"iss": "supabase", "role": role, "exp": expires_at}).encode())
    signature = hmac.new(secret.encode(), f"{header}.{payload}".encode(), hashlib.sha256).digest()
    return f"{header}.{payload}.{encoded(signature)}"


def server_user():
    """PostgreSQL does not run as root."""
    return pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def as_server_user(user, command):
    """The command, run as that user, ended with this process."""
    if os.getuid() != 0:
        return command
    words = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig=KILL"]
    if not os.stat("/").st_mode & stat.S_IXOTH:
        # Only root may enter the file system, as where it was unpacked as a private directory. The bit is for access(), which initdb asks.
        words += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--securebits=+no_setuid_fixup"]
    return [*words, *command]


def end_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Project:
    def __init__(self, port, data, postgrest, state, most_rows=MOST_ROWS):
        self.port, self.data, self.state, self.user = port, data, state, server_user()
        self.most_rows = most_rows
        self.postgrest = state / "postgrest"
        shutil.copy(postgrest, self.postgrest)
        os.chown(state, self.user.pw_uid, self.user.pw_gid)
        self.psql = ["psql", "--no-psqlrc", "--quiet", "--host", str(state), "--username", "postgres", "--dbname", "postgres"]
        self.environment = {**os.environ, "HOME": str(state), "LC_ALL": "C.UTF-8"}

    def options(self):
        return {"env": self.environment, "cwd": self.state, "preexec_fn": end_with_parent}

    def run(self, *command, **options):
        subprocess.run(as_server_user(self.user, command), check=True, timeout=SECONDS_TO_ANSWER, **self.options(), **options)

    def start(self, *command):
        return subprocess.Popen(as_server_user(self.user, command), **self.options())

    def write(self, name, text):
        path = self.state / name
        path.write_text(text)
        path.chmod(0o644)
        return str(path)

    def make_database(self):
        self.run(
            POSTGRESQL / "initdb", "-D", "database", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
            stdout=subprocess.DEVNULL,
        )
        daemon = self.start_database()
        for script in (HERE / "supabase.sql", TABLE):
            subprocess.run(self.psql, stdin=open(script), check=True, timeout=SECONDS_TO_ANSWER)
        return daemon

    def start_database(self):
        """One that is there. After a kill what served the one before may still be ending, and is waited for."""
        settings = {"listen_addresses": "", "unix_socket_directories": self.state, "timezone": "UTC", "fsync": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        started = []

        def answers():
            if not started or started[-1].poll() is not None:
                started.append(self.start(POSTGRESQL / "postgres", "-D", "database", *options))
            return subprocess.run([*self.psql, "-c", "select 1"], capture_output=True).returncode == 0

        self.wait_for(answers)
        return started[-1]

    def start_rest(self):
        path = self.state / "rest.sock"
        path.unlink(missing_ok=True)
        configuration = f"""
db-uri = "postgres://authenticator@/postgres?host={self.state}"
db-schemas = "public"
db-anon-role = "anon"
db-max-rows = {self.most_rows}
jwt-secret = "{SECRET}"
server-unix-socket = "{path}"
server-unix-socket-mode = "660"
log-level = "error"
db-plan-enabled = true
"""
        daemon = self.start(self.postgrest, self.write("rest.conf", configuration))
        self.wait_for(lambda: answers_ok(path))
        return daemon

    def start_gateway(self):
        tokens = {token(role): token(role) for role in NEW_KEYS.values()} | {key: token(role) for key, role in NEW_KEYS.items()}
        known = "".join(f'"{key}" ok; ' for key in tokens)
        bearers = "".join(f'"Bearer {key}" "Bearer {value}"; ' for key, value in tokens.items())
        configuration = f"""
daemon off; worker_processes 1; pid {self.state}/nginx.pid; error_log stderr error;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 50m; map_hash_bucket_size 1024;
  client_body_temp_path {self.state}/bodies; proxy_temp_path {self.state}/answers;
  fastcgi_temp_path {self.state}/unused; uwsgi_temp_path {self.state}/unused; scgi_temp_path {self.state}/unused;
  map $http_apikey $key {{ default bad; "" none; {known} }}
  map $http_authorization $bearer {{ default $http_authorization; {bearers} }}
  server {{
    listen 127.0.0.1:{self.port}; default_type application/json;
    location /rest/v1/ {{
      if ($key = none) {{ return 401 '{{"message":"No API key found in request","hint":"No apikey header"}}'; }}
      if ($key = bad) {{ return 401 '{{"message":"Invalid API key","hint":"Double check your API key."}}'; }}
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization $bearer;
      proxy_pass http://unix:{self.state}/rest.sock:/;
    }}
    location / {{ return 404 '{{"message":"no Route matched with those values"}}'; }}
  }}
}}
"""
        return self.start("/usr/sbin/nginx", "-e", "stderr", "-c", self.write("nginx.conf", configuration))

    def wait_for(self, condition):
        give_up = time.monotonic() + SECONDS_TO_ANSWER
        while not condition():
            if time.monotonic() > give_up:
                sys.exit("a part of the project does not come up")
            time.sleep(0.05)

    def tell(self):
        facts = {
            "anon_key": token("anon"),
            "service_key": token("service_role"),
            "secret_key": "sb_secret_test",
            "ended_key": token("service_role", expires_at=1_600_000_000),
            "forged_key": token("service_role", secret="another secret that is longer than 32 bytes"),
            "psql": self.psql,
        }
        (self.data / "project.json").write_text(json.dumps(facts))


def answers_ok(path):
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(100)
    except OSError:
        return False


def main(port, data, postgrest):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    state = pathlib.Path(tempfile.mkdtemp(prefix="filestore-"))
    daemons = []
    try:
        project = Project(port, pathlib.Path(data), postgrest, state)
        for start in (project.make_database, project.start_rest):
            daemons.append(start())
        project.tell()
        daemons.append(project.start_gateway())
        os.wait()
        sys.exit("a part of the project ended by itself")
    finally:
        for daemon in daemons:
            daemon.kill()
            daemon.wait()
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
