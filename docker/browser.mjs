// Uses JupyterLab in headless Chromium as a person would, and looks at what is on the screen.
//
//   npm install playwright-core          (in the folder of this file's copy, or one above it)
//   node browser.mjs look    BASE TOKEN FOLDER [trusted] [NOTEBOOK...]   every notebook (or those), light and dark
//   node browser.mjs run     BASE TOKEN NOTEBOOK SAVED SHOT              Run All Cells; the saved file goes to SAVED
//   node browser.mjs use     BASE TOKEN FOLDER                           stop button, completion, Shift-Tab, restart
//   node browser.mjs picture BASE TOKEN NOTEBOOK SHOT                    a notebook as the README shows it
//
// BASE is http://127.0.0.1:8888 or the like; FOLDER and SHOT take screenshots. CHROMIUM names the browser, /usr/bin/chromium
// unless set. Each prints what it found; the exit code is 0 when all is right. Requests to other hosts are refused and
// are failures: neither JupyterLab nor a notebook needs any.
import { chromium } from "playwright-core";
import { writeFileSync } from "node:fs";

const [task, base, token, ...rest] = process.argv.slice(2);
const second = 1000; // in milliseconds
const problems = [];
const say = (...what) => console.log(...what);

async function api(path, options = {}) {
  const answer = await fetch(base + path, { ...options, headers: { Authorization: "token " + token, "Content-Type": "application/json" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}
const setting = (plugin, value) => api("/lab/api/settings/@jupyterlab/" + plugin, { method: "PUT", body: JSON.stringify({ raw: JSON.stringify(value) }) });
async function endKernels() {
  for (const s of await api("/api/sessions")) await api("/api/sessions/" + s.id, { method: "DELETE" });
}
const sourceOf = (cell) => [].concat(cell.source).join("");
const codeOf = (book) => book.cells.filter((c) => c.cell_type === "code" && sourceOf(c).trim());

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});

// open shows a notebook in a page of its own. Its kernel() waits for the kernel: JupyterLab's own lamp says "idle"
// before there is one, and then Run All does nothing, so the kernel's websocket is watched instead.
async function open(notebook, size = { width: 1280, height: 1000 }) {
  const page = await browser.newPage({ viewport: size });
  page.setDefaultTimeout(60 * second);
  await page.route("**/*", (route) => {
    const to = route.request().url();
    if (to.startsWith(base) || /^(data|blob):/.test(to)) return route.continue();
    problems.push(`a request to ${to}`);
    return route.abort();
  });
  let known = false, last = 0;
  page.on("websocket", (socket) => {
    if (!socket.url().includes("/api/kernels/")) return;
    known = false;
    const frame = (f) => {
      last = Date.now();
      known ||= String(f.payload).includes("kernel_info_reply");
    };
    socket.on("framereceived", frame);
    socket.on("framesent", frame);
  });
  page.kernel = async () => {
    for (const begin = Date.now(); !(known && Date.now() - last > second); await page.waitForTimeout(100))
      if (Date.now() - begin > 60 * second) throw new Error("no kernel answers");
  };
  page.forget = () => { known = false; };
  await page.goto(`${base}/lab/tree/${notebook}?token=${token}&reset`, { waitUntil: "domcontentloaded" });
  await page.locator(".jp-NotebookPanel .jp-Notebook .jp-Cell").first().waitFor();
  return page;
}
const cell = (page, i) => page.locator(".jp-Notebook .jp-CodeCell").nth(i);
const outputs = (page, i) => cell(page, i).locator(".jp-OutputArea-output");
async function menu(page, name, command) {
  await page.locator(`.lm-MenuBar-itemLabel:text-is("${name}")`).click();
  await page.locator(`.lm-Menu-item[data-command="${command}"]`).click();
}

// theme chooses JupyterLab's theme, Light or Dark, from the menu.
async function theme(page, name) {
  await page.locator('.lm-MenuBar-itemLabel:text-is("Settings")').click();
  await page.locator('.lm-Menu-itemLabel:text-is("Theme")').hover();
  await page.locator(`.lm-Menu-itemLabel:text-is("JupyterLab ${name}")`).click();
  await page.waitForFunction((light) => document.body.dataset.jpThemeLight === light, String(name === "Light"));
  await page.waitForTimeout(500);
}

// flaws lists what is wrong with a notebook on the screen. It runs in the page.
function flaws() {
  const found = [];
  const box = document.querySelector(".jp-Notebook").getBoundingClientRect();
  const luminance = ([r, g, b]) => [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const parse = (color) => { const v = (color.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number); return v.length < 4 ? [...v, 1] : v; };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const background = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) layers.push(c); if (c[3] === 1) break; }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const contrast = (e) => {
    const under = background(e), text = over(parse(getComputedStyle(e).color), under);
    const [a, b] = [luminance(under), luminance(text)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  document.querySelectorAll(".jp-Notebook .jp-Cell").forEach((c, i) => {
    const where = `cell ${i + 1}`;
    for (const o of c.querySelectorAll(".jp-OutputArea-output, .jp-MarkdownOutput")) {
      if (o.scrollWidth > o.clientWidth + 1) found.push(`${where}: ${o.dataset.mimeType || "text"} is ${o.scrollWidth - o.clientWidth} pixels too wide`);
      if (/(&lt;|<)(table|div|svg|span|td|tr|style)\b/.test(o.innerText)) found.push(`${where}: raw HTML: ${o.innerText.slice(0, 80)}`);
      if (/\$[^$\n]*\\[a-z]+[^$\n]*\$/.test(o.innerText)) found.push(`${where}: a formula is not set: ${o.innerText.match(/\$[^$\n]*\\[a-z]+[^$\n]*\$/)[0].slice(0, 60)}`);
      if (o.querySelector(".MathJax_Error, .mjx-merror, mjx-merror")) found.push(`${where}: a formula with an error`);
      if (/\uFFFD/.test(o.innerText)) found.push(`${where}: a broken character`);
      if (o.querySelector("progress")) found.push(`${where}: a progress bar is left over`);
      for (const p of o.querySelectorAll("img, svg")) {
        const r = p.getBoundingClientRect();
        if (p.closest("mjx-container, .MathJax, button")) continue;
        if (p.tagName === "IMG" && !(p.complete && p.naturalWidth > 0)) found.push(`${where}: a picture does not load`);
        else if (r.width < 30 || r.height < 30) found.push(`${where}: a picture of ${Math.round(r.width)}x${Math.round(r.height)} pixels`);
        if (r.right > box.right + 1) found.push(`${where}: a picture is cut at the right, by ${Math.round(r.right - box.right)} pixels`);
      }
      for (const e of o.querySelectorAll("td, th, p, li, pre, code, h1, h2, h3, h4, span, caption, a, b, strong, small, em, div")) {
        if (e.closest("svg, mjx-container, .MathJax") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
        const r = contrast(e);
        if (r < 3) { found.push(`${where}: text at a contrast of ${r.toFixed(1)}: ${e.textContent.trim().slice(0, 40)}`); break; }
      }
    }
  });
  return found;
}

// whole takes a screenshot of all of a notebook, however long.
async function whole(page, path) {
  const size = page.viewportSize();
  const bottom = await page.evaluate(() => {
    const book = document.querySelector(".jp-Notebook"), cells = [...book.querySelectorAll(".jp-Cell")];
    return cells.at(-1).getBoundingClientRect().bottom - cells[0].getBoundingClientRect().top;
  });
  await page.setViewportSize({ width: size.width, height: Math.min(Math.ceil(bottom) + 150, 12000) });
  await page.waitForTimeout(500);
  await page.screenshot({ path });
  await page.setViewportSize(size);
}

const tasks = {
  async look(folder, ...names) {
    const trusted = names[0] === "trusted" ? (names.shift(), "trusted") : "untrusted";
    if (!names.length) names = (await api("/api/contents/")).content.filter((f) => f.type === "notebook").map((f) => f.name).sort();
    for (const name of names) {
      const page = await open(name);
      const want = (await api(`/api/contents/${name}?content=1`)).content.cells.length;
      await page.waitForFunction((n) => document.querySelectorAll(".jp-Notebook .jp-Cell").length >= n, want);
      await page.waitForTimeout(1500); // formulas and pictures
      for (const mode of ["Light", "Dark"]) {
        if (mode === "Dark") await theme(page, mode);
        const seen = await page.evaluate(flaws);
        const drawn = await page.locator(".jp-OutputArea-output img, .jp-OutputArea-output svg").count();
        await whole(page, `${folder}/${name.replace(/\.ipynb$/, "")}-${mode.toLowerCase()}-${trusted}.png`);
        say(`${name}, ${mode.toLowerCase()}, ${trusted}: ${want} cells, ${drawn} pictures, ${seen.length ? "problems:" : "nothing wrong"}`);
        for (const s of seen) { say("   ", s); problems.push(`${name}, ${mode}: ${s}`); }
      }
      await theme(page, "Light");
      await page.close();
      await endKernels();
    }
  },

  async run(name, saved, shot) {
    const cells = codeOf((await api(`/api/contents/${name}?content=1`)).content).length;
    const page = await open(name);
    await page.kernel();
    await menu(page, "Edit", "editmenu:clear-all"); // so that nothing seen below is from the file
    await menu(page, "Run", "runmenu:run-all");
    const begin = Date.now();
    await page.waitForFunction((n) => [...document.querySelectorAll(".jp-Notebook .jp-CodeCell .jp-InputPrompt")].filter((p) => /\[\d+\]/.test(p.textContent)).length >= n, cells, { timeout: 600 * second });
    await page.waitForTimeout(1500);
    say(`${name}: ${cells} cells in ${((Date.now() - begin) / second - 1.5).toFixed(1)} s`);
    problems.push(...(await page.evaluate(flaws)));
    // A picture that was drawn has many colours, not one.
    const pictures = await page.locator(".jp-OutputArea-output img").evaluateAll((all) => all.map((img) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 }), pen = canvas.getContext("2d");
      pen.drawImage(img, 0, 0, 64, 64);
      const colours = new Set(new Uint32Array(pen.getImageData(0, 0, 64, 64).data.buffer));
      return { width: img.naturalWidth, height: img.naturalHeight, colours: colours.size };
    }));
    say("pictures:", JSON.stringify(pictures));
    if (!pictures.length || pictures.some((p) => p.width < 200 || p.colours < 50)) problems.push("a picture is missing or empty");
    await page.locator(".jp-OutputArea-output img").first().scrollIntoViewIfNeeded();
    await page.screenshot({ path: shot });
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+s");
    await page.waitForTimeout(2000);
    const book = (await api(`/api/contents/${name}?content=1`)).content; // the file decides what was run
    const run = codeOf(book).filter((c) => Number.isInteger(c.execution_count)).length;
    const errors = book.cells.flatMap((c) => c.outputs || []).filter((o) => o.output_type === "error");
    if (run < cells) problems.push(`the saved file has ${run} of ${cells} cells executed`);
    for (const e of errors) problems.push(`an error: ${e.ename}: ${e.evalue}`);
    writeFileSync(saved, JSON.stringify(book));
  },

  async use(folder) {
    const slider = 'widget.Interact(func(n int) any { return n * n }, widget.IntSlider{Label: "n", Max: 31, Value: 3})';
    const source = ["before := 41", "for {\n\ttime.Sleep(time.Millisecond)\n}", "before + 1", "", "before", slider];
    const code = (text, i) => ({ id: `use-${i}`, cell_type: "code", metadata: {}, source: text, outputs: [], execution_count: null });
    const book = { nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: "gonverge", display_name: "Go (gonverge)", language: "go" } }, cells: source.map(code) };
    await api("/api/contents/use.ipynb", { method: "PUT", body: JSON.stringify({ type: "notebook", content: book }) });
    const page = await open("use.ipynb");
    await page.kernel();
    const prompt = (i) => cell(page, i).locator(".jp-InputPrompt").textContent().then((s) => s.trim());
    const run = async (i) => { // until its number is another: a page that is still busy may drop a key
      const before = await prompt(i);
      for (let tries = 0; tries < 5 && (await prompt(i)) === before; tries++) {
        await cell(page, i).locator(".cm-content").click();
        await page.keyboard.press("Control+Enter");
        for (let t = 0; t < 50 && (await prompt(i)) === before; t++) await page.waitForTimeout(100);
      }
    };
    const result = async (i, want) => {
      await outputs(page, i).first().waitFor();
      const got = (await outputs(page, i).allTextContents()).join("").trim();
      say(`${source[i] || "a completed cell"}  →  ${got.split("\n")[0].slice(0, 100)}`);
      if (!got.includes(want)) problems.push(`${JSON.stringify(source[i])} gives ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
    };
    await run(0);

    await run(1); // it never ends
    await page.waitForTimeout(1000);
    const star = await prompt(1);
    if (star !== "[*]:") problems.push(`the endless cell shows ${star}`);
    const begin = Date.now();
    await page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]').first().click();
    await outputs(page, 1).first().waitFor();
    say(`stopped after ${Date.now() - begin} ms`);
    await result(1, "interrupt");
    await run(2);
    await result(2, "42"); // the kernel lives, and so do its values

    await cell(page, 3).locator(".cm-content").click();
    await page.keyboard.type("align.Semi");
    await page.keyboard.press("Tab");
    await page.waitForTimeout(1500); // one match is put in at once, several are offered
    const offered = await page.locator(".jp-Completer-item").allTextContents();
    if (offered.length) await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
    const text = (await cell(page, 3).locator(".cm-content").textContent()).trim();
    say(`align.Semi + Tab: ${offered.length ? offered.join(", ") : "put in"}  →  ${text}`);
    if (text !== "align.SemiMatch") problems.push(`completion gives ${text}`);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("figure.");
    await page.keyboard.press("Tab");
    await page.locator(".jp-Completer-item").first().waitFor();
    const names = await page.locator(".jp-Completer-item").allTextContents();
    say(`figure. + Tab: ${names.length} names`);
    for (const want of ["Heatmap", "Row", "Curves"]) if (!names.some((n) => n.includes(want))) problems.push(`completion does not offer ${want}`);
    await page.screenshot({ path: `${folder}/completion.png` });
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("align.Match");
    await page.keyboard.press("Shift+Tab");
    await page.locator(".jp-Tooltip").waitFor();
    const tip = (await page.locator(".jp-Tooltip").textContent()).trim();
    say(`align.Match + Shift-Tab: ${tip.slice(0, 100).replace(/\s+/g, " ")}…`);
    if (!tip.includes("func align.Match(") || !/one-to-one/i.test(tip)) problems.push(`the tooltip shows ${tip.slice(0, 200)}`);
    await page.screenshot({ path: `${folder}/tooltip.png` });
    await page.keyboard.press("Escape");

    page.forget();
    await page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:restart-kernel"]').first().click();
    await page.locator(".jp-Dialog .jp-mod-accept").click();
    await page.kernel();
    await run(4);
    await result(4, "undefined: before"); // a new kernel knows nothing
    await run(0);
    await page.waitForTimeout(500);
    await run(4);
    await page.waitForFunction(() => document.querySelectorAll(".jp-CodeCell")[4].textContent.includes("41"));
    say("restarted");

    await run(5);
    await cell(page, 5).locator(".widget-slider .noUi-handle").waitFor();
    const squares = async (want) => page.waitForFunction((n) => [...document.querySelectorAll(".jp-CodeCell")[5].querySelectorAll(".jp-OutputArea-output")].some((o) => o.textContent.trim() === n), want);
    await squares("9");
    await cell(page, 5).locator(".widget-slider .noUi-handle").focus();
    await page.keyboard.press("ArrowRight");
    await squares("16");
    say("a slider moved: 9, 16");
    await page.screenshot({ path: `${folder}/slider.png` });
    await page.keyboard.press("Control+s");
    await page.waitForTimeout(500);
    await page.close();
    await endKernels();
    await api("/api/contents/use.ipynb", { method: "DELETE" });
  },

  async picture(name, shot) {
    const page = await open(name, { width: 1280, height: 860 });
    await page.kernel();
    await page.locator(".jp-OutputArea-output img").first().waitFor();
    await page.evaluate(() => {
      const code = document.querySelector(".jp-OutputArea-output img").closest(".jp-Cell");
      code.previousElementSibling.scrollIntoView({ block: "start" });
    });
    await page.waitForTimeout(1000);
    await page.screenshot({ path: shot });
  },
};

try {
  if (!tasks[task]) throw new Error(`no task ${task}; there are ${Object.keys(tasks).join(", ")}`);
  // Cells that are not on the screen stay in the page, so that they can be looked at.
  await setting("notebook-extension:tracker", { windowingMode: "none" });
  await endKernels();
  await tasks[task](...rest);
} catch (e) {
  problems.push(String(e).slice(0, 1000));
  const page = browser.contexts().at(-1)?.pages().at(-1);
  if (page && rest[0]) await page.screenshot({ path: "/tmp/gonverge-browser-failed.png" }).catch(() => {}); // only to look at
} finally {
  await browser.close();
}
for (const p of problems) console.error("browser.mjs:", p);
process.exit(problems.length ? 1 : 0);
