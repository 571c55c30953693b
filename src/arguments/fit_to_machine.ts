/** Recorded arguments that only a larger machine could take. @module */

/** Recorded arguments as this machine can take them, and a line for each that it cannot take as it is. */
export interface FittedArguments {
  arguments: Readonly<Record<string, unknown>>;
  notes: readonly string[];
}

const CPU_LANES = /^cpu:(\d+)$/;

/**
 * Lowers what a larger machine recorded to this one's cores: threads and lanes of the CPU decide how long a run takes, never its bytes.
 *
 * @param except flags that are given in the record's place
 */
export function fitToMachine(
  recorded: Readonly<Record<string, unknown>>,
  { except, cores = navigator.hardwareConcurrency }: {
    except: ReadonlySet<string>;
    cores?: number;
  },
): FittedArguments {
  const { threads, devices } = recorded;
  const fitted: Record<string, unknown> = {};
  if (typeof threads === "number" && threads > cores) fitted.threads = cores;
  const lanes = Number(CPU_LANES.exec(String(devices))?.[1] ?? 0);
  if (lanes > cores) fitted.devices = `cpu:${cores}`;
  const names = Object.keys(fitted).filter((name) => !except.has(name));
  return {
    arguments: { ...recorded, ...Object.fromEntries(names.map((name) => [name, fitted[name]])) },
    notes: names.map((name) =>
      `--${name} ${recorded[name]} was recorded, this machine has ${cores} core${
        cores === 1 ? "" : "s"
      }: taking ${fitted[name]}, the result is the same`
    ),
  };
}
