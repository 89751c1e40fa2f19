"""Services with keys."""

import json

import yaml
from service import Service


# With it a local store makes links.
SIGNING = {"url_key": "a key that signs, of 32 bytes or more"}


def configure(tool, local, store=None, sections=None, **settings):
    """The configuration file of a service."""
    config = tool.directory / "storage.yaml"
    local_section = {"base_path": str(local.base), **(store or {})}
    config.write_text(yaml.safe_dump({"storage": {"local": local_section, "serve": settings, **(sections or {})}}))
    config.chmod(0o600)
    return config


def start(tool, local, listen="127.0.0.1:0", **configuration):
    config = configure(tool, local, **configuration)
    return Service(tool.start("serve", "--config", config, "--listen", listen), local.base)


def new_key(tool, name="test", scopes=("read", "write", "delete", "admin", "metrics")):
    """The key, and its entry in the configuration."""
    made = json.loads(tool.run("key", "--json").out)
    return made["key"], {"name": name, "hash": made["hash"], "scopes": list(scopes)}


def bearer(credential):
    return {"Authorization": f"Bearer {credential}"}
