/** Completion for bash. @module */
import type { CompletedCommand, CompletedFlag } from "./completed_command.ts";

/** Script for `eval "$(parataa completion bash)"`. Uses only `compgen` and `complete` of bash. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  return `# parataa completion bash: eval "$(parataa completion bash)"
_parataa() {
  local word=\${COMP_WORDS[COMP_CWORD]} last=\${COMP_WORDS[COMP_CWORD - 1]} flags= words= path=
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${
    commands.map(({ name }) => name).join(" ")
  } --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]} $last" in
${commands.flatMap(valueCases).join("\n")}
  *) case "\${COMP_WORDS[1]}" in
${commands.map(commandCase).join("\n")}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ $word == -* ]] && COMPREPLY=($(compgen -W "$flags" -- "$word"))
  [[ -n $path ]] && COMPREPLY+=($(compgen $path -- "$word"))
}
complete -o filenames -F _parataa parataa`;
}

/** Completions of flag values. */
function valueCases({ name: command, flags }: CompletedCommand): string[] {
  const valued = flags.filter(({ valued }) => valued);
  const alike = Map.groupBy(
    valued,
    ({ words, path }) => `words="${words.join(" ")}"${action(path)}`,
  );
  return [...alike].map(([effect, flags]) =>
    `  ${flags.flatMap(spelled).map((flag) => `"${command} ${flag}"`).join(" | ")}) ${effect} ;;`
  );
}

function commandCase({ name, words, path, flags }: CompletedCommand): string {
  const spelledFlags = flags.map(({ name }) => `--${name}`).join(" ");
  return `    ${name}) flags="${spelledFlags}" words="${words.join(" ")}"${action(path)} ;;`;
}

function spelled({ name, short }: CompletedFlag): string[] {
  const dashes = `--${name.replaceAll("_", "-")}`;
  return [...new Set([`--${name}`, dashes, ...(short ? [`-${short}`] : [])])];
}

function action(path: "DIR" | "FILE" | undefined): string {
  return path ? ` path=-${path === "DIR" ? "d" : "f"}` : "";
}
