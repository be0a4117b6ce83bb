# Data sets, whatever their source: a rule for each source in use, and one program for all.


def data_inputs(wildcards) -> dict[str, list[str]]:
    """The files that a data set is made of, by role."""
    files = SOURCE_OF[wildcards.dataset].inputs(DATASETS[wildcards.dataset], CONFIG.mirror)
    return {role: list(map(user_file, paths)) for role, paths in files.items()}


DATA = {name: settings.model_dump(mode="json") for name, settings in DATASETS.items()}

for source in dict.fromkeys(settings.source for settings in DATASETS.values()):

    rule:
        name:
            f"prepare_{source}"
        input:
            unpack(data_inputs),
        output:
            **{
                Path(report).stem: f"results/data/{{dataset}}.{report}"
                for report in load(SOURCES[source]).reports
            },
            data="results/data/{dataset}.h5",
        log:
            "results/logs/data/{dataset}.log",
        benchmark:
            "results/benchmarks/data/{dataset}.tsv"
        wildcard_constraints:
            dataset=one_of(name for name in DATA if DATA[name]["source"] == source),
        priority: lambda wildcards: priority_of_data()
        conda:
            "../../envs/cpu.yaml"
        # A simulation uses as many cores as there are, up to these.
        threads: 8 if load(SOURCES[source]).simulated else 1
        resources:
            # A game of basketball unpacked has 100 MB of text and a few times that as objects.
            mem_mb=lambda wildcards, attempt: 4000 * attempt,
            runtime=60 if load(SOURCES[source]).simulated else 240,
            cpu_seconds=lambda wildcards: math.ceil(simulation_seconds(shape(wildcards.dataset))),
            output_kb=lambda wildcards: math.ceil(data_bytes(shape(wildcards.dataset)) / 1000),
        params:
            *tracked(DATA, lambda wildcards: wildcards.dataset),
            *source_digests("scripts/prepare.py", SOURCES[source]),
            program=script("prepare.py"),
            settings=settings_json(lambda wildcards: DATA[wildcards.dataset]),
            inputs=lambda wildcards, input, output: json.dumps(
                {role: list(files) for role, files in input.items()}
            ),
        shell:
            "python {params.program:q} --settings {params.settings:q} --inputs {params.inputs:q}"
            " --threads {threads} --output {output.data:q} > {log:q} 2>&1"
