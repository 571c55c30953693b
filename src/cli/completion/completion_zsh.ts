/** Completion for zsh. @module */
import type { CompletedCommand, CompletedFlag } from "./completed_command.ts";

/**
 * Script for a file `_parataa` in `fpath`, or for `eval "$(parataa completion zsh)"` after
 * `compinit`.
 */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, about }) => quoted(`${name}:${about}`));
  return `#compdef parataa
# parataa completion zsh: eval "$(parataa completion zsh)"
_parataa() {
  if ((CURRENT == 2)); then
    local -a commands=(${described.join(" ")})
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
compdef _parataa parataa`;
}

function commandCase({ name, words, path, flags }: CompletedCommand): string {
  const choices = words.length ? [quoted(`1:word:(${words.join(" ")})`)] : [];
  const paths = path ? [quoted(`*:path:${files(path)}`)] : [];
  const operand = words.length && path
    ? [
      quoted(`1:path:{_alternative "words:word:(${words.join(" ")})" "paths:path:${files(path)}"}`),
    ]
    : [...choices, ...paths];
  return `  ${name}) _arguments ${[...flags.flatMap(flagSpecs), ...operand].join(" ")} ;;`;
}

function flagSpecs({ name, short, help, valued, words, path }: CompletedFlag): string[] {
  const about = help.replace(/[[\]:\\]/g, "\\$&");
  const value = !valued
    ? ""
    : words.length
    ? `:${name}:(${words.join(" ")})`
    : `:${name}:${files(path)}`;
  return [`--${name}`, ...(short ? [`-${short}`] : [])].map((flag) =>
    quoted(`${flag}${valued && flag.startsWith("--") ? "=" : ""}[${about}]${value}`)
  );
}

function files(path: "DIR" | "FILE" | undefined): string {
  return path === undefined ? " " : path === "DIR" ? "_files -/" : "_files";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
