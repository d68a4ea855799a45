#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A private Slurm cluster of several virtual nodes on this one machine, on the loopback interface.
#
#   slurm.sh start DIR          start it; everything it writes is under DIR
#   slurm.sh stop DIR           end its jobs and daemons, and nothing else
#   slurm.sh env DIR            print the exports that sbatch, srun, squeue ... need
#   slurm.sh crash DIR NODE     a node loses its power: daemon, steps and tasks die at once
#   slurm.sh isolate DIR NODE   a node loses its network: the daemon dies, its steps go on
#   slurm.sh revive DIR NODE    the node's daemon starts again
#   slurm.sh ps DIR             the processes of the cluster: PID KIND NODE COMMAND
#
# Settings, of start alone, from the environment:
#   NODES=3  CPUS=4  MEMORY=4000 (MB)  GPUS=2      of each node; none of them need exist
#   NODE_TIMEOUT=10    seconds after which a silent node is DOWN (its jobs are requeued)
#   REQUEUE_DELAY=5    seconds that a requeued job waits
#   KILL_WAIT=5        seconds from TERM to KILL at the end of the time limit and of scancel
#   TASK_PLUGIN=task/none    task/affinity binds tasks to cores; then CPUS must be the real number
#   EXTRA=             more lines for slurm.conf
# Needs slurmctld, slurmd, munged and the Slurm clients; no systemd, cgroups or accounting.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

die() { echo "${0##*/}: $*" >&2; exit 1; }
usage() { sed -n '2,/^set -/{/^# \?/s///p}' "$0"; exit 2; }

test $# -ge 2 || usage
verb=$1
case $verb in start|stop|env|crash|isolate|revive|ps) ;; *) usage;; esac
test "$verb" != start || mkdir -p "$2"
test -d "$2" || die "$2: no such folder"
dir=$(cd "$2" && pwd -P)
conf=$dir/slurm.conf
pids=$dir/pids            # lines of: KIND PID START, the start time telling a recycled pid
node=${3:-}

# ---- processes ----------------------------------------------------------------------------------
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '{print $20}'; }
alive() { test -n "${2:-}" && test "$(start_time "$1")" = "$2" && ! grep -qs '^State:.Z' "/proc/$1/status"; }

# spawn KIND COMMAND...: in a session of its own; the marker tells which steps are whose
spawn() {
    local kind=$1 pid; shift
    env -u SLURM_JOB_ID -u SLURM_JOBID SLURM_CONF="$conf" LOOPBACK_CLUSTER="$dir:$kind" \
        setsid "$@" </dev/null >>"$dir/log/$kind.out" 2>&1 &
    pid=$!
    disown "$pid"
    echo "$kind $pid $(start_time "$pid")" >>"$pids"
}

daemon() { awk -v k="$1" '$1 == k {line = $2 " " $3} END {print line}' "$pids"; }
running() { local d; d=$(daemon "$1"); test -n "$d" && alive $d; }

