# Public files, fetched once and checked against their pins in config/checksums.

PINS = read_checksums(sorted((BASE / "config" / "checksums").glob("*.txt")))


# A local rule, since compute nodes often reach no network. Deliberately without source_digests(): the pin
# of the file decides, and an edit of the program must not download everything again.
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
    params:
        pin=lambda wildcards: PINS.get(f"{wildcards.host}/{wildcards.path}", ""),
        program=script("download.py"),
        url=lambda wildcards: f"{'http' if wildcards.host == 'mocap.cs.cmu.edu' else 'https'}"
        f"://{wildcards.host}/{wildcards.path}",
        # Not compared: another mirror has the same bytes.
        mirror=lambda wildcards, output: ([f"--mirror={CONFIG.mirror}"] if CONFIG.mirror else []),
    shell:
        "python {params.program:q} --url {params.url:q} --sha256={params.pin:q}"
        " {params.mirror:q} --output {output:q} > {log:q} 2>&1"
