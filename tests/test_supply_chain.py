"""What is installed: declared, used, pinned, with a checksum and a licence."""

import json
import re


def test_each_locked_package_has_a_checksum_and_is_in_the_bill_of_materials(repository):
    texts = {
        name: (repository / "envs" / name).read_text("utf-8") for name in ("lock.txt", "hashes.txt")
    }
    locked = set(re.findall(r"^([\w.-]+==\S+)$", texts["lock.txt"], re.M))
    pinned = dict(
        re.findall(r"^(\S+==\S+) --hash=sha256:([0-9a-f]{64})$", texts["hashes.txt"], re.M)
    )
    assert {pin.removesuffix("+cpu") for pin in pinned} == locked
    bill = json.loads((repository / "envs" / "sbom.cdx.json").read_text("utf-8"))
    listed = {
        f"{part['name']}=={part['version']}": part["hashes"][0]["content"]
        for part in bill["components"]
    }
    assert listed == pinned
    without = {part["name"] for part in bill["components"] if "licenses" not in part}
    assert all(name.startswith(("snakemake-interface-", "conda-inject")) for name in without)
