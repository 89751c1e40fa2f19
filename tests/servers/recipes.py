"""How each S3 server of the tests is started, toxiproxy, which spoils connections to them, and PostgREST as a Supabase project has it. Versions are pinned by
`tools`, Ceph's and PostgreSQL's by the Debian release."""

import pathlib
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable

import certificates

HERE = pathlib.Path(__file__).resolve().parent

ACCESS_KEY = "testaccess"
SECRET_KEY = "testsecret1234567"
REGION = "us-east-1"
BUCKET = "filestore-test"
# What the certificate of a server over TLS, below its directory, is checked with.
AUTHORITY_FILE = "authority.pem"

SUPABASE_PROGRAMS = {"/usr/lib/postgresql/15/bin/postgres": "postgresql-15", "/usr/sbin/nginx": "nginx-light"}
CEPH_PROGRAMS = ("radosgw", "radosgw-admin", "ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool")


class CannotStart(Exception):
    """Says of one server why it cannot be started."""


@dataclass(frozen=True)
class Recipe:
    """`install` puts what the server needs in place and says where that is; `command(installed, port, data)` gives the
    command that serves http://127.0.0.1:`port` from the empty directory `data`, and its environment. A server whose
    name ends with -tls is that of the rest of the name over https; its certificate is checked with AUTHORITY_FILE in `data`."""

    install: Callable
    command: Callable
    checks_signatures: bool = True
    # Whether the server is part of every run, or of `./dev test --all-servers` only.
    everyday: bool = False
    speaks_s3: bool = True
    over_tls: bool = False


def over_tls(plain, options):
    """The command of a server over TLS: `plain` with what `options(directory)` adds for its certificate."""

    def command(installed, port, data):
        directory = data / "tls"
        certificates.make(data / AUTHORITY_FILE, directory, ["localhost", f"{BUCKET}.localhost"])
        (program, *arguments), environment = plain(installed, port, data)
        return [program, *options(directory), *arguments], environment

    return command


def tool(name):
    def install():
        made = subprocess.run([HERE / "tools", name], text=True, stdout=subprocess.PIPE)
        if made.returncode != 0:
            raise CannotStart(f"tests/servers/tools {name} failed")
        return made.stdout.strip()

    return install


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def versitygw(installed, port, data):
    files, versions = data / "files", data / "versions"
    files.mkdir()
    versions.mkdir()
    command = [installed, "--quiet", "--keep-alive", "--health", "/healthz"]
    command += ["--port", f"127.0.0.1:{port}", "--region", REGION, "--virtual-domain", "localhost"]
    command += ["posix", "--versioning-dir", str(versions), str(files)]
    return command, {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}


def versitygw_without_keep_alive(installed, port, data):
    """boto3 sends trailers over TLS, and after a body with one a kept connection may answer 400: it leaves bytes unread."""
    command, environment = versitygw(installed, port, data)
    return [word for word in command if word != "--keep-alive"], environment


def moto(_, port, data):
    return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], {}


def s3proxy(installed, port, data):
    """Without virtual-host: with it, s3proxy answers 404 to every request by path that names the host by its address."""
    store, properties, logging = data / "store", data / "s3proxy.conf", data / "logback.xml"
    store.mkdir()
    settings = {
        "s3proxy.endpoint": f"http://127.0.0.1:{port}",
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": ACCESS_KEY,
        "s3proxy.credential": SECRET_KEY,
        "s3proxy.v4-max-non-chunked-request-size": 128 << 20,
        "jclouds.provider": "filesystem-nio2",
        "jclouds.filesystem.basedir": store,
        "jclouds.regions": REGION,
    }
    properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    logging.write_text('<configuration><root level="error"/></configuration>\n')
    command = ["java", f"-Dlogback.configurationFile={logging}", "-Xmx512m", "-XX:+UseSerialGC"]
    command += ["-cp", f"{installed}/*", "org.gaul.s3proxy.Main", "--properties", str(properties)]
    return command, {}


