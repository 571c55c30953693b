import assert from "node:assert/strict";
import { join } from "node:path";
import { filesIn, NEEDED, UNET, withFetchPlace } from "../support/fetch_place.ts";
import { COMMIT, gitHash, sha256 } from "../support/hub_server.ts";

Deno.test("fetchModel() lays a cache out as the hub's own tools do", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
    const { path } = await fetch({ cacheDir: folder });
    const root = join(folder, "models--owner--name");
    assert.equal(path, join(root, "snapshots", COMMIT));
    assert.equal(await Deno.readTextFile(join(root, "refs/main")), COMMIT);
    const blob = sha256(UNET);
    assert.equal(await Deno.readLink(join(path, NEEDED[2])), `../../../blobs/${blob}`);
    assert.equal(
      await Deno.readLink(join(path, "model_index.json")),
      `../../blobs/${gitHash(new TextEncoder().encode("{}"))}`,
    );
    assert.deepEqual(await Deno.readFile(join(path, NEEDED[2])), UNET);
    assert.equal((await filesIn(join(root, "blobs"))).length, 3);
    // Blobs that are there serve another snapshot, and a link that was lost is made again.
    hub.requests.length = 0;
    await Deno.remove(join(path, NEEDED[2]));
    await Deno.remove(join(root, "refs"), { recursive: true });
    await fetch({ cacheDir: folder });
    assert.equal(hub.requests.length, 1);
    await Deno.remove(join(root, "refs"), { recursive: true });
    await fetch({ cacheDir: folder });
    assert.equal(await Deno.readTextFile(join(root, "refs/main")), COMMIT);
    assert.deepEqual(await Deno.readFile(join(path, NEEDED[2])), UNET);
  }));
