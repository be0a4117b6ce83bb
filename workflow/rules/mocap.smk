# Motion capture: recordings fetched from their public addresses, cut into segments.


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
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
        downloads=1,
        # Not among the params: another mirror has the same bytes, and is no reason to rerun.
        mirror=f"--mirror {CONFIG.mirror}" if CONFIG.mirror else "",
    params:
        program=script("download.py"),
        checksums=sorted(pipeline_file(path) for path in (BASE / "config" / "checksums").glob("*.txt")),
        url=lambda wildcards: f"{'http' if wildcards.host == 'mocap.cs.cmu.edu' else 'https'}"
        f"://{wildcards.host}/{wildcards.path}",
    shell:
        "python {params.program:q} --url {params.url:q} --checksums {params.checksums:q}"
        " {resources.mirror} --output {output:q} > {log:q} 2>&1"


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
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        *tracked(MOCAP, lambda wildcards: wildcards.dataset),
        *source_digests("scripts/prepare_mocap.py"),
        program=script("prepare_mocap.py"),
        settings=settings_json(lambda wildcards: MOCAP[wildcards.dataset]),
        directory=mocap_directory,
    shell:
        "python {params.program:q} --settings {params.settings:q}"
        " --directory {params.directory:q} --output {output.data:q}"
        " --glitches {output.glitches:q} > {log:q} 2>&1"
