#!/usr/bin/env bash
# A throw-away SLURM of one node on the loopback interface, for tests: up.sh DIRECTORY
#
# As root, with Debian's slurmctld, slurmd, slurm-client and munge; without systemd, cgroups and
# accounting. Keys, state and logs are kept in DIRECTORY; beside it only links in /etc/slurm are
# made, and /etc/slurm/slurm.conf of a real cluster ends the script. down.sh DIRECTORY stops it.
set -euo pipefail
directory=$(realpath -m "$1")
host=$(hostname -s)
cpus=8 # claimed, whatever the machine has: what a simulation asks for
gpus=2

for file in slurm.conf gres.conf; do
    if [ -e "/etc/slurm/$file" ]; then
        echo "/etc/slurm/$file exists: another SLURM is set up or running here" >&2
        exit 1
    fi
done
mkdir -p "$directory"/{state,spool,gpus} /etc/slurm
cd "$directory"
chmod 755 . # what the socket of munge wants, of the directories above it too

# Every call proves who makes it through munge; a key and a socket of our own.
(umask 077 && head -c 1024 /dev/urandom > munge.key)
munged --key-file="$PWD/munge.key" --socket="$PWD/munge.socket" --pid-file="$PWD/munged.pid" \
    --log-file="$PWD/munged.log" --seed-file="$PWD/munge.seed"

# SLURM hands out GPUs as device files and sets CUDA_VISIBLE_DEVICES by their numbers: any
# character device will do, here copies of /dev/null.
for number in $(seq 0 $((gpus - 1))); do
    mknod "gpus/gpu$number" c 1 3
done
cat > gres.conf << EOF_GRES
AutoDetect=off
NodeName=$host Name=gpu File=$PWD/gpus/gpu[0-$((gpus - 1))]
EOF_GRES

cat > slurm.conf << EOF_SLURM
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$PWD/munge.socket
# Both are needed to listen on the loopback interface alone.
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=${SLURM_TEST_PORT:-16817}
SlurmdPort=$((${SLURM_TEST_PORT:-16817} + 1))
StateSaveLocation=$PWD/state
SlurmdSpoolDir=$PWD/spool
SlurmctldPidFile=$PWD/slurmctld.pid
SlurmdPidFile=$PWD/slurmd.pid
SlurmctldLogFile=$PWD/slurmctld.log
SlurmdLogFile=$PWD/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
# Without accounting squeue is asked for the state of jobs: it must remember those that have ended.
MinJobAge=86400
JobCompType=jobcomp/filetxt
JobCompLoc=$PWD/completed
# Jobs start within a second.
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# The node is what the line below says, not what the machine has.
SlurmdParameters=config_overrides
ReturnToService=2
# Seconds from SIGTERM to SIGKILL at the time limit, which is in minutes and kept within 30 s.
KillWait=5
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=32000 Gres=gpu:$gpus
PartitionName=cpu Nodes=$host Default=YES MaxTime=1-0 State=UP
PartitionName=gpu Nodes=$host MaxTime=1-0 State=UP
EOF_SLURM
# Snakemake's jobs drop SLURM_CONF, so the files must be where SLURM looks by itself.
ln -sf "$PWD"/{slurm,gres}.conf /etc/slurm/

unset SLURM_CONF
slurmctld
for _ in $(seq 50); do
    timeout 5 scontrol ping > ping 2>&1 && grep -q UP ping && break
    sleep 0.1
done
slurmd
for _ in $(seq 100); do
    [ "$(timeout 5 sinfo --noheader --Node --format %T | sort -u)" = idle ] && exit 0
    sleep 0.1
done
echo "SLURM did not start; the ends of its logs:" >&2
tail -n 20 slurmctld.log slurmd.log >&2
exit 1