# Steps and tasks of the cluster or of a node: steps carry the marker of their daemon, tasks the
# configuration's name and SLURMD_NODENAME, wherever their parents have gone.
processes() {
    local want=$1 p kind on
    for p in /proc/[0-9]*; do
        { tr '\0' '\n' <"$p/environ"; } 2>/dev/null | awk -v dir="$dir" -v conf="$conf" '
            index($0, "LOOPBACK_CLUSTER=" dir ":") == 1 {marker = substr($0, length("LOOPBACK_CLUSTER=" dir ":") + 1)}
            $0 == "SLURM_CONF=" conf {ours = 1}
            /^SLURMD_NODENAME=/ {on = substr($0, 17)}
            END {
                if (marker ~ /^slurmd\./) print "step", substr(marker, 8)
                else if (marker != "") print "daemon", marker
                else if (ours && on != "") print "task", on
            }' | while read -r kind on; do
                local pid=${p#/proc/} cmd
                cmd=$(tr '\0' ' ' <"$p/cmdline" 2>/dev/null || true)
                if test "$kind" = step && [[ $cmd != *slurmstepd* ]]; then kind=daemon; fi
                test -z "$want" || test "$on" = "$want" || continue
                echo "$pid $kind $on $cmd"
            done || true  # it may be gone, or another user's
    done
}

# end_processes SIGNAL KINDS [NODE]; a process that this script runs in is never meant
end_processes() {
    local pid kind rest
    processes "${3:-}" | while read -r pid kind rest; do
        [[ " $2 " == *" $kind "* ]] || continue
        test "$pid" = $$ || kill "-$1" "$pid" 2>/dev/null || true
    done
}

wait_until() { local end=$((SECONDS + $1)); shift; until "$@"; do test $SECONDS -lt $end || return 1; sleep 0.2; done; }
gone() { ! running "$1"; }

# end_daemon KIND: TERM, and KILL after 10 s
end_daemon() {
    local d; d=$(daemon "$1"); test -n "$d" || return 0
    set -- "$1" $d
    alive "$2" "$3" || return 0
    kill "$2" 2>/dev/null || true
    wait_until 10 gone "$1" || kill -9 "$2" 2>/dev/null || true
    wait_until 5 gone "$1" || echo "${0##*/}: $1 (pid $2) does not end" >&2
}

nodes() { awk '{print $1}' "$dir/nodes"; }
clients() { SLURM_CONF=$conf "$@"; }

# ---- the cluster --------------------------------------------------------------------------------
free_ports() {  # COUNT: the first of COUNT ports that nobody listens on
    local base p
    for base in $(seq $((20000 + RANDOM % 100 * 100)) 100 32000); do
        for p in $(seq "$base" $((base + $1 - 1))); do
            ! (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || continue 2
        done
        echo "$base"; return
    done
    die "no free ports"
}

configure() {
    local n=${NODES:-3} cpus=${CPUS:-4} gpus=${GPUS:-2} host user version port srun_ports i address bind
    host=$(uname -n); host=${host%%.*}; user=$(id -un)
    # The daemons bind to what the host's name resolves to, or to every interface
    address=$(getent ahostsv4 "$host" | awk 'NR == 1 {print $1}' || true)
    bind=CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
    if [[ $address != 127.* ]]; then
        echo "${0##*/}: '$host' is not on the loopback interface in /etc/hosts: the ports are open to the network" >&2
        address=127.0.0.1 bind=
    fi
    version=$(slurmctld -V | sed 's/[^0-9.]*\([0-9]*\.[0-9]*\).*/\1/')
    port=$(free_ports $((n + 71))); srun_ports=$((port + n + 1))-$((port + n + 70))
    mkdir -p "$dir"/{run,log,state,spool,dev}
    # munged refuses a key that others can read, and folders that others may write
    chmod 755 "$dir" "$dir/run" "$dir/spool"; chmod 700 "$dir/log" "$dir/state"
    test -s "$dir/munge.key" || (umask 377; head -c 1024 /dev/urandom >"$dir/munge.key")
    : >"$dir/nodes"
    for i in $(seq "$n"); do echo "n$i" >>"$dir/nodes"; mkdir -p "$dir/spool/n$i"; done
    cat >"$conf" <<END
ClusterName=loopback
SlurmctldHost=$host($address)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.sock,cred_expire=${REQUEUE_DELAY:-5}
$bind
SrunPortRange=$srun_ports
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobs.log
MailProg=/bin/true
ProctrackType=proctrack/pgid
TaskPlugin=${TASK_PLUGIN:-task/none}
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,sched_min_interval=100000,batch_sched_delay=0
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
ReturnToService=2
JobRequeue=1
SlurmdTimeout=${NODE_TIMEOUT:-10}
SlurmctldTimeout=30
MessageTimeout=10
InactiveLimit=0
KillWait=${KILL_WAIT:-5}
WaitTime=0
GresTypes=gpu
NodeName=n[1-$n] NodeHostname=$host NodeAddr=$address Port=[$((port + 1))-$((port + n))] CPUs=$cpus RealMemory=${MEMORY:-4000}$(test "$gpus" -eq 0 || echo " Gres=gpu:$gpus") State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 State=UP
${EXTRA:-}
END
    if test "$n" -eq 1; then sed -i 's/n\[1-1\]/n1/; s/Port=\[\([0-9]*\)-[0-9]*\]/Port=\1/' "$conf"; fi
    : >"$dir/gres.conf"
    if test "$gpus" -gt 0; then
        for i in $(seq 0 $((gpus - 1))); do ln -sf /dev/null "$dir/dev/gpu$i"; done  # a character device it must be
        local last=$((gpus - 1))
        { echo "AutoDetect=off"; echo "NodeName=ALL_NODES Name=gpu File=$dir/dev/gpu$(test $last -eq 0 && echo 0 || echo "[0-$last]")"; } |
            sed "s/ALL_NODES/$(test "$n" -eq 1 && echo n1 || echo "n[1-$n]")/" >"$dir/gres.conf"
    fi
    # From 23.11 on slurmd looks for cgroups even where no plugin wants them
    if awk -v v="$version" 'BEGIN {exit !(v >= 23.11)}'; then echo "CgroupPlugin=disabled" >"$dir/cgroup.conf"; fi
}

start_node() { spawn "slurmd.$1" slurmd -D -N "$1" -f "$conf"; }
all_run() { local kind; for kind in munged slurmctld $(sed 's/^/slurmd./' "$dir/nodes"); do running "$kind" || die "$kind has ended"; done; }
ready() { all_run; test "$(clients timeout 5 sinfo -h -N -o '%N %t' 2>/dev/null | grep -cE ' (idle|mix|alloc)$')" -eq "$(wc -l <"$dir/nodes")"; }
node_ready() { clients timeout 5 sinfo -h -n "$1" -N -o %t 2>/dev/null | grep -qE '^(idle|mix|alloc|comp)$'; }
munge_ready() { timeout 2 munge -S "$dir/run/munge.sock" -n -o /dev/null 2>/dev/null; }

case $verb in
start)
    for tool in slurmctld slurmd munged munge sinfo scontrol scancel setsid; do
        type -P "$tool" >/dev/null || die "$tool is missing"
    done
    # a step's socket is DIR/spool/NODE/NODE_JOB.STEP, and the kernel takes 107 characters
    test ${#dir} -le 60 || die "$dir: longer than 60 characters, too long for sockets"
    [[ $dir != *[[:space:],\#\"\\]* ]] || die "$dir: a name that slurm.conf cannot hold"
    if test -e "$pids" && running slurmctld; then die "$dir: it runs already"; fi
    : >>"$pids"
    test -e "$conf" || configure
    code=0
    trap 'code=$?; test $code -eq 0 || { echo "--- not started; see $dir/log" >&2; tail -n 5 "$dir"/log/*.out >&2; "$0" stop "$dir" >&2; }' EXIT
    spawn munged munged --foreground --socket="$dir/run/munge.sock" --key-file="$dir/munge.key" \
        --log-file="$dir/log/munged.log" --pid-file="$dir/run/munged.pid" --seed-file="$dir/run/munged.seed" \
        --origin=127.0.0.1 --num-threads=2
    wait_until 10 munge_ready || die "munged does not answer"
    spawn slurmctld slurmctld -D -f "$conf"
    for node in $(nodes); do start_node "$node"; done
    wait_until 30 ready || die "the nodes are not ready: $(clients sinfo -N -h -o '%N=%t' 2>&1 | tr '\n' ' ')"
    echo "export SLURM_CONF=$conf"
    ;;
stop)
    test -e "$pids" || exit 0
    if running slurmctld; then
        clients timeout 5 scancel --user="$(id -un)" 2>/dev/null || true
        no_steps() { test -z "$(processes "" | awk '$2 == "step"')"; }
        wait_until $(($(sed -n 's/^KillWait=//p' "$conf") + 3)) no_steps || true
    fi
    if test -e "$dir/nodes"; then for node in $(nodes); do end_daemon "slurmd.$node"; done; fi
    end_daemon slurmctld
    end_processes KILL "step task"
    end_daemon munged
    rm -f "$pids"
    rest=$(processes "" | awk -v me=$$ '$1 != me' || true)
    test -z "$rest" || { echo "$rest" >&2; die "these are left"; }
    ;;
env) test -e "$conf" || die "$dir: no cluster"; echo "export SLURM_CONF=$conf" ;;
ps) processes "" ;;
crash|isolate|revive)
    grep -qsx "$node" "$dir/nodes" || die "no node called '$node'"
    d=$(daemon "slurmd.$node")
    if test "$verb" = revive; then
        ! running "slurmd.$node" || die "$node runs"
        start_node "$node"
        wait_until 30 node_ready "$node" || die "$node does not come back"
    else
        running "slurmd.$node" || die "$node does not run"
        kill -9 "${d% *}"
        test "$verb" = isolate || end_processes KILL "step task" "$node"
    fi
    ;;
esac
