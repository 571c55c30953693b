/**
 * F2: real disks that are full, read-only or another's, a folder deleted under the run, few
 * descriptors, small files.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { checkOutputs, readFinishedRun, readRunManifest } from "../../src/runs/finished_run.ts";
import { ROOT } from "../support/run_script.ts";
import { lasting, readManifest } from "../support/sampling.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

interface Ended {
  code: number;
  stderr: string;
}

async function sh(command: string): Promise<Ended> {
  const shell = new Deno.Command("bash", { args: ["-c", command], cwd: ROOT, stdin: "null" });
  const { code, stderr } = await shell.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** The script as a shell's words. */
const script = (args: string, deno = Deno.execPath()) =>
  `${deno} run -A --no-prompt scripts/parallel_dit.ts ${args}`;

const sizes = "--timesteps=6 --num_samples=2 --threads=1 --quiet";

/** Exit code 5 and one line that names a path. */
function expectStorage({ code, stderr }: Ended, context: string): void {
  assert.equal(code, 5, `${context}: ${stderr}`);
  assert.match(stderr.trim(), /^parataa: E_IO: [^\n]*\/[^\n]*$/, context);
}

const runsIn = (out: string) =>
  [...Deno.readDirSync(out)].map(({ name }) => name).filter((name) => name.startsWith("DiT-"));

/**
 * What is there is whole, and listed where a manifest says so; no manifest claims that the run goes
 * on.
 */
async function expectHonest(run: string, context: string): Promise<void> {
  const { status, outputs } = await readRunManifest(run);
  assert.equal(status, "failed", context);
  await checkOutputs(run, outputs);
}

const canMount = Deno.uid() === 0 &&
  (await sh("d=$(mktemp -d) && mount -t tmpfs -o size=64k tmpfs $d && umount $d && rmdir $d"))
      .code === 0;

/** Mounts a disk of 1 MB at `folder/disk` for the length of a test. */
async function withDisk(test: (folder: string, disk: string) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    await writeTinyDit(folder);
    const disk = join(folder, "disk");
    assert.equal((await sh(`mkdir ${disk} && mount -t tmpfs -o size=1m tmpfs ${disk}`)).code, 0);
    try {
      await test(folder, disk);
    } finally {
      await sh(`umount -l ${disk}`);
    }
  });
}

Deno.test(
  "F2: a disk with room for 0 to 9 tenths of a run",
  { ignore: !canMount },
  () =>
    withDisk(async (folder, disk) => {
      const args = `-m ${folder}/tiny-dit -o ${disk}/out ${sizes}`;
      assert.equal((await sh(script(args))).code, 0);
      const [first] = runsIn(`${disk}/out`);
      const wanted = lasting(await readManifest(`${disk}/out/${first}`));
      const { stdout } = await new Deno.Command("du", { args: ["-sk", `${disk}/out`] }).output();
      const need = Number(new TextDecoder().decode(stdout).split("\t")[0]);
      await Deno.remove(`${disk}/out`, { recursive: true });
      let resumed = 0;
      for (let tenth = 0; tenth < 10; tenth++) {
        const room = Math.floor(need * tenth / 10);
        await sh(`head -c ${(1024 - room) * 1024} /dev/zero > ${disk}/filler`);
        expectStorage(await sh(script(args)), `${room} of ${need} KB`);
        const made = await Deno.stat(`${disk}/out`).then(() => runsIn(`${disk}/out`), () => []);
        await Deno.remove(`${disk}/filler`);
        for (const name of made) {
          const run = `${disk}/out/${name}`;
          await expectHonest(run, `${room} of ${need} KB`);
          assert.equal((await sh(script(`--resume ${run} --quiet`))).code, 0);
          assert.deepEqual(lasting(await readFinishedRun(run)), wanted, `${room} KB`);
          resumed++;
        }
        await Deno.remove(`${disk}/out`, { recursive: true }).catch(() => {});
      }
      console.log(
        `F2: full disk, 10 of 10 exit 5, ${resumed} had begun and were resumed to the same bytes`,
      );
    }),
);

Deno.test("F2: a read-only disk", { ignore: !canMount }, () =>
  withDisk(async (folder, disk) => {
    await sh(`mount -o remount,ro ${disk}`);
    expectStorage(await sh(script(`-m ${folder}/tiny-dit -o ${disk}/out ${sizes}`)), "read-only");
  }));

Deno.test(
  "F2: a folder that is another's, as nobody",
  { ignore: !canMount },
  () =>
    withTempFolder(async (folder) => {
      await writeTinyDit(folder);
      await Deno.chmod(folder, 0o755);
      await sh(`mkdir -m 0555 ${folder}/out && mkdir -m 0777 ${folder}/cache`);
      const nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/tmp " +
        `DENO_DIR=${folder}/cache ${Deno.execPath()}`;
      const args = `-m ${folder}/tiny-dit -o ${folder}/out ${sizes}`;
      const { code, stderr } = await sh(script(args, nobody));
      assert.equal(code, 5, stderr);
      assert.ok(stderr.includes(`E_IO: cannot make the folder ${folder}/out/DiT-`), stderr);
    }),
);

Deno.test("F2: the run's folder is deleted while it runs", () =>
  withTempFolder(async (folder) => {
    await writeTinyDit(folder);
    const args = `-m ${folder}/tiny-dit -o ${folder}/out --timesteps=6 --num_samples=500 --quiet`;
    const ended = sh(script(args));
    const begun = () => Deno.stat(`${folder}/out`).then(() => runsIn(`${folder}/out`), () => []);
    for (;;) {
      const [name] = await begun();
      const there = name &&
        await Deno.stat(`${folder}/out/${name}/sample_2`).catch(() => undefined);
      if (there) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await sh(`until rm -rf ${folder}/out; do :; done`);
    expectStorage(await ended, "deleted");
  }));

Deno.test("F2: few descriptors and small files", () =>
  withTempFolder(async (folder) => {
    await writeTinyDit(folder);
    const args = `-m ${folder}/tiny-dit -o ${folder}/out ${sizes}`;
    assert.equal((await sh(`ulimit -n 32; ${script(args)}`)).code, 0);
    expectStorage(await sh(`trap '' XFSZ; ulimit -f 8; ${script(args)}`), "ulimit -f");
    // Without a handler the system kills a process that writes too large a file.
    assert.equal((await sh(`ulimit -f 50; ${script(args)}`)).code, 153);
    for (const name of runsIn(`${folder}/out`)) {
      const run = `${folder}/out/${name}`;
      if (!await Deno.stat(`${run}/manifest.json`).catch(() => undefined)) continue;
      assert.equal((await sh(script(`--resume ${run} --quiet`))).code, 0);
      await readFinishedRun(run);
    }
  }));
