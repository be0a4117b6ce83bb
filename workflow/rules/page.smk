# The page that shows all tables and figures.


rule page:
    input:
        metrics=rules.collect.output.metrics,
        runs=rules.collect.output.runs,
        paper=pipeline_file("config/paper_numbers.csv"),
        tables=[table for table in TABLES if table.endswith(".html")],
        figures=[file for file in FIGURE_FILES if file.endswith(".svg")],
        template=pipeline_file("nri/results/templates/page.html"),
        explorer=[rules.explorer.output[0]] if EXPLORED else [],
    output:
        "results/index.html",
    log:
        "results/logs/page.log",
    benchmark:
        "results/benchmarks/page.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source_digests("scripts/page.py"),
        program=script("page.py"),
        # As a function, so that Snakemake fills in nothing that stands in braces.
        command=lambda wildcards: CONFIG.command,
        explorer=lambda wildcards, input: ["--explorer", *input.explorer] if EXPLORED else [],
    shell:
        "python {params.program:q} --metrics {input.metrics:q} --runs {input.runs:q}"
        " --paper {input.paper:q} --tables {input.tables:q} --figures {input.figures:q}"
        " {params.explorer:q} --command={params.command:q} --output {output:q} > {log:q} 2>&1"
