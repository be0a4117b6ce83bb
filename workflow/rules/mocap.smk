# Motion capture: recordings fetched from their public addresses, cut into segments.

MOCAP = {name: settings for name, settings in DATASETS.items() if settings["source"] == "mocap"}
CHECKSUMS = sorted(Path(workflow.basedir, "config", "checksums").glob("*.txt"))
# Where to fetch from is no param: another mirror gives the same bytes, and no reason to rerun.
MIRROR = ["--mirror", config["mirror"]] if config["mirror"] else []


def mocap_directory(wildcards) -> str:
    """Where the files of a dataset's subject are downloaded to."""
    return f"results/downloads/mocap.cs.cmu.edu/subjects/{MOCAP[wildcards.dataset]['subject']:02}"


def mocap_files(wildcards) -> list[str]:
    """Skeleton and trials of a dataset."""
    settings, directory = MOCAP[wildcards.dataset], mocap_directory(wildcards)
    subject = f"{settings['subject']:02}"
    trials = [trial for split in settings["trials"].values() for trial in split]
    return [
        f"{directory}/{subject}.asf",
        *(f"{directory}/{subject}_{trial:02}.amc" for trial in trials),
    ]


# A local rule, since compute nodes often reach no network. It does not follow the program's
# code: what counts is the pinned hash, and the site asks not to be crawled.
rule download:
    output:
        "results/downloads/{host}/{path}",
    log:
        "results/logs/downloads/{host}/{path}.log",
    benchmark:
        "results/benchmarks/downloads/{host}/{path}.tsv"
    wildcard_constraints:
        host="[^/]+",
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
        downloads=1,
    params:
        url=lambda wildcards: f"{'http' if wildcards.host == 'mocap.cs.cmu.edu' else 'https'}"
        f"://{wildcards.host}/{wildcards.path}",
    shell:
        "python {SCRIPTS}/download.py --url {params.url:q} --checksums {CHECKSUMS:q} {MIRROR:q}"
        " --output {output:q} > {log:q} 2>&1"


rule prepare_mocap:
    input:
        mocap_files,
    output:
        data="results/data/{dataset}.h5",
        glitches="results/data/{dataset}.glitches.csv",
    log:
        "results/logs/data/{dataset}.log",
    benchmark:
        "results/benchmarks/data/{dataset}.tsv"
    wildcard_constraints:
        dataset="|".join(MOCAP) or "(?!)",
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=lambda wildcards: settings_json(MOCAP[wildcards.dataset]),
        directory=mocap_directory,
        code=code_of("scripts/prepare_mocap.py"),
    shell:
        "python {SCRIPTS}/prepare_mocap.py --settings {params.settings:q}"
        " --directory {params.directory:q} --output {output.data:q}"
        " --glitches {output.glitches:q} > {log:q} 2>&1"
