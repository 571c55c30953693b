/** Fits recorded arguments to a machine with fewer cores. @module */

/** Arguments that fit this machine, and one note for each change. */
export interface FittedArguments {
  arguments: Readonly<Record<string, unknown>>;
  notes: readonly string[];
}

const CPU_LANES = /(?<=^|,)cpu:(\d+)(?=,|$)/;

/**
 * Lowers recorded thread and lane counts to the cores of this machine. They affect the run time,
 * never the bytes.
 *
 * @param except flags that are given and override the record
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
  if (lanes > cores) fitted.devices = String(devices).replace(CPU_LANES, `cpu:${cores}`);
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
