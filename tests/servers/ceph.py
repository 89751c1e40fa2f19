"""Runs a Ceph cluster of one monitor, one object store in memory and one gateway: ceph.py PORT DATA ACCESS_KEY SECRET_KEY

Everything listens on loopback, and ends with this process."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import uuid

PR_SET_PDEATHSIG = 1
SECONDS_TO_ANSWER = 40
SECONDS_TO_COME_UP = 10
ATTEMPTS = 4
GIBIBYTE = 1 << 30

libc = ctypes.CDLL(None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(port, data, cluster, monitor):
    """The sockets of the daemons would need paths shorter than those of a build directory, so there are none."""
    return f"""
[global]
fsid = {cluster}
mon_host = [v1:{monitor}]
mon_initial_members = a
ms_bind_msgr2 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data = {data}/mon
osd_data = {data}/osd
osd_objectstore = memstore
memstore_device_bytes = {4 * GIBIBYTE}
osd_memory_target = {GIBIBYTE}
run_dir = {data}/run
admin_socket =
pid_file =
log_file = {data}/run/$name.log
mon_cluster_log_file = {data}/run/cluster.log
rgw_frontends = beast endpoint=127.0.0.1:{port}
rgw_dns_name = localhost
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = testkey=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
rgw_data = {data}/rgw
keyring = {data}/keyring
[mon.a]
public_addr = v1:{monitor}
public_bind_addr = v1:{monitor}
[osd.0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
"""


def end_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(*command):
    return subprocess.Popen(command, preexec_fn=end_with_parent)


def run(*command):
    subprocess.run(command, check=True, timeout=SECONDS_TO_ANSWER, preexec_fn=end_with_parent)


def output_of(*command):
    return subprocess.check_output(command, text=True, timeout=SECONDS_TO_ANSWER, preexec_fn=end_with_parent)


def make_keys(data):
    keyring = f"{data}/keyring"
    everything = ("--cap", "osd", "allow *", "--cap", "mgr", "allow *")
    run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    run("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", "--cap", "mon", "allow *", *everything)


def start_monitor(data, cluster, monitor):
    run("monmaptool", "--create", "--clobber", "--fsid", cluster, "--addv", "a", f"[v1:{monitor}]", f"{data}/monmap")
    run("ceph-mon", "--mkfs", "-i", "a", "--monmap", f"{data}/monmap", "--keyring", f"{data}/keyring")
    return start("ceph-mon", "-f", "-i", "a")


def start_object_store():
    identity = str(uuid.uuid4())
    run("ceph", "osd", "new", identity)
    run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", identity)
    run("ceph", "osd", "crush", "add-bucket", "h", "host")
    for _ in range(ATTEMPTS):
        daemon = start("ceph-osd", "-f", "-i", "0")
        if comes_up():
            return daemon
        # Seen where other clients were at the monitor: it waits for that for ever.
        daemon.kill()
        daemon.wait()
    sys.exit("the object store of Ceph does not come up")


def comes_up():
    give_up = time.monotonic() + SECONDS_TO_COME_UP
    while time.monotonic() < give_up:
        if '"num_up_osds":1' in output_of("ceph", "osd", "stat", "--format", "json"):
            return True
    return False


def start_gateway(access_key, secret_key):
    user = ("--uid=test", "--display-name=test", f"--access-key={access_key}", f"--secret-key={secret_key}")
    run("radosgw-admin", "user", "create", *user)
    return start("radosgw", "-f", "-n", "client.admin")


def main(port, data, access_key, secret_key):
    data = pathlib.Path(data)
    for name in ("mon", "osd", "run"):
        (data / name).mkdir()
    cluster, monitor = str(uuid.uuid4()), f"127.0.0.1:{free_port()}"
    os.environ["CEPH_CONF"] = str(data / "ceph.conf")
    (data / "ceph.conf").write_text(configuration(port, data, cluster, monitor))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    make_keys(data)
    daemons = [start_monitor(data, cluster, monitor), start_object_store()]
    daemons.append(start_gateway(access_key, secret_key))
    os.wait()
    sys.exit("a daemon of Ceph ended by itself")


if __name__ == "__main__":
    main(*sys.argv[1:])
