/* The page for SPARQL: the editor in place of the text field, and results as a table, a map and files. Without it the form works as it is. */
(() => {
  "use strict";
  const form = document.getElementById("sparql");
  const field = document.getElementById("abfrage");
  const result = document.getElementById("ergebnis");
  const SHOWN = 500; // rows; all of them are in the files
  const SVG = "http://www.w3.org/2000/svg";
  const TABLE = "application/sparql-results+json";
  const ACCEPT = `${TABLE}, application/n-triples;q=0.9`;
  const FILES = {
    table: [["CSV", "text/csv", "csv"], ["JSON", TABLE, "json"]],
    graph: [["Turtle", "text/turtle", "ttl"], ["JSON-LD", "application/ld+json", "jsonld"]],
  };
  const LATITUDE = /^(breite|lat|latitude)$/i;
  const LONGITUDE = /^(laenge|länge|lon|long|lng|longitude)$/i;
  let terms = { prefixes: {}, terms: [] };
  let area = { outline: [], towns: [] };
  let running = null;

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const draw = (name, attributes, ...children) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  /* ---- editor ---- */

  const shortened = (iri) => {
    for (const [prefix, name] of Object.entries(terms.prefixes))
      if (iri.startsWith(name) && /^[A-Za-z][\w-]*$/.test(iri.slice(name.length))) return `${prefix}:${iri.slice(name.length)}`;
    return `<${iri}>`;
  };
  const asked = (text) => text.replace(/^[<]/, "").replace(/>$/, "").toLowerCase();
  const rank = ({ short, label }, wanted) => {
    const name = short.toLowerCase(), words = label.toLowerCase();
    if (name.startsWith(wanted) || words.startsWith(wanted)) return 0;
    if (name.includes(wanted)) return 1;
    return words.includes(wanted) ? 2 : 3;
  };
  const found = (text) => {
    const wanted = asked(text.trim());
    const known = terms.terms.map((term) => ({ ...term, place: rank(term, wanted) }));
    return known.filter((term) => term.place < 3).sort((a, b) => a.place - b.place).slice(0, 60);
  };
  const startCompletion = (Yasqe) => Yasqe.registerAutocompleter({
    name: "katalog",
    bulk: false,
    autoShow: true,
    isValidCompletionPosition: (editor) => {
      const token = editor.getCompleteToken();
      return !/^(["'?$#]|PREFIX\b)/i.test(token.string) && !/comment|string|keyword/.test(token.type || "") && asked(token.string.trim()).length > 2;
    },
    get: (editor, token) => found(token ? token.string : "").map((term) => term.short),
    postprocessHints: (editor, hints) => hints.map((hint) => {
      const term = terms.terms.find((each) => each.short === hint.text);
      return { ...hint, displayText: `${term.label} – ${hint.text}`, hint: (_, data, picked) => pick(editor, data, picked) };
    }),
  }, false);
  const pick = (editor, data, picked) => {
    editor.replaceRange(picked.text, picked.from || data.from, picked.to || data.to, "complete");
    const prefix = /^([a-z]+):/.exec(picked.text)?.[1];
    if (prefix && terms.prefixes[prefix] && !editor.getPrefixesFromQuery()[prefix])
      editor.replaceRange(`PREFIX ${prefix}: <${terms.prefixes[prefix]}>\n`, { line: 0, ch: 0 });
  };
  const markErrors = (editor) => {
    let wrong = 0;
    editor.eachLine((line) => {
      const marker = line.gutterMarkers?.gutterErrorBar;
      if (!marker || marker.dataset.own) return;
      wrong = editor.getLineNumber(line) + 1; // the editor marks the first only
      const own = marker.cloneNode(false); // without the editor's own explanation, which is English
      own.title = `Zeile ${wrong} ist so nicht möglich.`;
      own.dataset.own = "1";
      editor.setGutterMarker(line, "gutterErrorBar", own);
    });
    document.getElementById("hinweis").textContent = wrong ? `Ab Zeile ${wrong} stimmt die Abfrage noch nicht.` : "";
  };
  const startEditor = () => {
    const Yasqe = window.Yasqe;
    for (const name of ["prefixes", "class", "property"]) delete Yasqe.Autocompleters[name]; // these ask others
    Yasqe.defaults.autocompleters = [];
    startCompletion(Yasqe);
    const place = make("div", { class: "editor" });
    field.before(place);
    const editor = new Yasqe(place, {
      value: field.value,
      autocompleters: ["katalog"],
      persistenceId: null,
      prefixCcApi: null,
      createShareableLink: undefined,
      consumeShareLink: null,
      showQueryButton: false,
      resizeable: false,
      collapsePrefixesOnLoad: false,
      lineWrapping: true,
      inputStyle: "contenteditable",
      screenReaderLabel: "Abfrage in SPARQL",
      editorHeight: "auto",
      extraKeys: {
        Tab: false, // leads out of the field, as everywhere
        "Shift-Tab": false,
        Esc: false, // closes suggestions, but does not lose the place
        "Ctrl-S": false,
        "Ctrl-Space": (cm) => cm.autocomplete(),
        "Ctrl-Enter": () => form.requestSubmit(),
        "Cmd-Enter": () => form.requestSubmit(),
      },
    });
    for (const key of ["Tab", "Shift-Tab"]) editor.addKeyMap({ [key]: false });
    field.hidden = true;
    editor.on("change", () => { field.value = editor.getValue(); markErrors(editor); });
    document.querySelector("label[for=abfrage]").addEventListener("click", () => editor.focus());
    document.getElementById("tasten").hidden = false;
    window.katalogEditor = editor;
  };

  /* ---- results ---- */

  const say = (text) => { result.replaceChildren(make("p", { class: "note" }, text)); };

  const ask = async (media, signal) => {
    const body = new URLSearchParams({ query: field.value });
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: media }, signal });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail || `Der Katalog antwortet mit ${answer.status}.`);
  };
  const run = async () => {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    say("Die Abfrage läuft …");
    const start = performance.now();
    try {
      const answer = await ask(ACCEPT, signal);
      const table = (answer.headers.get("content-type") || "").startsWith(TABLE);
      const read = table ? fromJson(await answer.json()) : fromTriples(await answer.text());
      show(read, Math.round(performance.now() - start), table ? "table" : "graph");
    } catch (error) {
      if (error.name !== "AbortError") say(error instanceof TypeError ? "Der Katalog ist gerade nicht erreichbar." : error.message);
    }
  };
  const fromJson = (json) => "boolean" in json
    ? { names: ["Antwort"], rows: [{ Antwort: { type: "literal", value: json.boolean ? "ja" : "nein" } }] }
    : { names: json.head.vars, rows: json.results.bindings };
  const TRIPLE = /^(<[^>]*>|_:\S+) (<[^>]*>) (.*) \.$/;
  const term = (text) => {
    if (text.startsWith("<")) return { type: "uri", value: text.slice(1, -1) };
    const literal = /^"((?:[^"\\]|\\.)*)"/.exec(text);
    if (!literal) return { type: "bnode", value: text };
    try {
      return { type: "literal", value: JSON.parse(`"${literal[1].replace(/\\U([0-9A-F]{8})/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))}"`) };
    } catch {
      return { type: "literal", value: literal[1] };
    }
  };
  const fromTriples = (text) => ({
    names: ["Subjekt", "Prädikat", "Objekt"],
    rows: text.split("\n").map((line) => TRIPLE.exec(line)).filter(Boolean)
      .map(([, s, p, o]) => ({ Subjekt: term(s), Prädikat: term(p), Objekt: term(o) })),
  });
  const cell = (value) => {
    if (!value) return "";
    if (value.type === "uri" && /^https?:/.test(value.value))
      return make("a", { href: value.value, rel: "noopener noreferrer" }, shortened(value.value).replace(/^<|>$/g, ""));
    return value.value;
  };
  const show = ({ names, rows }, milliseconds, kind) => {
    const many = rows.length === 1 ? "1 Zeile" : `${rows.length.toLocaleString("de-DE")} Zeilen`;
    const cut = rows.length > SHOWN ? `, gezeigt werden die ersten ${SHOWN}` : "";
    const head = make("h2", { id: "ergebnisse", tabindex: "-1" }, "Ergebnis");
    const count = make("p", { role: "status" }, `${many} in ${milliseconds} ms${cut}.`);
    const files = make("p", { class: "files" }, "Herunterladen: ");
    for (const [name, media, suffix] of FILES[kind]) {
      const button = make("button", { type: "button", class: "button" }, name);
      button.addEventListener("click", () => save(media, suffix));
      files.append(button, " ");
    }
    result.replaceChildren(head, count, files);
    const map = mapOf(names, rows);
    if (map) result.append(map);
    if (rows.length) result.append(tableOf(names, rows));
    head.focus();
  };
  const tableOf = (names, rows) => {
    const body = make("tbody");
    for (const row of rows.slice(0, SHOWN)) body.append(make("tr", {}, ...names.map((name) => make("td", { dir: "auto" }, cell(row[name])))));
    const heads = names.map((name) => make("th", { scope: "col" }, name));
    const table = make("table", {}, make("caption", { class: "unseen" }, "Ergebnis der Abfrage"), make("thead", {}, make("tr", {}, ...heads)), body);
    return make("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "Ergebnis als Tabelle" }, table);
  };
  const save = async (media, suffix) => {
    try {
      const address = URL.createObjectURL(await (await ask(media)).blob());
      make("a", { href: address, download: `ergebnis.${suffix}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60000);
    } catch (error) {
      say(error.message);
    }
  };

  /* ---- map ---- */

  const mapOf = (names, rows) => {
    const latitude = names.find((name) => LATITUDE.test(name)), longitude = names.find((name) => LONGITUDE.test(name));
    if (!latitude || !longitude) return null;
    const points = rows.map((row) => ({ row, x: parseFloat(row[longitude]?.value), y: parseFloat(row[latitude]?.value) }))
      .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && Math.abs(y) < 85);
    if (!points.length) return null;
    const frame = area.outline.length ? area.outline.flat() : points.map(({ x, y }) => [x, y]);
    let west = Math.min(...frame.map(([x]) => x)), east = Math.max(...frame.map(([x]) => x));
    let south = Math.min(...frame.map(([, y]) => y)), north = Math.max(...frame.map(([, y]) => y));
    const margin = Math.max(east - west, north - south, 0.05) * 0.15; // neighbours' towns are of interest, too
    west -= margin; east += margin; south -= margin; north += margin;
    const inside = points.filter(({ x, y }) => x >= west && x <= east && y >= south && y <= north);
    const squeeze = Math.cos(((south + north) / 2) * Math.PI / 180); // a degree of longitude is shorter by this
    const width = Math.min(Math.max(result.clientWidth, 280), 900); // one unit is a pixel, so that letters keep their size
    const scale = Math.min(width / ((east - west) * squeeze), 620 / (north - south));
    const right = (east - west) * squeeze * scale, height = (north - south) * scale;
    const at = (x, y) => [(width - right) / 2 + (x - west) * squeeze * scale, (north - y) * scale];
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height.toFixed(0)}`, width, height: height.toFixed(0), role: "img", "aria-label": `Karte mit ${inside.length} Punkten; dieselben Orte stehen in der Tabelle` });
    for (const ring of area.outline)
      svg.append(draw("polygon", { class: "district", points: ring.map(([x, y]) => at(x, y).map((n) => n.toFixed(1)).join(",")).join(" ") }));
    const count = names.find((name) => points.every(({ row }) => /integer$/.test(row[name]?.datatype || "")));
    for (const { row, x, y } of inside) {
      const [cx, cy] = at(x, y);
      const size = count ? Math.min(4 + Math.sqrt(Number(row[count].value)) * 2, 26) : 6;
      const words = names.filter((name) => name !== latitude && name !== longitude && row[name]).map((name) => `${name}: ${row[name].value}`);
      svg.append(draw("circle", { class: "point", cx: cx.toFixed(1), cy: cy.toFixed(1), r: size.toFixed(1) }, draw("title", {}, words.join("\n"))));
    }
    const taken = [];
    for (const [name, x, y] of area.towns) {
      const [cx, cy] = at(x, y), half = name.length * 4.5;
      if (taken.some((other) => Math.abs(other.cx - cx) < other.half + half && Math.abs(other.cy - cy) < 20)) continue;
      taken.push({ cx, cy, half });
      svg.append(draw("text", { class: "town", x: cx.toFixed(1), y: (cy - 8).toFixed(1), "text-anchor": "middle" }, name));
    }
    const beyond = points.length - inside.length;
    const source = [
      beyond ? `${beyond === 1 ? "Ein Punkt liegt" : `${beyond} Punkte liegen`} außerhalb der Karte.` : "",
      area.outline.length ? "Umriss des Kreises: © GeoBasis-DE / BKG 2016 (vereinfacht)." : "",
    ].join(" ");
    return make("figure", { class: "map" }, svg, make("figcaption", { class: "note" }, source));
  };

  /* ---- start ---- */

  form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
  document.getElementById("antwortart").hidden = true; // the files are under the result
  const load = (address) => fetch(address).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(address))));
  load(form.dataset.terms).then((data) => {
    terms = data;
    terms.terms = data.terms.map(([iri, label]) => ({ short: shortened(iri), label }));
  }).catch(() => {});
  load(form.dataset.map).then((data) => { area = data; }).catch(() => {});
  startEditor();
})();
