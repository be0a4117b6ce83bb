#!/usr/bin/env bash
# Stop what up.sh started, by its process ids, and remove its links: down.sh DIRECTORY
directory=$(realpath -m "$1")
for daemon in slurmd slurmctld munged; do
    pid=$(cat "$directory/$daemon.pid" 2> /dev/null) || continue
    kill "$pid" 2> /dev/null || continue
    for _ in $(seq 50); do
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.1
    done
done
for file in slurm.conf gres.conf; do
    if [ "$(readlink "/etc/slurm/$file")" = "$directory/$file" ]; then
        rm "/etc/slurm/$file"
    fi
done
exit 0
