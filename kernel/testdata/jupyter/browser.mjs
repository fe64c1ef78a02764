// Runs a notebook in the classic Jupyter Notebook in headless Chromium, as a user would: opens it, chooses Run All from the
// menu, waits for every cell, looks for errors and for pictures that are really drawn, and saves.
//
//   npm install playwright-core          (in the folder of this file's copy, or one above it)
//   node browser.mjs URL PICTURES [SCREENSHOT]
//
// URL is that of the notebook with its token, http://127.0.0.1:8888/notebooks/x.ipynb?token=...; PICTURES is how many
// pictures at least must be visible. CHROMIUM names the browser, /usr/bin/chromium unless set. Prints one line of JSON;
// the exit code is 0 when all went well. Requests to other hosts are refused and reported: a notebook needs none.
import { chromium } from "playwright-core";

const [url, pictures, screenshot] = process.argv.slice(2);
const origin = new URL(url).origin;
const minutes = 60_000; // in milliseconds
const report = { cells: 0, errors: [], pictures: [], refused: [] };
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
  page.setDefaultTimeout(2 * minutes);
  await page.route("**/*", (route) => {
    const to = route.request().url();
    if (to.startsWith(origin) || /^(data|blob):/.test(to)) return route.continue();
    report.refused.push(to);
    return route.abort();
  });
  await page.goto(url, { waitUntil: "domcontentloaded" });
  await page.waitForFunction(() => {
    const book = window.Jupyter?.notebook;
    return book?._fully_loaded && book.kernel?.is_connected() && book.kernel.info_reply?.protocol_version;
  });
  await page.click("#celllink");
  await page.click("#run_all_cells");
  const state = () => page.evaluate(() => {
    const code = Jupyter.notebook.get_cells().filter((c) => c.cell_type === "code" && c.get_text().trim());
    const outputs = code.flatMap((c) => c.output_area.outputs);
    return {
      cells: code.length,
      waiting: code.filter((c) => typeof c.input_prompt_number !== "number").length,
      errors: outputs.filter((o) => o.output_type === "error").map((o) => o.ename + ": " + o.evalue),
    };
  });
  for (;;) {
    const now = await state();
    report.cells = now.cells;
    report.errors = now.errors;
    if (now.waiting === 0 || now.errors.length > 0) break;
    await page.waitForTimeout(200);
  }
  await page.waitForTimeout(1000); // pictures are drawn after their messages
  report.pictures = await page.evaluate(() =>
    [...document.querySelectorAll(".output_area img, .output_area svg")]
      .map((e) => ({ kind: e.tagName.toLowerCase(), box: e.getBoundingClientRect(), loaded: e.tagName !== "IMG" || e.naturalWidth > 0 }))
      .filter((p) => p.loaded && p.box.width > 50 && p.box.height > 50)
      .map((p) => `${p.kind} ${Math.round(p.box.width)}x${Math.round(p.box.height)}`),
  );
  if (screenshot) {
    const first = page.locator(".output_area img, .output_area svg").first();
    if (await first.count()) await first.scrollIntoViewIfNeeded();
    await page.screenshot({ path: screenshot });
  }
  await page.evaluate(() => Jupyter.notebook.save_notebook());
  report.ok = report.errors.length === 0 && report.cells > 0 && report.pictures.length >= Number(pictures) && report.refused.length === 0;
} catch (e) {
  report.ok = false;
  report.errors.push(String(e).slice(0, 500));
} finally {
  await browser.close();
}
console.log(JSON.stringify(report));
process.exit(report.ok ? 0 : 1);
