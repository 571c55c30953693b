/** A Slurm of one host on loopback: munged, slurmctld, slurmd. @module */
import { join } from "node:path";
import { run, until } from "./small_experiment.ts";

/** Debian's packages. */
const PACKAGES = ["slurm-wlm", "munge"];

/** Installs Slurm from Debian, for root. */
export async function installSlurm(): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...PACKAGES], env);
}

/** A running Slurm; it stops when it is disposed. */
export class LocalSlurm implements AsyncDisposable {
  /** Variables for Slurm's commands. */
  readonly env: Record<string, string>;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.env = { SLURM_CONF: join(folder, "slurm.conf") };
  }

  /** Starts the three daemons, for root; `folder` is readable by all. */
  static async start(folder: string): Promise<LocalSlurm> {
    const slurm = new LocalSlurm(folder);
    for (const name of ["munge", "state", "spool", "log"]) await Deno.mkdir(join(folder, name));
    await slurm.#startMunge();
    await Deno.writeTextFile(slurm.env.SLURM_CONF, configuration(folder, Deno.hostname()));
    await run("slurmctld", [], slurm.env);
    await run("slurmd", [], slurm.env);
    await until("slurmd is idle", 30, async () => {
      const state = await run("sinfo", ["-h", "-o", "%T"], slurm.env).catch(() => "");
      return state.includes("idle") ? true : undefined;
    });
    return slurm;
  }

  async #startMunge(): Promise<void> {
    const munge = join(this.#folder, "munge");
    await Deno.writeFile(join(munge, "key"), crypto.getRandomValues(new Uint8Array(1024)));
    await Deno.chmod(join(munge, "key"), 0o400);
    await Deno.chmod(munge, 0o711);
    await run("chown", ["-R", "munge:", munge]);
    const options = Object.entries({ key: "key-file", pid: "pid-file", log: "log-file" })
      .map(([file, option]) => `--${option}=${join(munge, file)}`);
    const line = ["munged", ...options, `--socket=${join(munge, "socket")}`];
    line.push(`--seed-file=${join(munge, "seed")}`);
    await run("su", ["-s", "/bin/sh", "munge", "-c", line.join(" ")]);
  }

  /** Runs one of Slurm's commands and returns what it printed. */
  command(
    name: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<string> {
    return run(name, args, { ...this.env, ...env });
  }

  /** Stops the daemons. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of ["slurmd.pid", "slurmctld.pid", "munge/pid"]) {
      const pid = await Deno.readTextFile(join(this.#folder, file)).catch(() => "");
      if (!pid.trim()) continue;
      try {
        Deno.kill(Number(pid), "SIGTERM");
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended
      }
    }
  }
}

/** Two cores; quick to schedule and to start a requeued job again. */
function configuration(folder: string, host: string): string {
  return `ClusterName=one
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge/socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd.log
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
KillWait=10
MinJobAge=300
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 CoresPerSocket=2 ThreadsPerCore=1 State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=60 State=UP
`;
}
