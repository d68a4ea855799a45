// The page of vremd-draw --report. All text from the data gets in by textContent and setAttribute.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const videos = data.videos;
  const $ = (id) => document.getElementById(id);

  // ---- words and numbers ----------------------------------------------------------------------

  const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
  const digits = (value, places) => (value == null ? "–" : value.toFixed(places));
  const clock = (seconds, places = 0) => {
    if (seconds == null) return "–";
    const unit = 10 ** places, units = Math.round(Math.max(0, seconds) * unit);
    const minutes = Math.floor(units / (60 * unit)), hours = Math.floor(minutes / 60), two = (n) => String(n).padStart(2, "0");
    const rest = (units % (60 * unit) / unit).toFixed(places).padStart(places ? 3 + places : 2, "0");
    return hours > 0 ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
  };
  const frames = (moment) => moment.last - moment.first + 1;
  const whose = (moment) => (moment.track == null ? "the people" : `track ${moment.track}`);
  const KINDS = {
    low_score: ["Low score", (m) => `${whose(m)}: down to ${digits(m.value, 2)}, ${plural(frames(m), "frame")}`],
    jump: ["Jump", (m) => `${whose(m)}: ${digits(m.value, 1)} box diagonals in a frame`],
    flip: ["Left and right exchanged", (m) => `${whose(m)}: ${plural(m.value, "pair")} of joints`],
    switch: ["Tracks exchanged", (m) => `tracks ${m.track} and ${m.other}`],
    break: ["Track continued by another", (m) => `track ${m.track}, then ${m.other}, ${digits(m.value, 2)} s later`],
    dropout: ["Nobody found", (m) => `${plural(frames(m), "frame")} between frames with people`],
    gap: ["Gap in time", (m) => `${digits(m.value, 2)} s without a frame`],
    damaged: ["Damaged", (m) => `${plural(frames(m), "frame")} decoded with errors`],
    missing: ["Missing", (m) => `${plural(frames(m), "frame")} could not be decoded`],
  };
  const SUSPICIOUS = ["low_score", "jump", "flip", "switch", "break", "dropout", "gap"];
  const sum = (list) => list.reduce((total, value) => total + (value || 0), 0);
  const suspicious = (video) => (video.counts ? sum(SUSPICIOUS.map((kind) => video.counts[kind])) : null);
  const cpu = (video) => (video.seconds ? sum(Object.values(video.seconds)) : null);
  const rate = (video) => (cpu(video) > 0 ? video.people / cpu(video) : null);
  const problems = (video) => (video.problems || []).length;
  const at = (video, moment) => (moment.time == null ? `frame ${moment.frame}` : `${clock(moment.time, 2)}, frame ${moment.frame}`);

  // ---- elements -------------------------------------------------------------------------------

  const put = (parent, name, attributes = {}, text = null) => {
    const svg = parent.namespaceURI === "http://www.w3.org/2000/svg" || name === "svg";
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value != null) element.setAttribute(key, value);
    }
    if (text != null) element.textContent = text;
    parent.append(element);
    return element;
  };
  const facts = (list, entries) => {
    list.replaceChildren();
    for (const [term, value, mood] of entries) {
      if (value == null) continue;
      const group = put(list, "div", { class: mood || null });
      put(group, "dt", {}, term);
      put(group, "dd", {}, value);
    }
  };
  const still = (file) => `stills/${encodeURIComponent(file)}`;

  // ---- the table of videos --------------------------------------------------------------------

  const COLUMNS = [
    ["Video", (v) => v.name],
    ["Duration", (v) => v.duration, (x) => clock(x)],
    ["Frames", (v) => v.frames],
    ["People per frame", (v) => (v.frames ? v.people / v.frames : null), (x) => digits(x, 1)],
    ["Tracks", (v) => v.tracks],
    ["Score", (v) => v.score, (x) => digits(x, 2)],
    ["Cuts", (v) => (v.cuts ? v.cuts.length : null)],
    ["Damaged", (v) => v.damaged, null, "warn"],
    ["Missing", (v) => v.missing, null, "bad"],
    ["Moments", suspicious, null, "warn"],
    ["People per CPU s", rate, (x) => digits(x, 1)],
  ].filter(([, value], i) => i === 0 || videos.some((v) => value(v) != null));
  const PAGE = 200;
  const order = { column: 0, down: false, shown: PAGE };

  const compare = (a, b) => {
    const [x, y] = [a, b].map((i) => COLUMNS[order.column][1](videos[i]));
    if (x == null || y == null) return (x == null) - (y == null);  // absent values last, both ways
    const less = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
    return order.down ? -less : less;
  };
  const draw_table = () => {
    const wanted = $("filter").value.toLowerCase(), only = $("only").checked;
    const rows = videos.map((_, i) => i).filter((i) => {
      const video = videos[i];
      return video.name.toLowerCase().includes(wanted) &&
        (!only || problems(video) + suspicious(video) + (video.damaged || 0) + (video.missing || 0) > 0);
    }).sort(compare);
    const body = $("videos").tBodies[0];
    body.replaceChildren();
    for (const i of rows.slice(0, order.shown)) {
      const video = videos[i], row = put(body, "tr");
      COLUMNS.forEach(([label, value, format, mood], column) => {
        const x = value(video);
        const cell = put(row, "td", { "data-label": label });
        if (column === 0) {
          put(cell, "a", { href: `#${i}` }, x);
          for (const problem of video.problems || []) put(cell, "span", { class: "state" }, problem);
          return;
        }
        cell.textContent = x == null ? "–" : format ? format(x) : x.toLocaleString("en");
        if (mood && x != null) cell.className = x > 0 ? mood : "zero";
      });
    }
    $("shown").textContent = rows.length === videos.length ? "" : `${rows.length} of ${plural(videos.length, "video")}`;
    $("more").hidden = rows.length <= order.shown;
    $("more").textContent = `Show ${Math.min(PAGE, rows.length - order.shown)} more of ${rows.length}`;
    $("videos").tHead.querySelectorAll("th").forEach((head, i) => {
      if (i === order.column) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  };
  const make_overview = () => {
    $("overview-title").textContent = plural(videos.length, "video");
    const total = (key) => sum(videos.map((video) => video[key]));
    const failed = videos.filter(problems).length, moments = sum(videos.map(suspicious));
    facts($("totals"), [
      ["Duration", total("duration") > 0 ? clock(total("duration")) : null],
      ["Frames", total("frames").toLocaleString("en")],
      ["People in frames", total("people").toLocaleString("en")],
      ["Tracks", total("tracks") ? total("tracks").toLocaleString("en") : null],
      ["Moments", moments.toLocaleString("en"), moments ? "warn" : ""],
      ["Damaged frames", total("damaged").toLocaleString("en"), total("damaged") ? "warn" : ""],
      ["Missing frames", total("missing").toLocaleString("en"), total("missing") ? "bad" : ""],
      ["Videos with problems", failed.toLocaleString("en"), failed ? "bad" : ""],
    ]);
    COLUMNS.forEach(([label], i) => {
      const head = put($("videos").tHead.rows[0], "th", { scope: "col" });
      put(head, "button", { type: "button" }, label).addEventListener("click", () => {
        order.down = order.column === i ? !order.down : i !== 0;
        order.column = i;
        draw_table();
      });
    });
    for (const id of ["filter", "only"]) {
      $(id).addEventListener("input", () => { order.shown = PAGE; draw_table(); });
    }
    document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
    $("more").addEventListener("click", () => { order.shown += PAGE; draw_table(); });
    draw_table();
  };

  // ---- one video: curves and tracks over its frames ---------------------------------------------

  let video = null, part = 0, place = null;  // the part of the curves at the cursor; x of a frame

  const LEFT = 40, RIGHT = 8, PANEL = 84, GAP = 30;
  const panel = (svg, top, width, caption, values, limit, classes, format) => {
    put(svg, "text", { x: LEFT, y: top - 8, class: "caption" }, caption);
    const y = (value) => top + PANEL * (1 - value / limit);
    for (const value of [0, limit / 2, limit]) {
      put(svg, "line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: "grid" });
      put(svg, "text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, format(value));
    }
    values.forEach((series, i) => {
      let path = "", area = "", start = null, last = null;
      const close = () => { if (start != null) area += `L${last} ${y(0)}L${start} ${y(0)}Z`; start = null; };
      series.forEach((value, k) => {
        const x = place(video.curves.frame[k]).toFixed(1);
        if (value == null) { close(); return; }
        const point = `${start == null ? "M" : "L"}${x} ${y(Math.min(value, limit)).toFixed(1)}`;
        path += point; area += point;
        if (start == null) { start = x; path += "h0.01"; }
        last = x;
      });
      close();
      if (classes[i] === "people") put(svg, "path", { d: area, class: "area" });
      put(svg, "path", { d: path, class: classes[i] });
    });
  };
  const nice = (value) => {
    const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
    return [1, 1.2, 1.6, 2, 4, 6, 8, 10].find((factor) => factor * power >= value) * power;
  };
  const largest = (list) => list.reduce((most, value) => Math.max(most, value == null ? 0 : value), 0);

  const draw_course = () => {
    const curves = video.curves, box = $("course");
    const width = Math.max(260, box.clientWidth - 26);
    const [first, last] = video.range;
    place = (frame) => LEFT + (width - LEFT - RIGHT) * (frame - first) / Math.max(1, last - first);
    const tracks = video.longest_tracks;
    const panels = [["People per frame", [curves.people], Math.max(2, nice(largest(curves.people))), ["people"],
      (x) => (Number.isInteger(x) ? x : x.toFixed(1))]];
    if (largest(curves.score) > 0) {
      panels.push(["Score: mean and lowest", [curves.lowest, curves.score], Math.max(1, nice(largest(curves.score))),
        ["lowest", "score"], (x) => x.toFixed(1)]);
    }
    if (largest(curves.motion) > 0) {
      panels.push(["Fastest track, diagonals per s", [curves.motion], nice(largest(curves.motion)), ["motion"],
        (x) => (x < 10 && !Number.isInteger(x) ? x.toFixed(1) : x)]);
    }
    const rows = tracks.length, row = 14, strip = 22;
    const bottom = panels.length * (PANEL + GAP), below = bottom + strip + (rows ? 26 + rows * row : 0) + 22;
    box.replaceChildren();
    const svg = put(box, "svg", { viewBox: `0 0 ${width} ${below}`, height: below, role: "img", "aria-label":
      "Curves over time; the slider below reads them" });
    panels.forEach((one, i) => panel(svg, GAP - 8 + i * (PANEL + GAP), width, ...one));
    const top = bottom + 6;
    for (const kind of ["damaged", "missing"]) {
      for (const [from, to] of video[`${kind}_spans`]) {
        const x = place(from), bar = put(svg, "rect", { x, y: top, width: Math.max(2, place(to) - x), height: 8, class: kind });
        put(bar, "title", {}, `${KINDS[kind][0]}: frames ${from} to ${to}`);
      }
    }
    for (const moment of video.moments) {
      if (!SUSPICIOUS.includes(moment.kind)) continue;
      const x = place(moment.frame), y = top + 2;
      put(put(svg, "path", { d: `M${x - 4} ${y + 8}L${x} ${y}L${x + 4} ${y + 8}Z`, class: "mark" }), "title", {},
        `${KINDS[moment.kind][0]}, frame ${moment.frame}`);
    }
    if (rows) {
      const head = video.tracks > rows ? `Tracks: the ${rows} longest of ${video.tracks}` : "Tracks";
      put(svg, "text", { x: LEFT, y: top + strip + 10, class: "caption" }, head);
      tracks.forEach((track, i) => {
        const y = top + strip + 18 + i * row;
        put(svg, "text", { x: LEFT - 6, y: y + 10, "text-anchor": "end" }, track.id);
        for (const [from, to] of track.spans) {
          const x = place(from), bar = put(svg, "rect", { x, y, rx: 2, width: Math.max(2, place(to) - x), height: row - 3,
            class: i % 2 ? "bar odd" : "bar" });
          put(bar, "title", {}, `track ${track.id}: frames ${from} to ${to}, mean score ${digits(track.score, 2)}`);
        }
      });
    }
    for (const cut of video.cuts) {
      put(put(svg, "line", { x1: place(cut), x2: place(cut), y1: GAP - 8, y2: below - 20, class: "cut" }), "title", {}, `cut at frame ${cut}`);
    }
    const ticks = Math.max(2, Math.min(8, Math.floor(width / 130)));
    for (let i = 0; i <= ticks; ++i) {
      const frame = first + (last - first) * i / ticks;
      const part_at = Math.min(curves.frame.length - 1, Math.round(i / ticks * (curves.frame.length - 1)));
      const words = curves.time.length ? clock(curves.time[part_at], video.duration < 10 ? 1 : 0) : String(Math.round(frame));
      put(svg, "text", { x: place(frame), y: below - 6, "text-anchor": i === 0 ? "start" : i === ticks ? "end" : "middle" }, words);
    }
    put(svg, "line", { id: "cursor-line", class: "cursor-line", y1: GAP - 8, y2: below - 20 });
    const follow = (event) => {
      const bounds = svg.getBoundingClientRect(), x = (event.clientX - bounds.left) * width / bounds.width;
      const share = (x - LEFT) / (width - LEFT - RIGHT);
      move_cursor(Math.round(share * (curves.frame.length - 1)));
    };
    svg.addEventListener("pointermove", follow);
    svg.addEventListener("pointerdown", follow);
    move_cursor(part);
  };
  const move_cursor = (to) => {
    const curves = video.curves, line = $("cursor-line");
    part = Math.max(0, Math.min(curves.frame.length - 1, to));
    $("cursor").value = part;
    const x = place(curves.frame[part]);
    if (line) { line.setAttribute("x1", x); line.setAttribute("x2", x); }
    const words = [`frame ${curves.frame[part]}`];
    if (curves.time.length) words.unshift(clock(curves.time[part], 2));
    words.push(curves.people[part] == null ? "missing" : `people ${curves.people[part]}`);
    if (curves.score[part] != null) words.push(`score ${digits(curves.score[part], 2)} (lowest ${digits(curves.lowest[part], 2)})`);
    if (curves.motion[part] != null) words.push(`fastest ${digits(curves.motion[part], 1)}/s`);
    $("readout").textContent = words.join(" · ");
    $("cursor").setAttribute("aria-valuetext", words.join(", "));
  };
  const cursor_to_frame = (frame) => {
    const starts = video.curves.frame;
    let found = 0;
    while (found + 1 < starts.length && starts[found + 1] <= frame) ++found;
    move_cursor(found);
  };

  // ---- stills and moments -----------------------------------------------------------------------

  let shown = [], current = 0, opener = null;  // of the viewer: [file, text, frame]
  const view = (i) => {
    current = (i + shown.length) % shown.length;
    const [file, text, frame] = shown[current];
    $("viewer-image").hidden = !file;
    if (file) $("viewer-image").src = still(file);
    $("viewer-image").alt = text;
    $("viewer-text").textContent = `${text} (${current + 1} of ${shown.length})`;
    cursor_to_frame(frame);
    if (!$("viewer").open) { opener = document.activeElement; $("viewer").showModal(); }
  };
  const picture = (parent, file, alt) => put(parent, "img", { src: still(file), alt, loading: "lazy", decoding: "async" });

  const make_stills = () => {
    const list = video.stills || [];
    $("stills-section").hidden = list.length === 0;
    $("stills").replaceChildren();
    list.forEach((one, i) => {
      const button = put($("stills"), "button", { type: "button", class: "still" });
      picture(button, one.file, `frame ${one.frame}`);
      put(button, "span", {}, `frame ${one.frame}`);
      button.addEventListener("click", () => {
        shown = list.map((s) => [s.file, `Frame ${s.frame}`, s.frame]);
        view(i);
      });
    });
  };
  const make_moments = () => {
    const kinds = Object.keys(KINDS).filter((kind) => (video.counts || {})[kind] > 0);
    let chosen = null;
    $("kinds").replaceChildren();
    const cards = () => {
      const list = video.moments.filter((m) => chosen == null || m.kind === chosen);
      const words = (m) => `${KINDS[m.kind][0]}: ${KINDS[m.kind][1](m)}, ${at(video, m)}`;
      const pictures = video.moments.some((m) => m.file);
      $("moments").replaceChildren();
      list.forEach((moment, i) => {
        const card = put(put($("moments"), "li"), "button", { type: "button", class: "card", "data-kind": moment.kind });
        if (moment.file) picture(card, moment.file, words(moment));
        else if (pictures) put(card, "span", { class: "blank" }, moment.kind === "missing" ? "no picture: missing" : "no picture");
        const text = put(card, "div");
        put(text, "b", {}, KINDS[moment.kind][0]);
        put(text, "span", {}, KINDS[moment.kind][1](moment));
        put(text, "span", {}, at(video, moment));
        card.addEventListener("click", () => {
          shown = list.map((m) => [m.file, words(m), m.frame]);
          view(i);
        });
      });
      const hidden = sum(kinds.filter((k) => chosen == null || k === chosen).map((k) => video.counts[k])) - list.length;
      $("moments-note").textContent = kinds.length === 0 ? "None found." :
        hidden > 0 ? `The most severe of each kind; ${hidden.toLocaleString("en")} more are counted, but not shown.` : "";
    };
    const chip = (kind, words) => {
      const button = put($("kinds"), "button", { type: "button", "aria-pressed": kind === chosen }, words);
      button.addEventListener("click", () => {
        chosen = kind;
        for (const one of $("kinds").children) one.setAttribute("aria-pressed", one === button);
        cards();
      });
    };
    if (kinds.length > 1) chip(null, "All");
    if (kinds.length > 0) kinds.forEach((kind) => chip(kind, `${KINDS[kind][0]} ${video.counts[kind].toLocaleString("en")}`));
    cards();
  };
  const make_speed = () => {
    const box = $("speed"), seconds = Object.entries(video.seconds || {}).filter(([, s]) => s > 0);
    $("speed-section").hidden = seconds.length === 0;
    box.replaceChildren();
    if (seconds.length === 0) return;
    const total = cpu(video), colours = ["people", "score", "motion", "warn", "cut", "bad", "quiet"];
    const words = [`${digits(total, 1)} s of CPU time`, `${digits(rate(video), 1)} people per CPU second`,
      `${digits(video.frames / total, 1)} frames per CPU second`];
    put(box, "p", {}, words.join(" · "));
    const stack = put(box, "div", { class: "stack" }), legend = put(box, "div", { class: "legend" });
    seconds.forEach(([stage, value], i) => {
      const colour = `background: var(--${colours[i % colours.length]})`;
      put(stack, "i", { style: `${colour}; flex: ${value} 0 0`, title: stage });
      const entry = put(legend, "span");
      put(entry, "i", { style: colour });
      entry.append(`${stage} ${digits(value, 2)} s`);
    });
  };

  const show_video = (index) => {
    video = videos[index];
    part = 0;
    document.title = `${video.name} – vremd report`;
    $("name").textContent = video.name;
    $("problems").replaceChildren();
    for (const problem of video.problems || []) put($("problems"), "li", {}, problem);
    const many = videos.length > 1;
    document.querySelector(".back").hidden = !many;
    $("previous").href = `#${(index + videos.length - 1) % videos.length}`;
    $("next").href = `#${(index + 1) % videos.length}`;
    const readable = video.frames > 0, found = suspicious(video);
    for (const id of ["stills-section", "course-section", "moments-section", "speed-section"]) $(id).hidden = !readable;
    facts($("facts"), !readable ? [["Frames", "0"]] : [
      ["Duration", video.duration == null ? null : clock(video.duration, video.duration < 60 ? 2 : 0)],
      ["Frames", video.frames.toLocaleString("en")],
      ["Size", video.width > 0 ? `${video.width} × ${video.height}` : null],
      ["Frames per second", video.fps == null ? null : String(video.fps)],
      ["People per frame", `${digits(video.people / video.frames, 1)} (≤ ${video.most_people})`],
      ["Tracks", video.tracks ? video.tracks.toLocaleString("en") : null],
      ["Median score", digits(video.score, 2)],
      ["Cuts", video.cuts.length.toLocaleString("en")],
      ["Damaged frames", video.damaged.toLocaleString("en"), video.damaged ? "warn" : ""],
      ["Missing frames", video.missing.toLocaleString("en"), video.missing ? "bad" : ""],
      ["Moments", found.toLocaleString("en"), found ? "warn" : ""],
    ]);
    facts($("made"), [
      ["Records", video.records],
      ["Tool", [video.tool, ...(video.from || [])].filter(Boolean).join(", from ")],
      ["Joints", video.joints],
      ["Model", video.model],
      ["Settings", video.settings && JSON.stringify(video.settings, null, 1).replace(/[{}"\n]/g, "").trim()],
    ]);
    $("overview").hidden = true;
    $("video").hidden = false;
    if (!readable) return;
    $("cursor").max = video.curves.frame.length - 1;
    make_stills();
    draw_course();
    make_moments();
    make_speed();
  };

  // ---- the page ---------------------------------------------------------------------------------

  const route = (event) => {
    const wanted = location.hash.slice(1), index = Number(wanted);
    if (wanted === "main") return;
    if ($("viewer").open) $("viewer").close();
    const is_video = wanted !== "" && Number.isInteger(index) && index >= 0 && index < videos.length;
    if (is_video || videos.length === 1) {
      show_video(is_video ? index : 0);
      if (event) { scrollTo(0, 0); $("name").focus(); }
      return;
    }
    document.title = "vremd report";
    $("video").hidden = true;
    $("overview").hidden = false;
  };
  const dark = () => {
    const set = document.documentElement.dataset.theme;
    return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const name_theme = () => { $("theme").textContent = dark() ? "Light" : "Dark"; };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name_theme);
  $("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    name_theme();
  });
  $("cursor").addEventListener("input", () => move_cursor(Number($("cursor").value)));
  $("viewer-close").addEventListener("click", () => $("viewer").close());
  $("viewer-previous").addEventListener("click", () => view(current - 1));
  $("viewer-next").addEventListener("click", () => view(current + 1));
  $("viewer").addEventListener("click", (event) => { if (event.target === $("viewer")) $("viewer").close(); });
  $("viewer").addEventListener("close", () => { if (opener) opener.focus(); });
  $("viewer").addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") view(current - 1);
    else if (event.key === "ArrowRight") view(current + 1);
  });
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => { if (video && video.frames > 0 && !$("video").hidden) draw_course(); });
  });
  addEventListener("hashchange", route);
  $("footer").textContent = `Made by ${data.version}. This page loads nothing from the network.`;
  name_theme();
  make_overview();
  route(null);
})();
