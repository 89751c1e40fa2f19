"""Services with keys."""

import json

import yaml
from service import Service


# With it a local store makes links.
SIGNING = {"url_base": "http://files.example", "url_key": "a key that signs, of 32 bytes or more"}


def start(tool, local, listen="127.0.0.1:0", store=None, **settings):
    config = tool.directory / "storage.yaml"
    config.write_text(yaml.safe_dump({"storage": {"local": {"base_path": str(local.base), **(store or {})}, "serve": settings}}))
    config.chmod(0o600)
    return Service(tool.start("serve", "--config", config, "--listen", listen), local.base)


def new_key(tool, name="test", scopes=("read", "write", "delete", "admin", "metrics")):
    """The key, and its entry in the configuration."""
    made = json.loads(tool.run("key", "--json").out)
    return made["key"], {"name": name, "hash": made["hash"], "scopes": list(scopes)}


def bearer(credential):
    return {"Authorization": f"Bearer {credential}"}
