/** Completion for fish. @module */
import type { CompletedCommand, CompletedFlag } from "./completed_command.ts";

/** Script for `parataa completion fish | source`. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  return [
    "# parataa completion fish | source",
    "complete -c parataa -f",
    ...commands.flatMap(commandLines),
  ].join("\n");
}

function commandLines({ name, about, words, path, flags }: CompletedCommand): string[] {
  const seen = `-n '__fish_seen_subcommand_from ${name}'`;
  return [
    `complete -c parataa -n __fish_use_subcommand -a ${name} -d ${quoted(about)}`,
    ...(words.length ? [`complete -c parataa ${seen} -a ${quoted(words.join(" "))}`] : []),
    ...(path ? [`complete -c parataa ${seen} -a '${paths(path)}'`] : []),
    ...flags.map((flag) => `complete -c parataa ${seen} ${flagOptions(flag)}`),
  ];
}

function flagOptions({ name, short, help, valued, words, path }: CompletedFlag): string {
  const value = words.length
    ? ` -xa ${quoted(words.join(" "))}`
    : path
    ? ` -xa '${paths(path)}'`
    : valued
    ? " -x"
    : "";
  return `-l ${name}${short ? ` -s ${short}` : ""}${value} -d ${quoted(help)}`;
}

function paths(path: "DIR" | "FILE"): string {
  return path === "DIR" ? "(__fish_complete_directories)" : "(__fish_complete_path)";
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
