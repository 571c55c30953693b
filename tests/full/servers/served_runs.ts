import assert from "node:assert/strict";
import { runsIn, withExperiment } from "../../support/experiment.ts";
import { serveDit } from "../../support/served_dit.ts";
import { tinyDitModel } from "../../support/tiny_dit.ts";

Deno.test("runExperiment() takes runs of a server as they are until it serves another version", () =>
  withExperiment(async (start, out) => {
    await using server = await serveDit(tinyDitModel());
    const definition = { grid: { devices: [`grpc://${server.host}/m`] } };
    const counts = async () => new Set([...await runsIn(out)].map(([, runs]) => runs.length));
    await start(definition);
    await start(definition);
    assert.deepEqual(await counts(), new Set([1]));
    server.script.versions = ["2"];
    await start(definition);
    assert.deepEqual(await counts(), new Set([2]));
  }));