def minio(installed, port, data):
    environment = {
        "MINIO_ROOT_USER": ACCESS_KEY,
        "MINIO_ROOT_PASSWORD": SECRET_KEY,
        "MINIO_REGION": REGION,
        "MINIO_DOMAIN": "localhost",
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        # Lets it use a directory of the root disk.
        "MINIO_CI_CD": "1",
        # Any 32 bytes switch encryption with the server's keys on.
        "MINIO_KMS_SECRET_KEY": "testkey:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    return [installed, "server", "--quiet", "--address", f"127.0.0.1:{port}", str(data / "store")], environment


def garage(installed, port, data):
    rpc, configuration = free_port(), data / "garage.toml"
    configuration.write_text(f"""
metadata_dir = "{data}/meta"
data_dir = "{data}/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:{rpc}"
rpc_public_addr = "127.0.0.1:{rpc}"
rpc_secret = "{'17' * 32}"
[s3_api]
s3_region = "{REGION}"
api_bind_addr = "127.0.0.1:{port}"
root_domain = ".localhost"
""")
    command = [installed, "-c", str(configuration), "server", "--single-node", "--default-access-key"]
    return command, {"GARAGE_DEFAULT_ACCESS_KEY": ACCESS_KEY, "GARAGE_DEFAULT_SECRET_KEY": SECRET_KEY}


def s3s_fs(installed, port, data):
    store = data / "store"
    store.mkdir()
    command = [installed, "--host", "127.0.0.1", "--port", str(port), "--domain", f"localhost:{port}"]
    return command + ["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY, str(store)], {}


def rclone(installed, port, data):
    store, configuration = data / "store", data / "rclone.conf"
    store.mkdir()
    configuration.touch()
    command = [installed, "serve", "s3", "--config", str(configuration), "--addr", f"127.0.0.1:{port}"]
    command += ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--vfs-cache-mode", "off", "--etag-hash", "MD5"]
    return command + [str(store)], {}


def toxiproxy(installed, port, data):
    return [installed, "-host", "127.0.0.1", "-port", str(port)], {}


def install_ceph():
    missing = [program for program in CEPH_PROGRAMS if not shutil.which(program)]
    if missing:
        raise CannotStart(f"it needs {', '.join(missing)} of the Debian packages radosgw, ceph-mon, ceph-osd, ceph-common")


def ceph(_, port, data):
    return [sys.executable, str(HERE / "ceph.py"), str(port), str(data), ACCESS_KEY, SECRET_KEY], {}


def install_postgrest():
    missing = [package for path, package in SUPABASE_PROGRAMS.items() if not pathlib.Path(path).exists()]
    if missing:
        raise CannotStart(f"it needs the Debian packages {', '.join(missing)}")
    return tool("postgrest")()


def postgrest(installed, port, data):
    return [sys.executable, str(HERE / "supabase.py"), str(port), str(data), installed], {}


RECIPES = {
    "versitygw": Recipe(tool("versitygw"), versitygw, everyday=True),
    "versitygw-tls": Recipe(
        tool("versitygw"),
        over_tls(versitygw_without_keep_alive, lambda tls: ["--cert", str(tls / "public.crt"), "--key", str(tls / "private.key")]),
        everyday=True,
        over_tls=True,
    ),
    "moto": Recipe(lambda: None, moto, checks_signatures=False, everyday=True),
    "s3proxy": Recipe(tool("s3proxy"), s3proxy, everyday=True),
    "minio": Recipe(tool("minio"), minio),
    "minio-tls": Recipe(tool("minio"), over_tls(minio, lambda tls: ["--certs-dir", str(tls)]), over_tls=True),
    "ceph": Recipe(install_ceph, ceph),
    "garage": Recipe(tool("garage"), garage),
    "s3s-fs": Recipe(tool("s3s-fs"), s3s_fs),
    "rclone": Recipe(tool("rclone"), rclone),
    "toxiproxy": Recipe(tool("toxiproxy"), toxiproxy, everyday=True, speaks_s3=False),
    "postgrest": Recipe(install_postgrest, postgrest, everyday=True, speaks_s3=False),
}

S3_SERVERS = [name for name, recipe in RECIPES.items() if recipe.speaks_s3 and not recipe.over_tls]
TLS_SERVERS = [name.removesuffix("-tls") for name, recipe in RECIPES.items() if recipe.over_tls]
