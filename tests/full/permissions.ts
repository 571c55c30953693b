/** What tests/scripts/permissions_test.ts does, for every command. @module */
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { checkPermissionsOf } from "../support/command_permissions.ts";

for (const name of Object.keys(COMMANDS)) {
  Deno.test(`${name} runs with exactly its permissions, uses them all, and fails closed without any of them`, () =>
    checkPermissionsOf(name));
}
