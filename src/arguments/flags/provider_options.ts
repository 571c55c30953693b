/** Options of the execution providers from the settings. @module */
import { UsageError } from "../../errors.ts";
import { optionProblem } from "../../runtime/providers/option_checks.ts";
import type { Provider, ProviderOptions } from "../../runtime/providers/provider_row.ts";
import { PROVIDERS } from "../../runtime/providers/provider_table.ts";
import { cudaOptionsOf, type ProviderSettings } from "./cuda_flags.ts";
import { shownValue } from "../../text.ts";

/** Settings of every provider but CUDA. */
export const PROVIDER_SETTINGS = ["providerOptions", "providerLibrary"] as const;

/** Values may hold commas, as JSON does: only one before a name separates options. */
const SEPARATOR = /,(?=\s*[\w.]+\s*=)/;

/**
 * Options of a provider from the settings.
 *
 * @throws {UsageError} naming the setting, the option and its value
 */
export function providerOptionsOf(
  provider: Provider,
  settings: ProviderSettings,
): ProviderOptions {
  const { title, takesCudaFlags, plugin, options } = PROVIDERS[provider];
  const { providerLibrary } = settings;
  if (takesCudaFlags) {
    refuse(settings, "providerOptions", (name) => `CUDA's options are ${name("cudaOptions")}`);
    refuse(settings, "providerLibrary", () => "this version uses CUDA without a plugin");
    const cuda = cudaOptionsOf(settings);
    return { cuda, ...(cuda.device_id === undefined ? {} : { deviceId: Number(cuda.device_id) }) };
  }
  if (!plugin) refuse(settings, "providerLibrary", () => `${title} is no plugin`);
  const given = parseOptions(settings.providerOptions);
  const { options: checks } = providerLibrary === undefined || !plugin ? { options } : plugin;
  for (const [option, value] of Object.entries(given)) {
    const problem = optionProblem(checks, option, value);
    if (problem === undefined) continue;
    throw new UsageError((name) => `${name("providerOptions")} ${option} ${problem}`);
  }
  return {
    ...(settings.providerOptions === undefined ? {} : { providerOptions: given }),
    ...(providerLibrary === undefined ? {} : { providerLibrary }),
  };
}

/**
 * Validates the options before anything is opened.
 *
 * @param provider the given one; `auto` refuses options, because they belong to one provider
 * @throws {UsageError}
 */
export function checkProviderOptions(
  provider: Provider | "auto",
  settings: ProviderSettings,
): void {
  if (provider === "auto") {
    for (const setting of PROVIDER_SETTINGS) {
      refuse(settings, setting, (name) => `name the provider with ${name("provider")}`);
    }
  } else if (!PROVIDERS[provider].lanes) void providerOptionsOf(provider, settings);
}

function refuse(
  settings: ProviderSettings,
  setting: (typeof PROVIDER_SETTINGS)[number],
  reason: (name: (setting: string) => string) => string,
): void {
  if (settings[setting] === undefined) return;
  throw new UsageError((name) => `${name(setting)} cannot be used here: ${reason(name)}`);
}

function parseOptions(text: string | undefined): Record<string, string> {
  const options: Record<string, string> = {};
  for (const part of text?.split(SEPARATOR) ?? []) {
    const match = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/s.exec(part);
    if (!match) {
      throw new UsageError((name) =>
        `${name("providerOptions")} has ${shownValue(part)}, wanted name=value`
      );
    }
    const [, option, value] = match;
    if (Object.hasOwn(options, option)) {
      throw new UsageError(`the provider option ${option} is given twice`);
    }
    options[option] = value;
  }
  return options;
}
