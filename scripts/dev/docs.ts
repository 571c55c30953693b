/**
 * Writes the generated regions of the docs, and the images of docs/images without `--no_images`.
 * @module
 */
import { FILES, fillRegions, regionTexts } from "./docs/regions.ts";
import { writeImages } from "./docs/images.ts";

if (import.meta.main) {
  const texts = await regionTexts();
  for (const file of FILES) {
    await Deno.writeTextFile(file, fillRegions(await Deno.readTextFile(file), texts));
  }
  if (!Deno.args.includes("--no_images")) await writeImages("docs/images");
}
