"""filestore probe: what it prints, and that it leaves a store as it was."""

import json

from command import assert_fails

SUPPORTS = {"yes", "no", "unknown"}


def keys_of(store):
    client = store.client()
    keys = client.list_objects_v2(Bucket=store.bucket, Prefix=store.prefix).get("Contents", [])
    return sorted(entry["Key"].removeprefix(store.prefix) for entry in keys)


def test_probe_prints_the_server_and_leaves_no_trace(tool, any_s3_store):
    store = any_s3_store
    store.client().put_object(Bucket=store.bucket, Key=store.prefix + "object", Body=b"not the probe's")
    printed = tool.run("probe", *store.options, environment=store.environment)
    assert printed.code == 0 and printed.err == b"", printed
    record = tool.run("probe", "--json", *store.options, environment=store.environment)
    assert record.code == 0 and record.out.count(b"\n") == 1, record
    found = json.loads(record.out)
    assert set(found) == {"server", "profile", "features"}
    assert found["profile"].split(",")[0] == found["server"]
    lines = printed.out.decode().splitlines()
    assert lines[:3] == [f"server   {found['server']}", f"profile  {found['profile']}", ""]
    assert len(lines) == 3 + len(found["features"])
    for line, feature in zip(lines[3:], found["features"]):
        assert set(feature) == {"name", "support", "how"} and feature["support"] in SUPPORTS
        assert line.split()[:2] == [feature["name"], feature["support"]] and feature["how"]
    assert keys_of(store) == ["object"]
    assert not store.catalogue.path.exists()


def test_the_printed_profile_is_an_option(tool, versitygw):
    found = json.loads(tool.run("probe", "--json", *versitygw.options, environment=versitygw.environment).out)
    assert found["server"] == found["profile"] == "versitygw"
    listed = tool.run("list", "--server", found["profile"], *versitygw.options, environment=versitygw.environment)
    assert listed.code == 0, listed
    assert_fails(
        tool.run("list", "--server", "versitygv", *versitygw.options, environment=versitygw.environment),
        2,
        "did you mean versitygw?",
    )


def test_probe_fails_with_the_cause(tool, local, versitygw):
    assert_fails(tool.run("probe", *local.options), 2, "--backend s3")
    assert not local.base.exists()
    missing = versitygw.options_with(bucket="filestore-test-never-made")
    assert_fails(tool.run("probe", *missing, environment=versitygw.environment), 2, "NoSuchBucket")
    stranger = {**versitygw.environment, "AWS_SECRET_ACCESS_KEY": "another-secret"}
    assert_fails(tool.run("probe", *versitygw.options, environment=stranger), 5)
    nobody = versitygw.options_with(endpoint="http://127.0.0.1:9")
    assert_fails(tool.run("probe", *nobody, environment=versitygw.environment), 6)
    assert_fails(tool.run("probe", "operand", *versitygw.options, environment=versitygw.environment), 2)
