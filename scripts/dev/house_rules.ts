/**
 * House rules as a lint plugin (`deno lint` loads it from deno.json):
 * - `house/unsafe-address`: `Deno.dlopen` and `Deno.Unsafe*` are named only in `ffi/`, computed,
 *   aliased or destructured too;
 * - `house/layers`: a file imports only its own layer or a lower one;
 * - `house/printing`: in `src/`, only `src/cli/print.ts` uses `console`, since it escapes what it
 *   prints;
 * - `house/comment-width`: no line of a comment is longer than 100 columns.
 * @module
 */

/** Folders of the layers up to `src/report`. */
const UP_TO_REPORT = [
  "src/runtime",
  "src/devices",
  "src/formats",
  "src/sampling",
  "src/models",
  "src/images",
  "src/convert",
  "src/storage",
  "src/hub",
  "src/runs",
  "src/report",
  "src/pipelines",
];

/** Folders that each folder may import, besides itself. `GROUND` may be imported everywhere. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "ffi": [],
  "src/formats": [],
  "src/sampling": [],
  "src/images": ["src/formats"],
  "src/runtime": ["ffi"],
  "src/devices": ["src/runtime"],
  "src/models": [
    "src/runtime",
    "src/devices",
    "src/formats",
    "src/sampling",
    "src/images",
    "src/storage",
  ],
  "src/storage": ["src/formats"],
  "src/hub": ["src/formats", "src/storage"],
  "src/convert": ["src/formats", "src/sampling", "src/models", "src/storage"],
  "src/runs": ["src/formats", "src/sampling", "src/models", "src/images", "src/storage"],
  "src/pipelines": [
    "src/runtime",
    "src/devices",
    "src/formats",
    "src/sampling",
    "src/models",
    "src/images",
  ],
  "src/report": ["src/formats", "src/images", "src/runs"],
  "src/arguments": UP_TO_REPORT,
  "src/jobs": [...UP_TO_REPORT, "src/arguments"],
  "src/experiments": [...UP_TO_REPORT, "src/arguments", "src/jobs"],
  "src/diagnostics": [...UP_TO_REPORT, "src/arguments", "src/jobs"],
  "src/cli": [
    ...UP_TO_REPORT,
    "src/arguments",
    "src/jobs",
    "src/experiments",
    "src/diagnostics",
  ],
};

/** Files that every layer may import. */
const GROUND: readonly string[] = [
  "src/elements_of.ts",
  "src/errors.ts",
  "src/text.ts",
  "src/version.ts",
];

/** The file that writes to the terminal. */
const PRINTER = "src/cli/print.ts";

const FOLDERS = Object.keys(MAY_IMPORT);
const UNSAFE_NAME = /^(dlopen|Unsafe\w*)$/;

/** Returns the path below the project's root if the file lies in one of its folders. */
function projectPath(filename: string): string | undefined {
  const path = filename.replaceAll("\\", "/");
  const starts = [...FOLDERS, ...GROUND, "scripts", "tests"].map((f) => path.lastIndexOf(`/${f}`));
  const at = Math.max(...starts);
  if (at < 0) return undefined;
  return path.slice(0, at).endsWith("/tests") ? `tests/${path.slice(at + 1)}` : path.slice(at + 1);
}

function folderOf(path: string): string | undefined {
  return FOLDERS.find((folder) => path.startsWith(`${folder}/`));
}

function literal(node: Deno.lint.Node | null): string | undefined {
  return node?.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

/** Whether a node is `Deno` itself, `globalThis.Deno`, `(Deno as X)` and the like. */
function isDeno(node: Deno.lint.Node): boolean {
  switch (node.type) {
    case "Identifier":
      return node.name === "Deno";
    case "MemberExpression":
      return propertyName(node) === "Deno";
    case "TSAsExpression":
    case "TSNonNullExpression":
    case "TSSatisfiesExpression":
      return isDeno(node.expression);
    default:
      return false;
  }
}

function propertyName(node: Deno.lint.MemberExpression): string | undefined {
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  return literal(node.property);
}

const unsafeAddress: Deno.lint.Rule = {
  create(context) {
    if (projectPath(context.filename)?.startsWith("ffi/")) return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({ node, message: `${what} may be named only in ffi/` });
    return {
      MemberExpression(node) {
        if (!isDeno(node.object)) return;
        const name = propertyName(node);
        if (name === undefined) report(node, "a computed property of Deno");
        else if (UNSAFE_NAME.test(name)) report(node, `Deno.${name}`);
      },
      TSQualifiedName(node) {
        if (
          node.left.type === "Identifier" && node.left.name === "Deno" &&
          UNSAFE_NAME.test(node.right.name)
        ) {
          report(node, `Deno.${node.right.name}`);
        }
      },
      VariableDeclarator(node) {
        if (node.init && isDeno(node.init)) report(node, "an alias of Deno");
      },
    };
  },
};

const layers: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    const folder = path && folderOf(path);
    if (!path || (!folder && !GROUND.includes(path))) return {};
    const allowed = folder ? [folder, ...MAY_IMPORT[folder]] : [];
    const check = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
      const specifier = literal(source);
      if (!specifier?.startsWith(".")) return;
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
      if (GROUND.includes(target)) return;
      const targetFolder = folderOf(target);
      if (targetFolder && allowed.includes(targetFolder)) return;
      context.report({
        node,
        message: `${folder ?? path} may import ${allowed.join(", ") || "nothing"}, not ${target}`,
      });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source),
    };
  },
};

const printing: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    if (!path?.startsWith("src/") || path === PRINTER) return {};
    return {
      Identifier(node) {
        if (node.name !== "console") return;
        context.report({
          node,
          message: `console is used only in ${PRINTER}, which escapes lines`,
        });
      },
    };
  },
};

const COMMENT_WIDTH = 100;

const commentWidth: Deno.lint.Rule = {
  create(context) {
    return {
      Program() {
        let start = 0;
        for (const line of context.sourceCode.text.split("\n")) {
          const end = start + line.length;
          if (line.length > COMMENT_WIDTH && /^\s*(\/\*\*|\*|\/\/)/.test(line)) {
            const message =
              `the comment has ${line.length} columns, wanted at most ${COMMENT_WIDTH}`;
            context.report({ range: [start, end], message });
          }
          start = end + 1;
        }
      },
    };
  },
};

/** The plugin. Lint comments use its name, `house`. */
export default {
  name: "house",
  rules: {
    "unsafe-address": unsafeAddress,
    "layers": layers,
    "printing": printing,
    "comment-width": commentWidth,
  },
} satisfies Deno.lint.Plugin;
